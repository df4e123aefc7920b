"""A prior in the process's mean: its algebra against the textbook, gradients, and its choice."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autotune.search.native import gaussian
from autotune.search.native.bowl import terms
from autotune.search.native.gaussian import condition, cost, fit
from autotune.search.native.hyper import Data, Hyper, Prior
from autotune.search.native.kernel import correlation, squared_distances
from autotune.search.native.surrogate import learn
from autotune.search.native.trend import FLAT, SLOPE_VARIANCE, trends
from autotune.search.native.warp import warps
from autotune.types import Floats

AT = Hyper(length=np.array([0.3, 0.6]), noise=0.01, bowl=0.2)


def planted(seed=0, n=25, k=2) -> tuple[Data, Floats]:
    """Points with k predictions after them, and values that the first of these explains."""
    rng = np.random.default_rng(seed)
    x, m = rng.random((n, 2)), rng.gamma(1.0, size=(n, k))
    y = 2 * m[:, 0] + 0.3 * np.sin(4 * x[:, 0]) if k else np.sin(4 * x[:, 0])
    return Data(np.concatenate([x, m], axis=1), y, np.arange(2)), m


@pytest.mark.parametrize("bend", [0, 1])
def test_the_posterior_is_that_of_a_mean_with_normal_slopes(bend):
    """y = c + sum of b_j t_j + f with b_j normal around 1/k is a process of its own kernel."""
    data, m = planted()
    trend = trends(m)[bend]
    process = condition(AT, data.x, data.y, trend)
    t, n = trend(m), len(data.y)
    scaled = data.x[:, :2] / AT.length
    bowl = AT.bowl * terms(data.x[:, :2])
    kernel = correlation(squared_distances(scaled, scaled)) + SLOPE_VARIANCE * t @ t.T
    kernel = kernel + bowl @ terms(data.x[:, :2]).T
    inverse = np.linalg.inv(kernel + (AT.noise + gaussian.JITTER) * np.eye(n))
    left = data.y - t.mean(axis=1)
    mean = inverse.sum(axis=0) @ left / inverse.sum()
    quadratic = (left - mean) @ inverse @ (left - mean)
    trust = gaussian.TRUST
    variance = (quadratic + trust * gaussian.RESIDUAL) / (n + trust)
    point = np.array([[0.2, 0.7, 0.4, 3.0]])
    there = trend(point[:, 2:])[0]
    cross = correlation(squared_distances(point[:, :2] / AT.length, scaled))[0]
    here = terms(point[:, :2])[0]
    cross = cross + SLOPE_VARIANCE * t @ there + bowl @ here
    own = 1 + SLOPE_VARIANCE * there @ there + AT.bowl * here @ here
    found, deviation = process.predict(point)
    expected = mean + there.mean() + cross @ inverse @ (left - mean)
    assert found[0] == pytest.approx(expected, rel=1e-8)
    assert deviation[0] ** 2 == pytest.approx(variance * (own - cross @ inverse @ cross), rel=1e-6)


@settings(deadline=None)
@given(seed=st.integers(0, 20), k=st.integers(0, 2))
def test_the_gradient_of_the_cost_matches_differences(seed, k):
    data, m = planted(seed, k=k)
    t = trends(m)[1](m) if k else m
    data = Data(np.concatenate([data.x[:, :2], t], axis=1), data.y, data.owner)
    at, prior = np.random.default_rng(seed).normal([-1, -0.5, -5, -1], 0.5), Prior(length=0.5)
    _, analytic = cost(at, data, prior)
    measured = [
        (cost(at + step, data, prior)[0] - cost(at - step, data, prior)[0]) / 2e-5
        for step in 1e-5 * np.eye(4)
    ]
    np.testing.assert_allclose(analytic, measured, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("which", [0, 1, 3, None])
def test_the_gradient_by_place_and_by_prediction_matches_differences(which):
    data, m = planted()
    process = condition(AT, data.x, data.y, FLAT if which is None else trends(m)[which])
    point = np.array([0.33, 0.61, 1.7, 0.4])
    mean, deviation, by_mean, by_deviation = process.gradient(point)
    assert (mean, deviation) == pytest.approx([v[0] for v in process.predict(point[None, :])])
    steps = 1e-5 * np.eye(4)
    up, down = process.predict(point + steps), process.predict(point - steps)
    np.testing.assert_allclose(by_mean, (up[0] - down[0]) / 2e-5, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(by_deviation, (up[1] - down[1]) / 2e-5, rtol=1e-3, atol=1e-6)


def test_a_point_appended_counts_like_one_known_from_the_start():
    data, m = planted()
    trend = trends(m)[0]
    whole = condition(AT, data.x, data.y, trend)
    grown = condition(AT, data.x[:-1], data.y[:-1], trend).append(data.x[-1:], data.y[-1:])
    np.testing.assert_allclose(grown.factor, whole.factor, atol=1e-8)
    left = data.y - trend.expected(trend(m)) - grown.mean
    np.testing.assert_allclose(
        grown.weights, np.linalg.solve(whole.factor @ whole.factor.T, left), rtol=1e-6
    )


@given(scale=st.floats(1e-3, 1e3), shift=st.floats(-1e3, 1e3), bend=st.integers(0, 4))
def test_the_unit_of_predictions_does_not_matter(scale, shift, bend):
    _, m = planted()
    other = scale * m + shift
    np.testing.assert_allclose(trends(other)[bend](other), trends(m)[bend](m), atol=1e-5)


@given(bend=st.integers(0, 4), seed=st.integers(0, 20))
def test_a_warp_has_an_inverse_and_a_slope_also_below_the_least_value(bend, seed):
    y = np.random.default_rng(seed).gamma(1.0, size=20)
    warp = warps(y)[bend]
    there = np.concatenate([y, y.min() - np.array([0.1, 1.0])])
    np.testing.assert_allclose(warp.inverse(warp(there)), there, rtol=1e-6, atol=1e-9)
    step = 1e-7
    measured = (warp(there + step) - warp(there - step)) / (2 * step)
    np.testing.assert_allclose(warp.slope(there), measured, rtol=1e-2)


def _known(trials: Data) -> Data:
    return Data(trials.x, np.ones(len(trials.y)), trials.owner)


def test_a_prior_that_explains_the_values_enters_the_mean_and_a_useless_one_does_not():
    data, _ = planted(n=40, k=1)
    assert learn(data, _known(data)).trended
    rng = np.random.default_rng(1)
    useless = np.concatenate([data.x[:, :2], rng.standard_normal((40, 1))], axis=1)
    smooth = Data(useless, np.sin(4 * data.x[:, 0]) + data.x[:, 1] ** 2, data.owner)
    assert not learn(smooth, _known(smooth)).trended


def test_a_prior_goes_with_mild_warps_alone():
    """A strong bend makes one outlier of the best of four values, whatever the others are."""
    rng = np.random.default_rng(0)
    m = np.array([0.0, 1.1, 0.9, 1.4])
    data = Data(
        np.concatenate([rng.random((4, 2)), m[:, None]], axis=1), m[[0, 2, 3, 1]], np.arange(2)
    )
    shape = learn(data, _known(data))
    assert shape.trended
    assert shape.bend < 2


def test_a_few_values_on_a_line_leave_the_process_unsure_elsewhere():
    data, m = planted(n=4, k=1)
    line = Data(data.x, 3 * m[:, 0] + 1, data.owner)
    trend = trends(m)[0]
    y = warps(line.y)[0](line.y)
    start = np.log([[0.3, 0.3, 1e-5, 0.1]])
    found, _ = fit(
        Data(line.x, y, line.owner), Prior(length=0.5), start, rounds=20, trend=trend
    )  # fmt: skip
    hyper = Hyper.of(found, line.owner)
    _, deviation = condition(hyper, line.x, y, trend).predict(np.array([[0.9, 0.05, 1.0]]))
    assert deviation[0] > 0.02
