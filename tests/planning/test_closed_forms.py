"""Where the optimum has a closed form, the planner gives it to nine digits."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autotune.laws.catalogue import PRESETS
from autotune.planning.budget import Budget
from autotune.planning.constraints import Constraints
from autotune.planning.planner import plan
from autotune.planning.question import Question

GENERALIZED = [
    "generalized-dense",
    "generalized-pruning",
    "generalized-moe",
    "generalized-2025-08",
    "generalized-pruning-inferred",
    "generalized-moe-inferred",
]
HOFFMANN = ["hoffmann2022", "hoffmann2022-unrounded", "besiroglu2024"]
budgets = st.floats(18, 28).map(lambda x: 10**x)
sparsities = st.floats(0, 0.9999)


def eq_2_2(law, flops, sparsity):
    """N*, D*, L* of the generalized law, written out by hand."""
    kept = 1 - sparsity
    size = law.a * kept**law.alpha + law.c * sparsity
    g = (law.alpha * size / (law.beta * law.b)) ** (1 / (law.alpha + law.beta))
    n = g * (flops / 6) ** (law.beta / (law.alpha + law.beta))
    d = flops / (6 * n)
    return n, d, law.e * kept**law.gamma + size / n**law.alpha + law.b / d**law.beta


def eq_4(law, flops):
    """N*, D*, L* of Hoffmann's law, their eq. 4."""
    g = (law.alpha * law.A / (law.beta * law.B)) ** (1 / (law.alpha + law.beta))
    n = g * (flops / 6) ** (law.beta / (law.alpha + law.beta))
    d = flops / (6 * n)
    return n, d, law.E + law.A / n**law.alpha + law.B / d**law.beta


def same(found, expected):
    n, d, loss = expected
    assert found.n_active == pytest.approx(n, rel=1e-9)
    assert found.tokens == pytest.approx(d, rel=1e-9)
    assert found.loss == pytest.approx(loss, rel=1e-9)


@pytest.mark.parametrize("name", GENERALIZED)
@given(flops=budgets, sparsity=sparsities)
def test_the_generalized_optimum_is_the_closed_form(name, flops, sparsity):
    law = PRESETS[name]
    n, d, _ = expected = eq_2_2(law, flops, sparsity)
    if min(n, d) > 1:
        found = plan(law, Budget(flops=flops), question=Question(sparsity=sparsity))
        same(found, expected)
        assert found.at_bound == ()


@pytest.mark.parametrize("name", HOFFMANN)
@given(flops=budgets)
def test_the_dense_optimum_is_the_closed_form(name, flops):
    same(plan(PRESETS[name], Budget(flops=flops)), eq_4(PRESETS[name], flops))


@given(flops=budgets, sparsity=sparsities, share=st.floats(0.01, 0.99))
def test_a_cap_on_size_clamps_the_closed_form(flops, sparsity, share):
    law = PRESETS["generalized-2025-08"]
    free, _, _ = eq_2_2(law, flops, sparsity)
    cap = max(1.0, share * free)
    found = plan(
        law,
        Budget(flops=flops),
        question=Question(sparsity=sparsity),
        constraints=Constraints(max_active=cap),
    )
    assert found.n_active == pytest.approx(cap, rel=1e-12)
    assert found.at_bound == ("max_active",)


@given(flops=budgets, share=st.floats(0.01, 0.99))
def test_a_cap_on_tokens_clamps_the_closed_form(flops, share):
    law = PRESETS["hoffmann2022"]
    _, free, _ = eq_4(law, flops)
    cap = max(1.0, share * free)
    found = plan(law, Budget(flops=flops), constraints=Constraints(max_tokens=cap))
    assert found.tokens == pytest.approx(cap, rel=1e-12)
    assert found.at_bound == ("max_tokens",)


@pytest.mark.parametrize("name", HOFFMANN)
@given(excess=st.floats(0.02, 1.5))
def test_the_least_flops_for_a_loss_are_the_closed_form(name, excess):
    """At the optimum alpha A/N^alpha = beta B/D^beta, so the excess loss fixes N and D."""
    law = PRESETS[name]
    ratio = law.alpha / law.beta
    n = (law.A * (1 + ratio) / excess) ** (1 / law.alpha)
    d = (law.B * (1 + 1 / ratio) / excess) ** (1 / law.beta)
    found = plan(law, Budget(target_loss=law.E + excess))
    same(found, (n, d, law.E + excess))
    assert found.flops == pytest.approx(6 * n * d, rel=1e-9)


@pytest.mark.parametrize("name", [*HOFFMANN, *GENERALIZED, "abnar2025", "kaplan2020"])
@given(flops=budgets)
def test_planning_for_the_loss_of_a_budget_gives_the_budget_back(name, flops):
    law = PRESETS[name]
    there = plan(law, Budget(flops=flops))
    back = plan(law, Budget(target_loss=there.loss))
    assert math.log(back.flops) == pytest.approx(math.log(flops), abs=1e-6)
