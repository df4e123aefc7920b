"""How many attention heads of what size a budget gets."""

from dataclasses import dataclass, replace

from autotune.architecture.attention import GroupedQuery
from autotune.architecture.sparse_constants import SparseConstants
from autotune.architecture.triad import Triad
from autotune.architecture.triad_inverse import depth, width_of_ratio
from autotune.errors import InputError
from autotune.laws.sparse_shape import SCALES, WIDTH_RATIO, Origin, nearest_scale

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
    """

    n_heads: int
    head_dim: int
    origin: Origin
    rule: str

    @property
    def attention(self) -> GroupedQuery:
        """The attention of a layer."""
        return GroupedQuery(
            n_heads=self.n_heads, n_kv_heads=max(1, self.n_heads // 2), head_dim=self.head_dim
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


def scheduled(flops: float, triad: Triad, *, constants: SparseConstants) -> Heads:
    """The paper's heads inside its range; beyond, the fewest that leave a hidden size of 70 L.

    Inside, and below it, the heads are those of the nearest of its six scales. Beyond 3e20 FLOPs
    they double from its largest, 16 of 128, which halves the layers, until that holds.

    Args:
        flops: The budget C.
        triad: What the model has to cost.
        constants: What is held fixed; its attention is not read.
    """
    scale = nearest_scale(flops)
    heads = Heads(
        n_heads=scale.n_heads, head_dim=scale.head_dim, origin=Origin.PAPER,
        rule=f"the paper's at {scale.flops:g} FLOPs",
    )  # fmt: skip
    if flops <= SCALES[-1].flops:
        return heads
    while _slenderness(triad, heads, constants) < SLENDEREST:
        heads = Heads(
            n_heads=2 * heads.n_heads, head_dim=heads.head_dim, origin=Origin.OURS,
            rule=f"doubled from the paper's largest until d is at least {SLENDEREST} L",
        )  # fmt: skip
    return heads


def _slenderness(triad: Triad, heads: Heads, constants: SparseConstants) -> float:
    """Hidden size over layers."""
    held = replace(constants, attention=heads.attention)
    return float(width_of_ratio(triad, WIDTH_RATIO, constants=held) / depth(triad, held))
