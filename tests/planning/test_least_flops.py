"""The fewest FLOPs for a loss, from the best sizes at a few budgets."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autotune.laws.catalogue import PRESETS
from autotune.planning import least_flops
from autotune.planning.budget import Budget
from autotune.planning.planner import plan
from autotune.planning.question import Hold, Question

LAW = PRESETS["hoffmann2022"]
targets = st.floats(LAW.E + 0.02, 6.0)


def best_size(flops):
    """Hoffmann et al., eq. 4."""
    share = LAW.alpha + LAW.beta
    ratio = (LAW.alpha * LAW.A / (LAW.beta * LAW.B)) ** (1 / share)
    return ratio * (flops / 6) ** (LAW.beta / share)


class Best:
    """The least loss at a budget in closed form, and how often it was asked for."""

    def __init__(self):
        self.asked = 0

    def __call__(self, flops):
        self.asked += 1
        size = best_size(flops)

        def held(other):
            return float(LAW.loss(size, other / (6 * size)))

        return held(flops), held


@given(target=targets)
def test_the_budget_found_reaches_the_target_and_no_smaller_one_does(target):
    best = Best()
    found = least_flops.search(best, target, affordable=(1e3, math.inf))
    assert best.asked <= 12
    assert best(found)[0] == pytest.approx(target, rel=1e-12)
    assert best(found * (1 - 1e-6))[0] > target


@given(target=targets, off=st.floats(0.01, 100))
def test_an_answer_that_is_expected_nearby_is_the_same_and_one_that_is_known_is_only_checked(
    target, off
):
    found = least_flops.search(Best(), target, affordable=(1e-300, math.inf))
    near = least_flops.search(Best(), target, affordable=(1e-300, math.inf), near=off * found)
    assert near == pytest.approx(found, rel=1e-11)
    known = Best()
    assert least_flops.search(
        known, target, affordable=(1e-300, math.inf), near=found
    ) == pytest.approx(found, rel=1e-11)
    assert known.asked == 1


@given(target=st.floats(2.2, 3.0))
def test_sizes_that_a_smaller_budget_does_not_allow_do_not_mislead_it(target):
    """Held sizes promise more than the best there, as where a ratio of tokens is capped."""

    def best_at(flops):
        loss = Best()(flops)[0]
        return loss, lambda other: loss * (flops / other) ** 1e-3

    found = least_flops.search(best_at, target, affordable=(1e3, math.inf))
    assert best_at(found)[0] == pytest.approx(target, rel=1e-9)


def test_the_least_budget_allowed_is_the_answer_where_it_suffices():
    assert least_flops.search(Best(), 3.0, affordable=(1e22, 1e25)) == pytest.approx(1e22)


def test_sparsity_too_is_best_at_the_budget_found():
    law = PRESETS["generalized-moe"]
    found = plan(law, Budget(target_loss=2.3), question=Question(hold=Hold.NOTHING))
    again = plan(law, Budget(flops=found.flops), question=Question(hold=Hold.NOTHING))
    assert found.loss == pytest.approx(2.3, rel=1e-12)
    assert again.n_active == pytest.approx(found.n_active, rel=1e-6)
    assert again.sparsity == pytest.approx(found.sparsity, rel=1e-6)
    budget = Budget(target_loss=2.3, near=found.flops / 3)
    near = plan(law, budget, question=Question(hold=Hold.NOTHING))
    assert near.flops == pytest.approx(found.flops, rel=1e-11)
    assert near.certificate <= 1e-8
