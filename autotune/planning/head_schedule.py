"""How many attention heads of what size a budget gets."""

from dataclasses import dataclass, replace

from autotune.architecture.attention import GroupedQuery
from autotune.architecture.sparse_constants import SparseConstants
from autotune.architecture.triad import Triad
from autotune.architecture.triad_inverse import depth
from autotune.errors import InputError
from autotune.laws.sparse_shape import SCALES, Origin, nearest_scale

DEEPEST = 64
"""Layers beyond which a design doubles its heads: DeepSeek-V3 and Kimi-K2 have 61."""


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
    """The paper's heads inside its range; beyond, the fewest that leave 64 layers or fewer.

    Inside, and below it, the heads are those of the nearest of its six scales. Beyond 3e20 FLOPs
    they double from its largest, 16 of 128, until M and N_a leave 64 layers or fewer.

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
    while _layers(triad, heads, constants) > DEEPEST:
        heads = Heads(
            n_heads=2 * heads.n_heads, head_dim=heads.head_dim, origin=Origin.OURS,
            rule=f"doubled from the paper's largest until there are at most {DEEPEST} layers",
        )  # fmt: skip
    return heads


def _layers(triad: Triad, heads: Heads, constants: SparseConstants) -> float:
    return float(depth(triad, replace(constants, attention=heads.attention)))
