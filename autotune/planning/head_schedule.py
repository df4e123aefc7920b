"""How many attention heads of what size a budget gets."""

from dataclasses import dataclass, field, replace

from autotune.architecture.attention import Attention, GroupedQuery, Latent
from autotune.architecture.sparse_constants import SparseConstants
from autotune.architecture.triad import Triad
from autotune.architecture.triad_inverse import depth, width_of_ratio
from autotune.errors import InputError
from autotune.laws.sparse_shape import SCALES, WIDTH_RATIO, Origin, Scale, nearest_scale
from autotune.planning.head_sharing import LatentRanks, Sharing

SLENDEREST = 70
"""Least hidden size over layers of a design beyond the paper's range. One doubling of heads makes
it 2.8 times as large, so that designs have 70 to 198; the paper's largest scale has 118, as
DeepSeek-V3 and Kimi-K2 have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heads:
    """Query heads, their size, and how they share keys and values.

    Attributes:
        n_heads: Query heads.
        head_dim: Size of a head; of a latent one, of its value and its part without positions.
        origin: Whose choice it is.
        rule: The choice in words.
        queries_per_kv: Query heads that share one of keys and values.
        latent: Ranks of latent attention, None for grouped-query attention.
    """

    n_heads: int
    head_dim: int
    origin: str
    rule: str
    queries_per_kv: int = 2
    latent: LatentRanks | None = None

    def __post_init__(self) -> None:
        """Refuse groups that the heads do not fill."""
        groups = self.queries_per_kv
        if self.latent is None and (groups < 1 or self.n_heads % groups):
            raise InputError(
                f"{self.n_heads} query heads cannot share keys and values {groups} by {groups}. "
                "Give a divisor of the heads, or other heads."
            )

    @property
    def attention(self) -> Attention:
        """The attention of a layer."""
        if self.latent is None:
            return GroupedQuery(
                n_heads=self.n_heads, n_kv_heads=self.n_heads // self.queries_per_kv,
                head_dim=self.head_dim,
            )  # fmt: skip
        return Latent(
            n_heads=self.n_heads, q_rank=self.latent.q_rank, kv_rank=self.latent.kv_rank,
            nope_dim=self.head_dim, rope_dim=self.latent.rope_dim, value_dim=self.head_dim,
        )  # fmt: skip

    @property
    def wider_scores(self) -> float:
        """FLOPs of attention scores beside those of grouped-query heads of this number and size."""
        return self.attention.score_width / (2 * self.n_heads * self.head_dim)


def given(n_heads: int, head_dim: int, *, sharing: Sharing = Sharing()) -> Heads:  # noqa: B008 - frozen
    """Heads that the user chose; unless `sharing` says otherwise, two share keys and values.

    Raises:
        InputError: If they cannot share them so.
    """
    groups = sharing.queries_per_kv or min(2, n_heads)
    paired = sharing == Sharing() and n_heads > 1 and n_heads % 2
    if head_dim < 1 or n_heads < 1 or paired:
        raise InputError(
            f"{n_heads}x{head_dim} is no choice of heads: query heads come in pairs that share "
            "keys and values, or there is one; write 16x128."
        )
    return Heads(
        n_heads=n_heads, head_dim=head_dim, origin=Origin.GIVEN, rule=f"{n_heads}x{head_dim}",
        queries_per_kv=groups, latent=sharing.latent,
    )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """Heads by budget.

    Attributes:
        scales: Those of each budget, least first.
        whose: How a rule calls them.
        origin: Whose choice they are.
        sharing: How they share keys and values, in place of what the scales say.
    """

    scales: tuple[Scale, ...] = SCALES
    whose: str = "the paper's"
    origin: str = Origin.PAPER
    sharing: Sharing = field(default_factory=Sharing)

    def at(self, flops: float) -> Heads:
        """The heads of the nearest budget."""
        scale = nearest_scale(flops, self.scales)
        return Heads(
            n_heads=scale.n_heads, head_dim=scale.head_dim, origin=self.origin,
            rule=f"{self.whose} at {scale.flops:g} FLOPs",
            queries_per_kv=self.sharing.queries_per_kv or scale.queries_per_kv,
            latent=self.sharing.latent,
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
