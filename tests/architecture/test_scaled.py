"""A shape scaled in width and depth: whole-number scales are shapes, and settle every other."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autotune.architecture.conventions import CONVENTIONS, counted
from autotune.architecture.count import Group, total
from autotune.architecture.flops import multiplied, per_token
from autotune.architecture.scaled import Cubic, scaled
from autotune.models import catalogue

MODELS = [catalogue.read(name).model for name in catalogue.names()]
sizes = st.floats(0, 1e12)


@given(a=sizes, b=sizes, c=sizes, scale=st.floats(1e-3, 1e3))
def test_a_cubic_is_known_from_three_scales(a, b, c, scale):
    planted = Cubic(a, b, c)
    found = Cubic.through(planted(1), planted(2), planted(3))
    largest = max(a, b, c) * max(scale, scale**3)
    assert found(scale) == pytest.approx(planted(scale), rel=1e-9, abs=1e-12 * largest)


@given(a=sizes, b=sizes, c=st.floats(1, 1e12), scale=st.floats(1e-3, 1e3))
def test_its_exponent_is_the_logarithmic_slope(a, b, c, scale):
    cubic, step = Cubic(a, b, c), 1e-5
    change = (cubic(scale * (1 + step)) - cubic(scale * (1 - step))) / cubic(scale)
    assert cubic.exponent(scale) == pytest.approx(change / (2 * step), rel=1e-6)
    assert 1 - 1e-12 <= cubic.exponent(scale) <= 3 + 1e-12


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_counts_and_flops_of_any_scale_follow_from_the_first_three(model):
    members = [scaled(model, times) for times in (1, 2, 3, 7)]
    for name in ("kaplan", "chinchilla"):
        ns = [total(counted(each, CONVENTIONS[name])) for each in members]
        for key in ("active", "total"):
            *first, last = (getattr(n, key) for n in ns)
            assert Cubic.through(*first)(7) == pytest.approx(last, rel=1e-14)
    *first, last = (per_token(x, CONVENTIONS["exact"], seq_len=5000).training for x in members)
    assert Cubic.through(*first)(7) == pytest.approx(last, rel=1e-14)


def test_widths_and_depth_grow_and_head_size_vocabulary_and_experts_stay():
    model = catalogue.read("deepseek-v3").model
    twice = scaled(model, 2)
    assert (twice.n_layers, twice.n_dense_layers, twice.d_model) == (122, 6, 14336)
    assert (twice.attention.n_heads, twice.attention.kv_rank, twice.attention.q_rank) == (
        256, 1024, 3072,
    )  # fmt: skip
    assert (twice.ffn.width, twice.experts.width) == (36864, 4096)
    for kept in ("vocabulary", "n_mtp_layers", "tied"):
        assert getattr(twice, kept) == getattr(model, kept)
    twin = scaled(catalogue.read("gpt-oss-20b").model, 2)
    assert (twin.attention.n_heads, twin.attention.n_kv_heads, twin.attention.head_dim) == (
        128, 16, 64,
    )  # fmt: skip
    assert (twin.n_window_layers, twin.window) == (24, 128)
    assert (twice.attention.nope_dim, twice.experts.n_experts, twice.experts.top_k) == (128, 256, 8)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_what_multiplies_a_token_by_group_sums_to_its_flops_without_scores(model):
    weights = per_token(model, CONVENTIONS["exact"], seq_len=4096).weights
    assert 2 * sum(multiplied(model).values()) == weights


def test_a_prediction_head_multiplies_by_its_layer_its_projection_and_the_output_head_again():
    attention, expert, d = 187_105_280, 3 * 7168 * 2048, 7168
    head = attention + 2 * d * d + 9 * expert + 256 * d + 129_280 * d
    assert multiplied(catalogue.read("deepseek-v3").model)[Group.MTP] == head
