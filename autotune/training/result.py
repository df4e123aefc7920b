"""What a token budget ended in: a loss, or why there is none; and what was learned until then."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any


class RunState(StrEnum):
    """How a budget ended."""

    COMPLETED = "completed"
    DIVERGED = "diverged"
    OUT_OF_MEMORY = "out of memory"
    TIMEOUT = "timeout"
    INTERRUPTED = "interrupted"
    UNSAVED = "unsaved"
    """It has a loss that could not be written to its folder."""


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """A point of the learning curve: the mean training loss since the last one.

    Attributes:
        step: Steps done.
        tokens: Tokens seen.
        loss: Nats per token.
    """

    step: int
    tokens: int
    loss: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What reaching a budget cost, its share of the trunk included.

    Attributes:
        seconds: Wall time.
        cpu_seconds: Of all threads of the process.
        peak_bytes: Largest memory so far: of the device on CUDA, of the process on CPU.
    """

    seconds: float
    cpu_seconds: float
    peak_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """What was trained.

    Attributes:
        n_active: Active parameters in matrices of the layers; embedding and head are not counted.
        n_total: The same of all experts.
        n_params: Every parameter.
        flops_per_token: Exact training FLOPs of matrix products and of the scores a causal mask
            shows; of the user's own module without scores where a warning says so.
        n_experts: Routed experts, None for a dense model.
        top_k: Routed experts that a token goes to.
        granularity: 4 d_model / width of an expert.
    """

    n_active: int
    n_total: int
    n_params: int
    flops_per_token: float
    n_experts: int | None = None
    top_k: int | None = None
    granularity: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunResult:
    """One token budget of a run.

    Attributes:
        state: How it ended.
        detail: One line for people; empty if it completed.
        tokens: Tokens trained on, up to where it ended.
        budget: Tokens asked for.
        steps: Steps done.
        loss: On the validation windows, nats per token; None unless completed or unsaved.
        bits_per_byte: The same per byte of text; None also where bytes are not known.
        size: What was trained.
        cost: What it cost.
        curve: Training loss.
        expert_load: Tokens that each expert of each layer got over the mean, validation windows.
        warnings: What to know before the loss is used.
        facts: Seed, settings, corpus, environment.
    """

    state: RunState
    detail: str = ""
    tokens: int
    budget: float
    steps: int
    loss: float | None = None
    bits_per_byte: float | None = None
    size: Size
    cost: Cost
    curve: tuple[CurvePoint, ...] = ()
    expert_load: tuple[tuple[float, ...], ...] = ()
    warnings: tuple[str, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def flops(self) -> float:
        """Exact training FLOPs, without those of the optimizer."""
        return self.size.flops_per_token * self.tokens

    @property
    def flops_6nd(self) -> float:
        """6 n_active tokens."""
        return 6.0 * self.size.n_active * self.tokens

    def to_json(self) -> dict[str, Any]:
        """As plain data."""
        curve = [[point.step, point.tokens, point.loss] for point in self.curve]
        return asdict(self) | {
            "state": str(self.state), "curve": curve, "flops": self.flops,
            "flops_6nd": self.flops_6nd,
        }  # fmt: skip


def from_json(record: Mapping[str, Any]) -> RunResult:
    """Read a result back.

    Raises:
        KeyError, TypeError, ValueError: If `to_json` did not write it.
    """
    values = {key: value for key, value in record.items() if key not in ("flops", "flops_6nd")}
    return RunResult(
        **values
        | {
            "state": RunState(record["state"]),
            "size": Size(**record["size"]),
            "cost": Cost(**record["cost"]),
            "curve": tuple(CurvePoint(*point) for point in record["curve"]),
            "expert_load": tuple(tuple(row) for row in record["expert_load"]),
            "warnings": tuple(record["warnings"]),
        }
    )
