"""Curves around a plan agree with the plan, with its budget, and with each other."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_cases import case_of
from made_fits import fit_of

from autotune.curves.case import Draws
from autotune.curves.isoflop import isoflops
from autotune.curves.optimum import optimum_curve
from autotune.curves.sparsity import sparsity_curves
from autotune.curves.surface import over_sparsity, over_tokens
from autotune.curves.whole import ASPECT, whole
from autotune.errors import InputError
from autotune.planning.question import Hold, Question

budgets = st.floats(19, 26).map(lambda power: 10.0**power)


@settings(max_examples=8)
@given(flops=budgets)
def test_no_size_of_an_isoflop_curve_is_better_than_the_plan_and_all_spend_the_budget(flops):
    (curve,) = isoflops(case_of("besiroglu2024", flops), [flops])
    assert (curve.loss >= curve.plan.loss * (1 - 1e-12)).all()
    np.testing.assert_allclose(6 * curve.n_active * curve.tokens, flops)


@settings(max_examples=8)
@given(flops=budgets)
def test_a_model_of_whole_numbers_spends_the_budget_and_is_never_better_than_the_plan(flops):
    case = case_of("hoffmann2022", flops)
    found = whole(case, flops)
    layers, width = (int(word) for word in found.text.replace("of", "").split() if word.isdigit())
    assert found.n_active == 12 * layers * width**2
    assert ASPECT[0] <= width / layers <= ASPECT[1]
    assert 6 * found.n_active * found.tokens == pytest.approx(flops)
    assert found.loss >= case.plan.loss
    assert found.loss == pytest.approx(case.plan.loss, rel=5e-3)


def test_a_cap_on_the_size_holds_for_whole_numbers_too():
    case = case_of("hoffmann2022", 1e23, max_active=1e9)
    assert whole(case, 1e23).n_active <= 1e9


def test_a_sparse_design_spends_the_budget_at_exact_flops():
    case = case_of("generalized-moe", 1e21, Question(sparsity=0.9))
    found = whole(case, 1e21)
    assert "of 288 experts" in found.text
    assert found.loss == pytest.approx(
        float(case.losses(found.n_active, found.tokens, found.sparsity))
    )


def test_holding_more_never_gains_and_the_curves_meet_where_they_agree():
    case = case_of("abnar2025", 1e21, Question(hold=Hold.TOTAL, n_total=3e10))
    tokens, total, free = sparsity_curves(case)
    assert [curve.hold for curve in (tokens, total, free)] == [
        Hold.TOKENS, Hold.TOTAL, Hold.NOTHING,
    ]  # fmt: skip
    for held in (tokens, total):
        known = ~np.isnan(held.loss) & ~np.isnan(free.loss)
        assert (held.loss[known] >= free.loss[known] * (1 - 1e-9)).all()
    assert total.loss[total.best] == pytest.approx(case.plan.loss, rel=1e-3)


def test_loss_over_tokens_is_the_plans_on_its_line():
    case = case_of("besiroglu2024", 1e22)
    found = over_tokens(case)
    middle = found.loss[found.y.size // 2, found.x.size // 2]
    assert middle == pytest.approx(case.plan.loss)
    np.testing.assert_allclose(6 * found.line[0] * found.line[1], 1e22)


def test_a_dense_law_has_no_surface_over_sparsity():
    with pytest.raises(InputError, match="besiroglu2024 does not read sparsity"):
        over_sparsity(case_of("besiroglu2024", 1e22))


def test_the_optimum_grows_with_the_budget_and_the_loss_falls():
    found = optimum_curve(case_of("hoffmann2022", 1e22))
    assert found.plans[len(found.plans) // 2].flops == pytest.approx(1e22)
    assert (np.diff([plan.n_active for plan in found.plans]) > 0).all()
    assert (np.diff([plan.loss for plan in found.plans]) < 0).all()


@settings(max_examples=5)
@given(spread=st.floats(1e-4, 1e-3))
def test_limits_hold_the_loss_and_widen_with_the_spread(spread):
    case = case_of("generalized-moe", 1e21, Question(sparsity=0.9))
    n, d = np.geomspace(1e8, 1e10, 5), np.full(5, 1e10)
    width = []
    for wide in (spread, 3 * spread):
        drawn = Draws(fit_of(n_draws=60, spread=wide).draws, level=0.95, tail=0.025)
        low, high = replace(case, draws=drawn).limits(n, d, 0.9)
        loss = case.losses(n, d, 0.9)
        assert ((low < loss) & (loss < high)).all()
        width.append(high - low)
    assert (width[1] > width[0]).all()
