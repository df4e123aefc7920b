"""Conventions, FLOPs per token and memory: identities, and rows of the paper."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_architectures import architectures, few

from autotune.architecture.attention import GroupedQuery
from autotune.architecture.conventions import CONVENTIONS, Reach, counted, published
from autotune.architecture.count import by_group, total
from autotune.architecture.feed_forward import Experts, FeedForward
from autotune.architecture.flops import per_token, score_flops
from autotune.architecture.memory import (
    RECIPES,
    cache_elements,
    cache_elements_per_token,
)
from autotune.architecture.shape import Architecture

lengths = st.integers(1, 60)
conventions = st.sampled_from(list(CONVENTIONS.values()))


@few
@given(model=architectures(), convention=conventions)
def test_no_convention_counts_more_than_there_is(model, convention):
    some, every = total(counted(model, convention)), total(by_group(model))
    assert some.active <= some.total <= every.total
    assert some.active <= every.active


@few
@given(model=architectures())
def test_published_active_figures_differ_by_the_input_embedding_alone(model):
    within, without = (
        total(counted(model, published(input_embedding=flag))) for flag in (True, False)
    )
    assert within.total == without.total
    table = 0 if model.tied else model.vocabulary * model.d_model
    assert within.active - without.active == table


@few
@given(model=architectures(), convention=conventions, seq_len=lengths)
def test_training_costs_three_forward_passes(model, convention, seq_len):
    flops = per_token(model, convention, seq_len=seq_len)
    assert flops.training == 3 * (flops.weights + flops.scores)


@few
@given(model=architectures(), seq_len=lengths)
def test_keys_seen_are_those_that_the_mask_shows_one_by_one(model, seq_len):
    model = replace(model, n_mtp_layers=0)
    every = sum(range(1, seq_len + 1))
    near = (
        (lambda i: (i - 1) % model.window + 1)
        if model.chunked
        else (lambda i: min(i, model.window))
    )
    inside = sum(map(near, range(1, seq_len + 1)))
    windows = model.n_window_layers
    pairs = (model.n_layers - windows) * every + windows * inside
    expected = 2 * model.attention.score_width * pairs / seq_len
    assert score_flops(model, Reach.SEEN, seq_len=seq_len) == pytest.approx(expected, rel=1e-12)


@few
@given(model=architectures(), seq_len=lengths)
def test_half_the_keys_cost_half_of_all(model, seq_len):
    half, full = (score_flops(model, reach, seq_len=seq_len) for reach in (Reach.HALF, Reach.ALL))
    assert 2 * half == full


@few
@given(model=architectures(), seq_len=lengths)
def test_the_cache_grows_by_its_rate_until_windows_are_full(model, seq_len):
    grown = cache_elements(model, seq_len=seq_len)
    most = seq_len * cache_elements_per_token(model)
    assert grown <= most
    assert (grown == most) == (model.n_window_layers == 0 or seq_len <= model.window)


def holistic_row(d, dense, sparse, width, *, heads, head_dim):
    """A model of the paper's family: dense width 3 d, 288 experts, top 8, one shared."""
    return Architecture(
        name="row", n_layers=dense + sparse, d_model=d, vocabulary=152064, n_dense_layers=dense,
        attention=GroupedQuery(n_heads=heads, n_kv_heads=heads // 2, head_dim=head_dim),
        ffn=FeedForward(width=3 * d),
        experts=Experts(n_experts=288, top_k=8, width=width, n_shared=1),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("d", "dense", "sparse", "width", "heads", "head_dim", "printed"),
    [  # M in GFLOP, N_a in millions, N in billions, M/N_a, N/N_a
        (1208, 2, 1, 264, 4, 64, (0.2637, 37.66, 0.3055, 7.002, 8.113)),
        (288, 8, 2, 1136, 4, 64, (0.2809, 25.85, 0.5755, 10.87, 22.26)),
        (592, 3, 5, 432, 8, 64, (0.5089, 51.26, 1.125, 9.927, 21.95)),
        (1544, 2, 16, 384, 8, 128, (3.212, 384.4, 8.353, 8.357, 21.73)),
        (1896, 2, 14, 664, 16, 128, (5.972, 727.0, 15.53, 8.216, 21.37)),
        (96, 15, 25, 5272, 16, 128, (6.225, 366.5, 10.99, 16.99, 30.00)),
    ],
)
def test_rows_of_the_holistic_paper(d, dense, sparse, width, heads, head_dim, printed):
    """arXiv:2603.21862, shapes of tables 5 to 21, counted by its equations 6 to 12."""
    model = holistic_row(d, dense, sparse, width, heads=heads, head_dim=head_dim)
    convention = CONVENTIONS["holistic"]
    n = total(counted(model, convention))
    m = per_token(model, convention, seq_len=8192).training
    found = (m / 1e9, n.active / 1e6, n.total / 1e9, m / n.active, n.total / n.active)
    assert found == pytest.approx(printed, rel=5e-4)


def test_kaplan_and_chinchilla_counted_by_hand():
    """Table 1 of arXiv:2001.08361 and appendix F of arXiv:2203.15556, d_attn = d, d_ff = 4 d."""
    d, layers, vocabulary, seq = 64, 3, 1000, 128
    model = Architecture(
        name="gpt", n_layers=layers, d_model=d, vocabulary=vocabulary, n_dense_layers=layers,
        attention=GroupedQuery(n_heads=4, n_kv_heads=4, head_dim=16),
        ffn=FeedForward(width=4 * d, gated=False), tied=True,
    )  # fmt: skip
    kaplan, chinchilla = CONVENTIONS["kaplan"], CONVENTIONS["chinchilla"]
    n = 12 * layers * d * d
    assert total(counted(model, kaplan)).total == n
    assert per_token(model, kaplan, seq_len=seq).forward == 2 * n + 2 * layers * seq * d
    norms = (2 * layers + 1) * d
    assert total(counted(model, chinchilla)).total == n + vocabulary * d + norms
    scores = layers * (2 * seq * d + 3 * 4 * seq + 2 * seq * d)
    assert per_token(model, chinchilla, seq_len=seq).scores == scores


def test_mixed_precision_trains_in_sixteen_bytes_per_parameter():
    """Section 3.1 of arXiv:1910.02054 (ZeRO)."""
    assert {recipe.name: recipe.training for recipe in RECIPES}["bf16 mixed"] == 16
