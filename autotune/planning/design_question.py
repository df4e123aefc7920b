"""What a design is asked for, and where each of its numbers comes from."""

from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction

from autotune import checks
from autotune.architecture.divisors import Divisors
from autotune.errors import InputError
from autotune.laws.fitted_shape import FittedShape
from autotune.laws.sparse_shape import SCALES, Origin
from autotune.planning.head_schedule import Heads
from autotune.planning.head_sharing import Sharing
from autotune.types import Interval

PAPER_RANGE = (SCALES[0].flops, SCALES[-1].flops)
PAPER_VOCABULARY = 152_064
PAPER_DENSE_RATIO = 3.0
MOST_PARTS = 8
"""A dense layer is p/q as wide as the model, with q up to this: hidden sizes are multiples of q."""
ROUNDING = 2e-3
"""How far a ratio as typed, 2.667 for example, may be off that."""
BUDGETS = (1e12, 1e30)
"""Below, no model has two layers; above, M/N_a has no digits left that differ from 6."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnLaws:
    """Laws of the best shape that a team fitted to its own runs.

    Attributes:
        name: What the fit is called.
        shape: The laws.
        source: The runs, in one line.
    """

    name: str
    shape: FittedShape
    source: str

    @property
    def origin(self) -> str:
        """What a figure of them says it is from."""
        return f"{Origin.FIT} {self.name}"


class WidthRule(StrEnum):
    """What chooses the hidden size."""

    RATIO = "ratio"  # active experts `laws.sparse_shape.WIDTH_RATIO` times as wide as the model
    SWEEP = "sweep"  # the middle of the paper's sweeps


@dataclass(frozen=True, slots=True, kw_only=True)
class DesignQuestion:
    """A budget, and what is held fixed.

    Attributes:
        flops: C, training FLOPs, embeddings and output head not counted.
        n_experts: Routed experts per layer.
        top_k: Routed experts that a token goes to.
        n_shared: Experts that every token goes to.
        seq_len: Tokens of a sequence.
        vocabulary: Rows of the embedding.
        heads: Attention heads; None for the schedule.
        sharing: How the heads of the schedule share keys and values.
        dense_ratio: Width of a dense layer over the hidden size; None for that of `own`, or else 3.
        width_rule: What chooses the hidden size; None for the law of `own`, or else `RATIO`.
        own: Laws in place of the paper's, None for its own.
        divisors: What whole numbers must divide by.
        max_total: Most parameters in all, embeddings included; None for no limit.
    """

    flops: float
    n_experts: int = 288
    top_k: int = 8
    n_shared: int = 1
    seq_len: int = 8192
    vocabulary: int = PAPER_VOCABULARY
    heads: Heads | None = None
    sharing: Sharing = field(default_factory=Sharing)
    dense_ratio: float | None = None
    width_rule: WidthRule | None = None
    own: OwnLaws | None = None
    divisors: Divisors = field(default_factory=Divisors)
    max_total: float | None = None

    def __post_init__(self) -> None:
        """Refuse what is no budget or no cap."""
        checks.positive("flops", self.flops, hint="A budget is in FLOPs, not FLOP/s.")
        if not BUDGETS[0] <= self.flops <= BUDGETS[1]:
            raise InputError(
                f"a design is of {BUDGETS[0]:g} to {BUDGETS[1]:g} FLOPs, not of {self.flops:g}; "
                "its laws were fitted on {:g} to {:g}.".format(*self.fitted_range)
            )
        checks.at_least("vocabulary", self.vocabulary, 1, hint="Rows of the embedding.")
        if self.max_total is not None:
            checks.positive("max_total", self.max_total, hint="Leave it out for no limit.")
        if self.dense <= 0 or abs(float(self.dense) - self._asked_dense) > ROUNDING:
            raise InputError(
                f"dense_ratio {self._asked_dense:g}: dense layers are p/q times as wide as the "
                f"model, with q up to {MOST_PARTS}, as 3, 5/2 or 8/3. "
                f"Near is {max(self.dense, Fraction(1, MOST_PARTS))}."
            )

    @property
    def _asked_dense(self) -> float:
        if self.dense_ratio is not None:
            return self.dense_ratio
        return PAPER_DENSE_RATIO if self.own is None else self.own.shape.dense_ratio

    @property
    def dense(self) -> Fraction:
        """Width of a dense layer over the hidden size."""
        return Fraction(self._asked_dense).limit_denominator(MOST_PARTS)

    @property
    def hidden_step(self) -> int:
        """Hidden sizes are multiples of it, so that dense layers are as whole as they are."""
        return self.divisors.width_step * self.dense.denominator

    @property
    def fitted_range(self) -> Interval:
        """The budgets that the laws were fitted on."""
        return PAPER_RANGE if self.own is None else self.own.shape.flops


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One number of a design.

    Attributes:
        name: What it is.
        value: Itself.
        rule: The formula or the choice behind it.
        origin: Whose rule it is: an `Origin`, or `fit NAME`.
        source: Where that is written; empty for a choice of the user or of ours.
        interval: Limits by the draws of a fit, None without one.
        band: Between what values the loss is near its least, None where nothing says.
        best: Where it is least, which a cap may keep `value` from; None without a band.
    """

    name: str
    value: float
    rule: str
    origin: str
    source: str = ""
    interval: Interval | None = None
    band: Interval | None = None
    best: float | None = None
