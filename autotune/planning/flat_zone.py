"""Where a released model lies in (M/N_a, N/N_a), beside the zone of flat loss."""

from dataclasses import dataclass
from enum import StrEnum

from autotune.architecture.conventions import CONVENTIONS, counted
from autotune.architecture.count import total
from autotune.architecture.flops import per_token
from autotune.architecture.shape import Architecture
from autotune.errors import InputError
from autotune.laws.sparse_shape import FLAT_EXPANSION, SHAPE_LAWS


class Side(StrEnum):
    """On which side of an interval a value lies."""

    SHORT = "short of"
    INSIDE = "inside"
    PAST = "past"


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """A model by the paper's ratios, in its convention.

    Attributes:
        flops_per_token: M.
        n_active: N_a.
        n_total: N.
        max_expansion: The N/N_a that its experts could have at most.
        width_ratio: (K + shared) d_m / d.
        flops: C = M D of its training, None where its tokens were not published.
        advised_density: M/N_a that the re-fitted law has at that budget, None likewise.
    """

    flops_per_token: float
    n_active: int
    n_total: int
    max_expansion: float
    width_ratio: float
    flops: float | None
    advised_density: float | None

    @property
    def density(self) -> float:
        """M/N_a."""
        return self.flops_per_token / self.n_active

    @property
    def expansion(self) -> float:
        """N/N_a."""
        return self.n_total / self.n_active

    @property
    def side(self) -> Side:
        """Where N/N_a lies beside its flat zone, 18 to 25."""
        low, high = FLAT_EXPANSION
        if low <= self.expansion <= high:
            return Side.INSIDE
        return Side.SHORT if self.expansion < low else Side.PAST


def place(model: Architecture, *, seq_len: int, tokens: float | None) -> Placement:
    """Place a model, counted as the paper counts; attention is taken to be full in every layer.

    Args:
        model: A sparse model.
        seq_len: Tokens of a sequence.
        tokens: What it was trained on, None if that was not published.

    Raises:
        InputError: If it is dense.
    """
    experts = model.experts
    if experts is None:
        raise InputError(f"{model.name} is dense, so that N/N_a is 1. Name a sparse model.")
    convention = CONVENTIONS["holistic"]
    n = total(counted(model, convention))
    m = per_token(model, convention, seq_len=seq_len).training
    flops = None if tokens is None else m * tokens
    used = experts.top_k + experts.n_shared
    return Placement(
        flops_per_token=m,
        n_active=n.active,
        n_total=n.total,
        max_expansion=(experts.n_experts + experts.n_shared) / used,
        width_ratio=used * experts.width / model.d_model,
        flops=flops,
        advised_density=None if flops is None else float(SHAPE_LAWS["density"].value(flops)),
    )
