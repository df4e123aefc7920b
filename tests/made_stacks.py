"""Sparse models that hypothesis draws: what they hold fixed, whole stacks, possible triads."""

import numpy as np
from hypothesis import strategies as st

from autotune.architecture.attention import GroupedQuery, Latent
from autotune.architecture.layer_stack import LayerStack
from autotune.architecture.sparse_constants import SparseConstants
from autotune.architecture.triad import of_ratios
from autotune.architecture.triad_inverse import widths

HEADS = {
    1e18: (4, 64), 3e18: (8, 64), 1e19: (8, 64), 3e19: (8, 128), 1e20: (8, 128), 3e20: (16, 128),
}  # fmt: skip
"""Query heads and their size by budget: table 4 of arXiv:2603.21862."""
SCALES = {
    1e18: 0.2672e9, 3e18: 0.4856e9, 1e19: 0.9345e9, 3e19: 1.6983e9, 1e20: 3.2681e9, 3e20: 5.939e9,
}  # fmt: skip
"""M by budget: table 2."""
PHASE_2 = {
    1e18: (10.79, 20.4, 26.3e6), 3e18: (9.89, 21.8, 51.2e6), 1e19: (9.21, 21.8, 101.8e6),
    3e19: (8.79, 21.4, 198.7e6), 1e20: (8.34, 21.8, 387.9e6), 3e20: (8.22, 21.9, 725.3e6),
}  # fmt: skip
"""Median M/N_a, N/N_a and N_a of phase-2 rows by budget, counted from tables 16 to 21."""


def paper(n_heads=16, head_dim=128, **changes):
    """The constants of arXiv:2603.21862, with the heads of one of its scales."""
    heads = GroupedQuery(n_heads=n_heads, n_kv_heads=n_heads // 2, head_dim=head_dim)
    return SparseConstants(attention=heads, **changes)


@st.composite
def grouped_query(draw):
    groups = draw(st.integers(1, 16))
    return GroupedQuery(
        n_heads=groups * draw(st.integers(1, 8)), n_kv_heads=groups,
        head_dim=8 * draw(st.integers(4, 32)),
    )  # fmt: skip


latent = st.builds(
    Latent, n_heads=st.integers(4, 128), q_rank=st.none() | st.integers(64, 1536),
    kv_rank=st.integers(64, 512), nope_dim=st.integers(32, 128), rope_dim=st.integers(16, 64),
    value_dim=st.integers(32, 128),
)  # fmt: skip


any_attention = grouped_query() | latent


@st.composite
def constants(draw, attention=any_attention):
    n_experts = draw(st.integers(2, 512))
    return SparseConstants(
        attention=draw(attention), n_experts=n_experts,
        top_k=draw(st.integers(1, min(16, n_experts - 1))), n_shared=draw(st.integers(0, 3)),
        dense_ratio=draw(st.integers(1, 6)), seq_len=2 * draw(st.integers(256, 65536)),
    )  # fmt: skip


@st.composite
def whole_stacks(draw):
    layers = draw(st.integers(2, 128))
    return LayerStack(
        n_layers=layers, n_dense_layers=draw(st.integers(1, layers - 1)),
        d_model=draw(st.integers(64, 16384)), expert_width=draw(st.integers(16, 4096)),
    )  # fmt: skip


@st.composite
def possible(draw, attention):
    """Constants, a triad that they allow, and a hidden size inside its interval."""
    held = draw(constants(attention))
    layers, scale = draw(st.floats(2, 128)), held.attention_slope
    d = 10 ** draw(st.floats(2, 4.2))
    weights = layers * (scale * d + held.attention_offset)
    n_active = weights * (1 + 10 ** draw(st.floats(-1, 2)))
    share = draw(st.floats(0.02, 0.98)) * (1 - weights / n_active)
    m = 6 * n_active + layers * held.score_flops
    triad = of_ratios(m, density=m / n_active, expansion=1 + share * held.idle_per_used)
    ends = widths(triad, held)
    at = draw(st.floats(0.02, 0.98))
    return held, triad, float(np.exp((1 - at) * np.log(ends.low) + at * np.log(ends.high)))
