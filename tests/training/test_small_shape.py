"""Shapes of a given size: near it, by the rules, and the ones the defaults were measured with."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autotune.errors import InputError
from autotune.training.hf_config import config
from autotune.training.small_shape import Mixture, of_size, of_widths, size

sizes = st.floats(6e3, 1e8)
mixtures = st.none() | st.builds(
    Mixture, n_experts=st.sampled_from([4, 8]), top_k=st.sampled_from([1, 2]), bias=st.booleans()
)


@given(n=sizes, mixture=mixtures)
def test_a_shape_has_the_size_asked_for_within_a_tenth(n, mixture):
    assert size(of_size(n, mixture)) == pytest.approx(n, rel=0.105)


@given(n=sizes, mixture=mixtures)
def test_heads_make_up_the_width_in_even_parts(n, mixture):
    model = of_size(n, mixture)
    attention = model.attention
    assert attention.n_heads * attention.head_dim == model.d_model
    assert attention.head_dim % 2 == 0


@given(n=sizes, mixture=mixtures)
def test_every_shape_is_one_that_a_family_of_transformers_builds(n, mixture):
    assert config(of_size(n, mixture))["hidden_size"] == of_size(n, mixture).d_model


@pytest.mark.parametrize(
    ("n", "shape"),
    [(6e3, (16, 2)), (14e3, (24, 2)), (38e3, (32, 3)), (111e3, (48, 4)), (195e3, (64, 4)),
     (554e3, (96, 5)), (1.19e6, (128, 6))],
)  # fmt: skip
def test_sizes_of_the_measured_ladder_have_its_shapes(n, shape):
    model = of_size(n)
    assert (model.d_model, model.n_layers) == shape


def test_experts_share_the_width_of_the_dense_layer():
    dense, sparse = of_widths(64, 4), of_widths(64, 4, mixture=Mixture(n_experts=8))
    assert sparse.experts.width * sparse.experts.top_k == pytest.approx(dense.ffn.width, abs=8)


def test_more_experts_per_token_than_there_are_is_refused():
    with pytest.raises(InputError, match="not 3 of 2"):
        Mixture(n_experts=2, top_k=3)


def test_heads_that_do_not_divide_the_width_are_refused():
    with pytest.raises(InputError, match="width 64 is not divisible by 3 heads"):
        of_widths(64, 4, heads=3)


def test_a_size_below_every_shape_is_refused():
    with pytest.raises(InputError, match="no shape has about 100"):
        of_size(100)
