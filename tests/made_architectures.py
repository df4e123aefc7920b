"""Architectures that hypothesis draws: dense and sparse, grouped-query and latent."""

from hypothesis import settings
from hypothesis import strategies as st

from autotune.architecture.attention import GroupedQuery, Latent, QkNorm
from autotune.architecture.feed_forward import Experts, FeedForward
from autotune.architecture.shape import Architecture

few = settings(max_examples=40)
"""Each identity is linear in sizes: some dozens of draws reach every branch."""
small = st.integers(1, 9)


@st.composite
def grouped_query(draw):
    groups = draw(small)
    return GroupedQuery(
        n_heads=groups * draw(small), n_kv_heads=groups, head_dim=draw(small),
        qkv_bias=draw(st.booleans()), o_bias=draw(st.booleans()),
        qk_norm=draw(st.sampled_from(QkNorm)), sinks=draw(st.booleans()),
    )  # fmt: skip


latent = st.builds(
    Latent, n_heads=small, q_rank=st.none() | small, kv_rank=small, nope_dim=small, rope_dim=small,
    value_dim=small,
)  # fmt: skip
feed_forward = st.builds(FeedForward, width=small, gated=st.booleans(), bias=st.booleans())


@st.composite
def experts(draw):
    n = draw(small)
    return Experts(
        n_experts=n, top_k=draw(st.integers(1, n)), width=draw(small),
        n_shared=draw(st.integers(0, 2)), gated=draw(st.booleans()), bias=draw(st.booleans()),
        router_bias=draw(st.booleans()),
    )  # fmt: skip


@st.composite
def architectures(draw, sparse=None):
    n_layers = draw(small)
    sparse = draw(st.booleans()) if sparse is None else sparse
    return Architecture(
        name="drawn", n_layers=n_layers, d_model=draw(small), vocabulary=draw(small),
        attention=draw(grouped_query() | latent), ffn=draw(feed_forward),
        experts=draw(experts()) if sparse else None,
        n_dense_layers=draw(st.integers(0, n_layers)) if sparse else n_layers,
        tied=draw(st.booleans()), norms_per_layer=draw(st.integers(0, 4)),
        n_mtp_layers=draw(st.integers(0, 2)), n_window_layers=draw(st.integers(0, n_layers)),
        window=draw(st.integers(1, 50)), chunked=draw(st.booleans()),
    )  # fmt: skip
