"""Planning for training and serving together: Sardana et al. (2023), arXiv:2401.00448."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autotune.laws.catalogue import PRESETS
from autotune.planning.budget import Budget
from autotune.planning.constraints import Constraints
from autotune.planning.planner import plan
from autotune.planning.question import Question


def compute_optimal_tokens(law, n):
    """D at which a model of size n is compute-optimal: alpha A/N^alpha = beta B/D^beta."""
    return (law.beta * law.B * n**law.alpha / (law.alpha * law.A)) ** (1 / law.beta)


@pytest.mark.parametrize(
    ("name", "size", "served", "n", "more_data"),
    [
        ("hoffmann2022-unrounded", 7e9, 1e11, 6.057e9, 1.164),
        ("hoffmann2022", 7e9, 1e11, 6.339e9, 1.108),
    ],
)
def test_a_7b_quality_model_that_serves_1e11_tokens(name, size, served, n, more_data):
    """The paper prints 6B and 1.18 times the data; its unrounded law gives 6.057e9 and 1.164."""
    law = PRESETS[name]
    tokens = compute_optimal_tokens(law, size)
    target = float(law.loss(size, tokens))
    found = plan(law, Budget(target_loss=target, inference_tokens=served))
    assert found.n_active == pytest.approx(n, rel=2e-4)
    assert found.tokens / tokens == pytest.approx(more_data, abs=6e-4)
    assert found.loss == pytest.approx(target, rel=1e-12)


@pytest.mark.parametrize(
    ("size", "served", "n", "d", "cost"),
    [(7e9, 1e12, 4.257e9, 8.417e11, 0.8921), (30e9, 1e13, 1.586e10, 6.052e12, 0.8175)],
)
def test_lifetime_cost_falls_when_serving_is_planned_for(size, served, n, d, cost):
    law = PRESETS["hoffmann2022"]
    tokens = compute_optimal_tokens(law, size)
    found = plan(law, Budget(target_loss=float(law.loss(size, tokens)), inference_tokens=served))
    assert found.n_active == pytest.approx(n, rel=3e-4)
    assert found.tokens == pytest.approx(d, rel=3e-4)
    assert found.flops / (6 * size * tokens + 2 * size * served) == pytest.approx(cost, abs=6e-5)


@pytest.mark.parametrize("name", ["hoffmann2022", "besiroglu2024"])
@given(flops=st.floats(20, 26).map(lambda x: 10**x), share=st.floats(0, 0.9))
def test_first_order_condition_of_a_dense_law(name, flops, share):
    """(alpha A/N^alpha) / (beta B/D^beta) = 1 + D_inf/(3 D)."""
    law = PRESETS[name]
    alone = plan(law, Budget(flops=flops))
    served = 10 ** (4 * share - 2) * alone.tokens
    found = plan(law, Budget(flops=flops, inference_tokens=served))
    size = law.alpha * law.A / found.n_active**law.alpha
    data = law.beta * law.B / found.tokens**law.beta
    assert size / data == pytest.approx(1 + served / (3 * found.tokens), rel=1e-8)
    assert 6 * found.n_active * found.tokens + 2 * found.n_active * served == pytest.approx(flops)
    assert found.n_active < alone.n_active


@given(sparsity=st.floats(0, 0.99), times=st.floats(0.01, 30))
def test_first_order_condition_of_the_generalized_law(sparsity, times):
    """The same with K(S) = a (1-S)^alpha + c S in the place of A."""
    law = PRESETS["generalized-2025-08"]
    question = Question(sparsity=sparsity)
    served = times * plan(law, Budget(flops=1e23), question=question).tokens
    found = plan(law, Budget(flops=1e23, inference_tokens=served), question=question)
    size_coefficient = law.a * (1 - sparsity) ** law.alpha + law.c * sparsity
    size = law.alpha * size_coefficient / found.n_active**law.alpha
    data = law.beta * law.b / found.tokens**law.beta
    assert size / data == pytest.approx(1 + served / (3 * found.tokens), rel=1e-8)


@given(share=st.floats(-3, 1))
def test_no_neighbour_of_the_same_lifetime_cost_is_better(share):
    law, flops, served = PRESETS["abnar2025"], 1e22, 1e12
    question = Question(sparsity=0.8)
    found = plan(law, Budget(flops=flops, inference_tokens=served), question=question)
    n = found.n_active * math.exp(share)
    tokens = flops / (6 * n) - served / 3
    if tokens > 1:
        assert float(law.loss(n, tokens, 0.8)) >= found.loss * (1 - 1e-12)


def test_the_plan_says_that_the_budget_covers_both():
    found = plan(PRESETS["hoffmann2022"], Budget(flops=1e22, inference_tokens=1e12))
    assert found.flop_convention == "6 N_active D + 2 N_active D_inference"
    assert any("cover training and serving" in warning for warning in found.warnings)


def test_the_most_that_caps_let_one_spend_includes_serving():
    """A loss that only the largest model on the most tokens reaches costs all of it."""
    law, served = PRESETS["hoffmann2022"], 1e13
    target = float(law.loss(1e9, 1e11)) * (1 + 1e-9)
    limits = Constraints(max_active=1e9, max_tokens=1e11)
    found = plan(law, Budget(target_loss=target, inference_tokens=served), constraints=limits)
    assert found.flops == pytest.approx(6e9 * 1e11 + 2e9 * served, rel=1e-6)
