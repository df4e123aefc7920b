"""Laws that predict no loss: Tian's efficiency leverage, and the compute-only allocations."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autotune.errors import InputError
from autotune.laws.catalogue import ALLOCATIONS, LEVERAGES

TIAN = LEVERAGES["tian2025"]


@pytest.mark.parametrize(
    ("activation", "papers_g", "flops", "leverage"),
    [(0.031, 12, 1e22, 7.245), (0.034, 12, 1e22, 6.961), (0.031, 12, 1e20, 4.554)],
)
def test_published_leverages(activation, papers_g, flops, leverage):
    """The paper: "exceeds 7" for the first; its G is half of our granularity."""
    ours = TIAN.leverage(activation, 2 * papers_g, flops=flops)
    assert ours == pytest.approx(leverage, abs=5e-4)


def test_a_dense_model_has_almost_no_leverage_over_itself():
    assert TIAN.leverage(1, 2, flops=1e22) == pytest.approx(0.993, abs=5e-4)


def test_the_best_granularity_is_the_papers_about_twelve():
    assert TIAN.best_granularity / 2 == pytest.approx(11.3, abs=0.05)


@given(g=st.floats(1, 200), a=st.floats(0.01, 0.9), log_c=st.floats(18, 26))
def test_no_granularity_has_more_leverage_than_the_best(g, a, log_c):
    best = TIAN.leverage(a, TIAN.best_granularity, flops=10**log_c)
    assert TIAN.leverage(a, g, flops=10**log_c) <= best * (1 + 1e-12)


def test_natural_logarithms_would_give_a_leverage_of_thousands():
    """Why the bases are log10 C and log2 G: natural ones give 5334 where the paper has 7."""
    ln = np.log
    natural = replace(
        TIAN, d=TIAN.d * ln(10), gamma=TIAN.gamma * ln(2) ** 2, beta=TIAN.beta * ln(2)
    )
    assert natural.leverage(0.031, 24, flops=1e22) == pytest.approx(5334, rel=2e-3)


def test_leverage_broadcasts_and_refuses_an_activation_above_one():
    assert TIAN.leverage(np.ones((3, 1)) * 0.1, np.ones(4), flops=1e20).shape == (3, 4)
    with pytest.raises(InputError, match="activation is a share and must be <= 1, not 8"):
        TIAN.leverage(8, 2, flops=1e20)


@pytest.mark.parametrize(
    "name",
    ["deepseek2024-allocation", "ling2025-moe-allocation", "ling2025-dense-allocation",
     "wan2026-allocation"],
)  # fmt: skip
@given(log_c=st.floats(17, 26))
def test_size_times_tokens_is_the_budget_up_to_rounded_digits(name, log_c):
    law, c = ALLOCATIONS[name], 10**log_c
    assert law.size_unit == "FLOPs per token"
    assert law.optimal_size(c) * law.optimal_tokens(c) == pytest.approx(c, rel=2e-3)


@pytest.mark.parametrize("law", ALLOCATIONS.values(), ids=ALLOCATIONS.keys())
def test_exponents_add_up_to_one(law):
    if law.size is not None:
        assert law.size.exponent + law.tokens.exponent == pytest.approx(1, abs=1e-9)


def test_llama_3_tokens_at_its_budget():
    """The rounded digits give 16.29T tokens and 389B parameters, the paper 16.55T and 402B."""
    tokens = ALLOCATIONS["llama2024-allocation"].optimal_tokens(3.8e25)
    assert tokens == pytest.approx(16.29e12, rel=1e-3)
    assert tokens == pytest.approx(16.55e12, rel=0.02)
    assert 3.8e25 / (6 * tokens) == pytest.approx(389e9, rel=1e-3)


def test_minicpms_exponents_follow_from_its_loss_law():
    law = ALLOCATIONS["minicpm2024-allocation"]
    assert (law.size.exponent, law.tokens.exponent) == pytest.approx((0.442, 0.558), abs=5e-4)


WAN = {
    1e18: (2.672e8, 3.742e9), 1e19: (9.345e8, 1.0700e10), 1e20: (3.268e9, 3.060e10),
    3e20: (5.939e9, 5.051e10), 1e21: (1.143e10, 8.750e10), 1e22: (3.997e10, 2.502e11),
    1e23: (1.398e11, 7.155e11), 1e24: (4.887e11, 2.046e12),
}  # fmt: skip
"""M and D by budget: table 2 of arXiv:2603.21862 up to 3e20, eq. 2 from there on."""


def test_wan_s_sizes_and_tokens_are_those_of_its_table_2():
    law = ALLOCATIONS["wan2026-allocation"]
    sizes, tokens = zip(*WAN.values(), strict=True)
    assert law.optimal_size(list(WAN)) == pytest.approx(sizes, rel=5e-4)
    assert law.optimal_tokens(list(WAN)) == pytest.approx(tokens, rel=5e-4)


def test_a_rule_without_a_coefficient_says_what_was_published():
    with pytest.raises(
        InputError, match=r"kaplan2020-allocation states only the exponent 0\.73 for size"
    ):
        ALLOCATIONS["kaplan2020-allocation"].optimal_size(1e21)
    with pytest.raises(InputError, match="llama2024-allocation states no rule for size"):
        ALLOCATIONS["llama2024-allocation"].optimal_size(1e21)


def test_a_rule_prints_as_people_write_it():
    assert str(ALLOCATIONS["deepseek2024-allocation"].tokens) == "5.8316 C^0.4757"
    assert str(ALLOCATIONS["kaplan2020-allocation"].size) == "C^0.73"
