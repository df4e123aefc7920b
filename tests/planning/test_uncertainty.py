"""The interval of a plan is what plans of the draws say, whatever a wild draw does."""

from dataclasses import replace

import numpy as np
import pytest

from autotune.errors import InputError
from autotune.laws.catalogue import PRESETS
from autotune.planning import planner
from autotune.planning.budget import Budget
from autotune.planning.interval import BAND, OPTIMUM
from autotune.planning.uncertainty import MOST_DRAWS, interval

LAW = PRESETS["besiroglu2024"]
CENTER = np.array(list(LAW.coefficients.values()))


def plan(law, flops=1e21):
    return planner.plan(law, Budget(flops=flops))


def draws(n, spread=0.01, seed=0):
    return CENTER * (1 + spread * np.random.default_rng(seed).normal(size=(n, CENTER.size)))


def found(rows, level=0.95, question=plan, **further):
    return interval(LAW, rows, question, level=level, method="bootstrap", **further)


def test_limits_are_the_quantiles_of_the_plans_of_the_draws():
    rows = draws(40)
    made = [plan(replace(LAW, **dict(zip(LAW.coefficients, row, strict=True)))) for row in rows]
    told = found(rows, level=0.9)
    for name in OPTIMUM:
        expected = np.quantile([getattr(each, name) for each in made], [0.05, 0.95])
        assert told.optimum[name] == pytest.approx(tuple(expected))
    for name in BAND:
        for end in (0, 1):
            values = [getattr(each.band, name)[end] for each in made]
            assert told.band[name][end] == pytest.approx(tuple(np.quantile(values, [0.05, 0.95])))


def test_against_the_closed_form_of_the_optimum():
    """N* = (alpha A / (beta B))^(1/(alpha+beta)) (C/6)^(beta/(alpha+beta)), eq. 4 of Hoffmann."""
    rows = draws(100)
    _, a, alpha, b, beta = rows.T
    total = alpha + beta
    best = (alpha * a / (beta * b)) ** (1 / total) * (1e21 / 6) ** (beta / total)
    limits = np.quantile(best, [0.025, 0.975])
    assert found(rows).optimum["n_active"] == pytest.approx(tuple(limits), rel=1e-6)


def test_a_higher_level_and_wider_draws_widen_every_limit():
    narrow, higher, wider = found(draws(60), 0.8), found(draws(60)), found(draws(60, spread=0.03))
    for name in ("n_active", "tokens", "loss"):
        low, high = narrow.optimum[name]
        assert higher.optimum[name][0] < low
        assert high < higher.optimum[name][1]
        assert np.ptp(wider.optimum[name]) > np.ptp(higher.optimum[name])


def test_limits_reach_to_the_plans_of_coefficients_at_profile_limits():
    rows = draws(40)
    far = CENTER * [1, 1, 1.2, 1, 1]  # a smaller N* than any draw's
    plain, reached = found(rows), found(rows, ends=np.array([CENTER, far]))
    best = plan(replace(LAW, **dict(zip(LAW.coefficients, far, strict=True))))
    for name in ("n_active", "tokens", "loss"):
        (low, high), at = plain.optimum[name], getattr(best, name)
        assert not low <= at <= high
        assert reached.optimum[name] == (min(low, at), max(high, at))
    assert reached.band["n_active"][0][0] == min(
        plain.band["n_active"][0][0], best.band.n_active[0]
    )
    assert (reached.draws, reached.without_plan, reached.ends) == (40, 0, 2)


def test_coefficients_at_profile_limits_without_an_optimum_are_left_out():
    def question(law):
        return planner.plan(law, Budget(target_loss=2.3))

    above = np.add(CENTER, [9.0, 0, 0, 0, 0])  # a floor above the target
    rows = draws(20)
    reached = found(rows, question=question, ends=np.array([above]))
    assert reached == found(rows, question=question)
    assert reached.ends == 0


def test_a_law_with_an_infinite_coefficient_is_refused_and_as_a_draw_left_out():
    law = PRESETS["frantar2023-t5"]
    center = np.array(list(law.coefficients.values()))
    lost = np.where(np.array(law.coefficient_names()) == "a_D", np.inf, center)
    with pytest.raises(InputError, match=r"frantar has no loss: a_D is inf.*--bounds"):
        plan(replace(law, a_D=np.inf))
    told = interval(law, np.array([center, center, lost]), plan, level=0.95, method="bootstrap")
    assert (told.draws, told.without_plan) == (3, 1)


def test_a_given_tail_is_what_lies_beyond_each_limit():
    rows = draws(40)
    assert found(rows, tail=0.05).optimum == found(rows, level=0.9).optimum


def test_draws_that_are_all_the_estimate_leave_no_width():
    told = found(np.tile(CENTER, (5, 1)))
    best = plan(LAW)
    for name in OPTIMUM:
        assert told.optimum[name] == (getattr(best, name),) * 2


def test_draws_without_an_optimum_are_counted_and_left_out():
    rows = draws(20)
    rows[:3, 0] = 9.0  # a floor above the target
    told = found(rows, question=lambda law: planner.plan(law, Budget(target_loss=2.3)))
    assert (told.draws, told.without_plan) == (20, 3)
    assert told.optimum["flops"][0] < told.optimum["flops"][1] < np.inf


def test_there_is_no_interval_without_draws_or_if_half_of_them_have_no_optimum():
    assert found(draws(0)) is None
    rows = draws(20)
    rows[:10, 0] = 9.0
    assert found(rows, question=lambda law: planner.plan(law, Budget(target_loss=2.3))) is None


def test_wild_and_broken_draws_raise_no_error_or_warning():
    rows = np.vstack([draws(30), draws(12, spread=3.0), np.full((2, CENTER.size), np.nan)])
    told = found(rows)
    assert told.without_plan >= 2
    assert all(np.isfinite(limits).all() for limits in told.optimum.values())


def test_no_more_draws_are_planned_than_needed():
    calls = []

    def counted(law):
        calls.append(law)
        return plan(law)

    assert found(np.tile(CENTER, (MOST_DRAWS + 50, 1)), question=counted).draws == MOST_DRAWS
    assert len(calls) == MOST_DRAWS


@pytest.mark.parametrize("level", [0.0, 1.0, 95, np.nan])
def test_a_level_is_between_0_and_1(level):
    with pytest.raises(InputError, match=r"0\.95 means 95 %"):
        found(draws(3), level=level)
