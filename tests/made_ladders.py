"""Ladders of made-up shapes for tests of the pure part."""

from autotune.architecture.attention import GroupedQuery
from autotune.architecture.feed_forward import Experts, FeedForward
from autotune.architecture.shape import Architecture
from autotune.ladder.description import Description


def shape_of(size, experts, top_k):
    """A model whose width grows with the root of the size."""
    width = 4 * max(2, round(size**0.5 / 20))
    return Architecture(
        name=f"{width}x2",
        n_layers=2,
        d_model=width,
        vocabulary=256,
        attention=GroupedQuery(n_heads=1, n_kv_heads=1, head_dim=width),
        ffn=FeedForward(width=4 * width) if experts == 1 else None,
        experts=None if experts == 1 else Experts(n_experts=experts, top_k=top_k, width=width),
        n_dense_layers=2 * (experts == 1),
    )


def description(**changes):
    return Description(
        **{"sizes": (1e4, 1e5, 1e6), "tokens": (1e5, 2e5, 4e5), "experts": (1, 8)} | changes
    )


def trunks(**changes):
    return description(**changes).trunks(shape_of)
