"""How many attention heads of what size a budget gets."""

from dataclasses import dataclass, replace

from autotune.architecture.attention import GroupedQuery
from autotune.architecture.sparse_constants import SparseConstants
from autotune.architecture.triad import Triad
from autotune.architecture.triad_inverse import depth, width_of_ratio
from autotune.errors import InputError
from autotune.laws.sparse_shape import SCALES, WIDTH_RATIO, Origin, Scale, nearest_scale

SLENDEREST = 70
"""Least hidden size over layers of a design beyond the paper's range. One doubling of heads makes
it 2.8 times as large, so that designs have 70 to 198; the paper's largest scale has 118, as
DeepSeek-V3 and Kimi-K2 have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heads:
    """Query heads and their size, two for each head of keys and values.

    Attributes:
        n_heads: Query heads.
        head_dim: Size of a head.
        origin: Whose choice it is.
        rule: The choice in words.
        queries_per_kv: Query heads that share one of keys and values.
    """

    n_heads: int
    head_dim: int
    origin: str
    rule: str
    queries_per_kv: int = 2

    @property
    def attention(self) -> GroupedQuery:
        """The attention of a layer."""
        return GroupedQuery(
            n_heads=self.n_heads,
            n_kv_heads=max(1, self.n_heads // self.queries_per_kv),
            head_dim=self.head_dim,
        )


def given(n_heads: int, head_dim: int) -> Heads:
    """Heads that the user chose.

    Raises:
        InputError: If two query heads cannot share one of keys and values.
    """
    if head_dim < 1 or n_heads < 1 or (n_heads > 1 and n_heads % 2):
        raise InputError(
            f"{n_heads}x{head_dim} is no choice of heads: query heads come in pairs that share "
            "keys and values, or there is one; write 16x128."
        )
    return Heads(
        n_heads=n_heads, head_dim=head_dim, origin=Origin.GIVEN, rule=f"{n_heads}x{head_dim}"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """Heads by budget.

    Attributes:
        scales: Those of each budget, least first.
        whose: How a rule calls them.
        origin: Whose choice they are.
    """

    scales: tuple[Scale, ...] = SCALES
    whose: str = "the paper's"
    origin: str = Origin.PAPER

    def at(self, flops: float) -> Heads:
        """The heads of the nearest budget."""
        scale = nearest_scale(flops, self.scales)
        return Heads(
            n_heads=scale.n_heads, head_dim=scale.head_dim, origin=self.origin,
            rule=f"{self.whose} at {scale.flops:g} FLOPs", queries_per_kv=scale.queries_per_kv,
        )  # fmt: skip


PAPER = Schedule()


def scheduled(
    flops: float, triad: Triad, *, constants: SparseConstants, schedule: Schedule = PAPER
) -> Heads:
    """The heads of a schedule in its range; beyond, the fewest that leave a hidden size of 70 L.

    Inside, and below it, the heads are those of the nearest of its budgets. Beyond its largest
    they double from those there, which halves the layers, until that holds.

    Args:
        flops: The budget C.
        triad: What the model has to cost.
        constants: What is held fixed; its attention is not read.
        schedule: The paper's, or that of the runs of a fit.
    """
    heads = schedule.at(flops)
    if flops <= schedule.scales[-1].flops:
        return heads
    while _slenderness(triad, heads, constants) < SLENDEREST:
        heads = replace(
            heads, n_heads=2 * heads.n_heads, origin=Origin.OURS,
            rule=f"doubled from {schedule.whose} largest until d is at least {SLENDEREST} L",
        )  # fmt: skip
    return heads


def _slenderness(triad: Triad, heads: Heads, constants: SparseConstants) -> float:
    """Hidden size over layers."""
    held = replace(constants, attention=heads.attention)
    return float(width_of_ratio(triad, WIDTH_RATIO, constants=held) / depth(triad, held))
