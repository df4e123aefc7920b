"""Expected hypervolume improvement against Monte Carlo, quadrature and its limits."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import norm

from autotune.search import pareto
from autotune.search.native.acquisition import log_expected_improvement as one_dimensional
from autotune.search.native.hypervolume import Predicted, log_expected_improvement
from autotune.search.native.warp import Warp

LINE = Warp(least=0.1, bend=np.inf, centre=0.4, scale=0.7)
BENT = Warp(least=0.1, bend=0.3, centre=1.0, scale=0.5)
AT = np.array([1.05, 1.1])


def predicted(mean, deviation, warp):
    return Predicted(np.array([mean]), np.array([deviation]), warp)


def gains(values, y):
    """Hypervolume that each row of y adds: the undominated part of each stripe below it."""
    inside = values[(values < AT).all(axis=1)]
    best = inside[pareto.front(inside)]
    edges = np.concatenate([[-np.inf], best[:, 0], AT[:1]])
    heights = np.concatenate([AT[1:], best[:, 1]])
    widths = np.maximum(edges[1:] - np.maximum(edges[:-1], y[:, :1]), 0)
    return (widths * np.maximum(heights - y[:, 1:], 0)).sum(axis=1)


@settings(max_examples=25, deadline=None)
@given(
    rows=st.lists(st.tuples(st.floats(0, 1.2), st.floats(0, 1.2)), max_size=9),
    means=st.tuples(st.floats(-1.5, 1.5), st.floats(-1.5, 1.5)),
    deviations=st.tuples(st.floats(0.05, 1.5), st.floats(0.05, 1.5)),
    bent=st.tuples(st.booleans(), st.booleans()),
)
def test_it_is_the_mean_gain_of_many_draws(rows, means, deviations, bent):
    values = np.array(rows).reshape(-1, 2)
    warps = [BENT if each else LINE for each in bent]
    both = [predicted(*each) for each in zip(means, deviations, warps, strict=True)]
    closed = float(np.exp(log_expected_improvement(*both, values, AT)[0]))
    rng = np.random.default_rng(0)
    half = rng.standard_normal((200_000, 2))
    draws = np.concatenate([half, -half])
    y = np.stack(
        [w.inverse(m + s * draws[:, i]) for i, (m, s, w) in enumerate(
            zip(means, deviations, warps, strict=True)
        )],
        axis=1,
    )  # fmt: skip
    drawn = gains(values, y)
    error = drawn.std() / np.sqrt(len(drawn))
    unseen = 1e-7  # a gain so rare that none of the draws has it
    assert closed == pytest.approx(drawn.mean(), abs=6 * error + unseen)


def test_the_draws_gain_what_the_hypervolume_grows_by():
    """The Monte Carlo above rests on `gains`; this one on the hypervolume itself."""
    rng = np.random.default_rng(1)
    values, y = rng.random((6, 2)), rng.normal(0.5, 0.4, (300, 2))
    before = pareto.hypervolume(values, AT)
    grown = [pareto.hypervolume(np.concatenate([values, [row]]), AT) - before for row in y]
    assert gains(values, y) == pytest.approx(grown, abs=1e-12)


@given(mean=st.floats(-30, 3), deviation=st.floats(0.05, 2))
def test_a_certain_second_objective_leaves_expected_improvement_times_its_height(mean, deviation):
    """No front: one stripe, of width (r1 - Y1)+ and height r2 - Y2."""
    certain = predicted(LINE(np.array(0.6)), 1e-9, LINE)
    found = log_expected_improvement(
        predicted(mean, deviation, LINE), certain, np.empty((0, 2)), AT
    )
    single, _, _ = one_dimensional(np.array(mean), np.array(deviation), float(LINE(AT[0])))
    assert found[0] == pytest.approx(float(single) + np.log(LINE.scale * (AT[1] - 0.6)), abs=1e-6)


@pytest.mark.parametrize("level", [-0.15, 0.0, 0.2, 0.5, 3.0])
@pytest.mark.parametrize(("mean", "deviation"), [(-1.0, 0.3), (0.5, 0.05), (1.0, 1.5)])
def test_the_mean_below_a_level_is_its_integral_under_a_logarithmic_warp(level, mean, deviation):
    found = np.exp(predicted(mean, deviation, BENT).log_below(np.array([level]))[0, 0])

    def term(w):
        return max(level - float(BENT.inverse(np.array(w))), 0.0) * norm.pdf(w, mean, deviation)

    top = float(BENT(np.array(level)))
    low, high = mean - 12 * deviation, mean + 12 * deviation
    integral = quad(term, low, min(top, high), epsabs=0, limit=400)[0] if top > low else 0.0
    assert found == pytest.approx(integral, rel=1e-7, abs=1e-25)


@pytest.mark.parametrize("warp", [LINE, BENT])
def test_far_from_any_gain_the_logarithm_stays_finite_and_keeps_the_order(warp):
    means = np.linspace(50, 5, 200)
    deviations = np.full(200, 0.1)
    values = np.array([[0.2, 0.8], [0.5, 0.5]])
    score = log_expected_improvement(
        Predicted(means, deviations, warp), Predicted(means, deviations, warp), values, AT
    )
    assert np.isfinite(score).all()
    assert (np.diff(score) > 0).all()
    assert np.exp(score[0]) == 0.0  # the plain value would rank nothing here


def test_a_point_that_is_surely_dominated_is_worth_less_than_one_that_may_gain():
    values = np.array([[0.2, 0.2]])
    warped = LINE(np.array([0.9, 0.15]))
    both = Predicted(warped, np.full(2, 0.01), LINE)
    dominated, gaining = log_expected_improvement(both, both, values, AT)
    assert dominated < gaining - 50
    known = pareto.hypervolume(values, AT)
    gained = pareto.hypervolume(np.array([[0.15, 0.15]]), AT) - known
    assert np.exp(gaining) == pytest.approx(gained, rel=1e-3)


def test_what_lies_outside_the_reference_changes_nothing():
    inside = np.array([[0.3, 0.7], [0.6, 0.4]])
    outside = np.array([[1.3, 0.1], [0.1, 1.2], [2.0, 2.0]])
    both = Predicted(np.array([-0.5, 0.3]), np.array([0.4, 1.0]), LINE)
    alone = log_expected_improvement(both, both, inside, AT)
    found = log_expected_improvement(both, both, np.concatenate([outside, inside]), AT)
    assert found == pytest.approx(alone, rel=1e-12)
