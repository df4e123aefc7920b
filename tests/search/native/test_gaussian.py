"""The Gaussian process: its algebra against the textbook, its gradients against differences."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autotune.search.native.bowl import slopes, terms
from autotune.search.native.gaussian import condition, cost, fit
from autotune.search.native.hyper import Data, Hyper, Prior
from autotune.search.native.kernel import correlation, squared_distances, with_slope
from autotune.search.native.pool import Pool

PRIOR = Prior(length=0.5)


def planted(seed=0, n=30, d=3, noise=0.0):
    rng = np.random.default_rng(seed)
    x = rng.random((n, d))
    y = np.sin(4 * x[:, 0]) + x[:, 1] ** 2 + noise * rng.standard_normal(n)
    return Data(x, y, np.arange(d))


def hyper(*length, noise=1e-6, bowl=0.3):
    return Hyper(length=np.array(length), noise=noise, bowl=bowl)


def covariance(a, b, at):
    """Over signal variance: Matern-5/2 and a bowl whose coefficients are normal."""
    between = squared_distances(a / at.length, b / at.length)
    return correlation(between) + at.bowl * terms(a) @ terms(b).T


@given(r=st.floats(0.0, 30.0))
def test_correlation_is_one_at_no_distance_and_falls(r):
    here, beyond = correlation(np.array([r**2, (1.01 * r + 1e-3) ** 2]))
    assert 0 <= beyond < here <= 1


@given(r=st.floats(0.01, 10.0))
def test_the_slope_is_minus_twice_the_derivative_by_the_squared_distance(r):
    step = 1e-6 * r**2
    up, down = correlation(np.array([r**2 + step, r**2 - step]))
    _, slope = with_slope(np.array(r**2))
    assert slope == pytest.approx(-2 * (up - down) / (2 * step), rel=1e-4)


def test_the_posterior_is_that_of_the_textbook():
    """Mean by generalised least squares, variance given hyperparameters (Rasmussen, eq. 2.25)."""
    data, at = planted(noise=0.1), hyper(0.3, 0.6, 2.0, noise=0.05)
    process = condition(at, data.x, data.y)
    k = covariance(data.x, data.x, at) + (0.05 + 1e-10) * np.eye(30)
    inverse, ones = np.linalg.inv(k), np.ones(30)
    mean = ones @ inverse @ data.y / (ones @ inverse @ ones)
    point = np.array([[0.2, 0.7, 0.4]])
    cross, own = covariance(point, data.x, at)[0], covariance(point, point, at)[0, 0]
    variance = (data.y - mean) @ inverse @ (data.y - mean) / 30
    found, deviation = process.predict(point)
    assert found[0] == pytest.approx(mean + cross @ inverse @ (data.y - mean), rel=1e-8)
    assert deviation[0] ** 2 == pytest.approx(variance * (own - cross @ inverse @ cross), rel=1e-6)


def test_without_noise_it_passes_through_the_values_and_is_sure_of_them():
    data = planted()
    mean, deviation = condition(hyper(0.4, 0.8, 3.0, noise=1e-9), data.x, data.y).predict(data.x)
    np.testing.assert_allclose(mean, data.y, atol=1e-5)
    assert deviation.max() < 1e-3


@settings(deadline=None)
@given(seed=st.integers(0, 30))
def test_the_gradient_of_the_cost_matches_differences(seed):
    data = planted(seed, noise=0.05)
    shared = Data(data.x, data.y, np.array([0, 1, 1]))
    at = np.random.default_rng(seed).normal([-1, -0.5, -5, -1], 0.5)
    _, analytic = cost(at, shared, PRIOR)
    measured = [
        (cost(at + step, shared, PRIOR)[0] - cost(at - step, shared, PRIOR)[0]) / 2e-5
        for step in 1e-5 * np.eye(4)
    ]
    np.testing.assert_allclose(analytic, measured, rtol=1e-3, atol=1e-3)


def test_the_gradient_of_mean_and_deviation_matches_differences():
    data = planted()
    process = condition(hyper(0.3, 0.6, 2.0), data.x, data.y)
    point = np.array([0.33, 0.61, 0.2])
    mean, deviation, by_mean, by_deviation = process.gradient(point)
    assert (mean, deviation) == pytest.approx([v[0] for v in process.predict(point[None, :])])
    steps = 1e-5 * np.eye(3)
    up, down = process.predict(point + steps), process.predict(point - steps)
    np.testing.assert_allclose(by_mean, (up[0] - down[0]) / 2e-5, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(by_deviation, (up[1] - down[1]) / 2e-5, rtol=1e-3, atol=1e-6)


def test_points_appended_count_like_ones_known_from_the_start():
    data, at = planted(), hyper(0.3, 0.6, 2.0, noise=1e-3)
    whole = condition(at, data.x, data.y)
    grown = condition(at, data.x[:-4], data.y[:-4]).append(data.x[-4:], data.y[-4:])
    np.testing.assert_allclose(grown.factor, whole.factor, atol=1e-8)
    points = np.random.default_rng(1).random((5, 3))
    # the mean and the variance stay as they were: only the data grow
    solved = np.linalg.solve(whole.factor @ whole.factor.T, data.y - grown.mean)
    expected = grown.mean + covariance(points, data.x, at) @ solved
    np.testing.assert_allclose(grown.predict(points)[0], expected, rtol=1e-6)


@given(added=st.lists(st.integers(1, 4), max_size=4))
def test_a_pool_follows_a_growing_process(added):
    data, at = planted(), hyper(0.3, 0.6, 2.0, noise=1e-3)
    points = np.random.default_rng(1).random((7, 3))
    process = condition(at, data.x[:10], data.y[:10])
    pool, n = Pool.of(points, points, np.zeros(7), process), 10
    for count in added:
        process = process.append(data.x[n : n + count], data.y[n : n + count])
        pool, n = pool.grown(process), n + count
    mean, deviation = process.predict(points)
    np.testing.assert_allclose(pool.mean, mean, rtol=1e-8)
    np.testing.assert_allclose(pool.deviation(process), deviation, rtol=1e-6)


@given(st.lists(st.floats(0.01, 0.99), min_size=1, max_size=5))
def test_slopes_are_the_derivatives_of_the_bowls_terms(point):
    x = np.array(point)
    up, down = terms((x + 1e-6)[None, :])[0], terms((x - 1e-6)[None, :])[0]
    np.testing.assert_allclose(slopes(x), (up - down) / 2e-6, atol=1e-8)


def test_a_parabola_is_known_far_from_where_it_was_seen():
    """What the bowl is for: a bowl is learned from its rim."""
    rng = np.random.default_rng(0)
    x = rng.random((40, 6))
    x = x[np.abs(x - 0.5).max(axis=1) > 0.3]
    y = ((x - 0.4) ** 2).sum(axis=1)
    starts = np.log([[*[0.5] * 6, 1e-5, 1.0]])
    found, _ = fit(Data(x, y, np.arange(6)), PRIOR, starts, rounds=50)
    mean, _ = condition(Hyper.of(found, np.arange(6)), x, y).predict(np.full((1, 6), 0.4))
    assert abs(mean[0]) < 0.01 * np.ptp(y)


def test_lengths_tell_what_matters_and_noise_is_estimated():
    rng = np.random.default_rng(0)
    x = rng.random((120, 2))
    data = Data(x, np.sin(6 * x[:, 0]) + 0.1 * rng.standard_normal(120), np.arange(2))
    vector, _ = fit(data, PRIOR, np.log([[0.3, 0.3, 1e-3, 0.1]]), rounds=50)
    found = Hyper.of(vector, data.owner)
    assert found.length[1] > 3 * found.length[0]
    process = condition(found, data.x, data.y)
    assert np.sqrt(found.noise * process.variance) == pytest.approx(0.1, rel=0.3)


def test_features_of_one_parameter_share_a_length():
    data = planted(d=4)
    owner = np.array([0, 1, 1, 1])
    vector, _ = fit(Data(data.x, data.y, owner), PRIOR, np.zeros((1, 4)) - 1, rounds=20)
    found = Hyper.of(vector, owner)
    assert found.length[1] == found.length[2] == found.length[3] != found.length[0]
