"""Several values of one point and known noise: the pooled process is the unpooled one."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autotune.search.native.fidelity_search import learned
from autotune.search.native.gaussian import condition, cost, fit
from autotune.search.native.hyper import Data, Hyper, Prior
from autotune.search.native.path import drawn
from autotune.search.native.replicates import Replicates, levels, rows, variances
from autotune.search.native.surrogate import learn, resting, surrogate
from autotune.search.native.trend import FLAT, trends
from autotune.search.native.warp import warps

PRIOR = Prior(length=0.5)
OWNER = np.arange(3)


def told(seed, *, known=False, prior=False, noise=0.1):
    """Twelve points of which some have several values; what is known of their noise."""
    rng = np.random.default_rng(seed)
    points = rng.random((12, 3 + prior))
    row = np.concatenate([np.arange(12), rng.integers(0, 12, 20)])
    y = np.sin(4 * points[row, 0]) + points[row, 1] ** 2 + noise * rng.standard_normal(32)
    return points, row, y, rng.uniform(0.0, 0.05, 32) if known else None


def pooled_and_not(seed, **kind):
    points, row, y, known = told(seed, **kind)
    each = None if known is None else Replicates(np.arange(32), known)
    return Data(points, y, OWNER, Replicates(row, known)), Data(points[row], y, OWNER, each)


def at(seed, *, known):
    """Logarithms of lengths, noise and bowl, of the signal variance as well if noise is known."""
    centre = [-1, -0.5, -0.2, -4, -1, 0.7] if known else [-1, -0.5, -0.2, -4, -1]
    return np.random.default_rng(seed).normal(centre, 0.3)


@settings(deadline=None, max_examples=20)
@given(seed=st.integers(0, 30), known=st.booleans(), prior=st.booleans())
def test_pooling_changes_neither_the_cost_nor_its_gradient(seed, known, prior):
    pooled, single = pooled_and_not(seed, known=known, prior=prior)
    vector = at(seed, known=known)
    (cost_one, by_one), (cost_other, by_other) = (
        cost(vector, data, PRIOR) for data in (pooled, single)
    )
    assert cost_one == pytest.approx(cost_other, abs=1e-6)
    np.testing.assert_allclose(by_one, by_other, atol=1e-5)


@settings(deadline=None, max_examples=20)
@given(seed=st.integers(0, 30), known=st.booleans(), prior=st.booleans())
def test_the_gradient_of_the_cost_matches_differences(seed, known, prior):
    pooled, _ = pooled_and_not(seed, known=known, prior=prior)
    vector = at(seed, known=known)
    measured = [
        (cost(vector + step, pooled, PRIOR)[0] - cost(vector - step, pooled, PRIOR)[0]) / 2e-5
        for step in 1e-5 * np.eye(len(vector))
    ]
    np.testing.assert_allclose(cost(vector, pooled, PRIOR)[1], measured, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("known", [False, True])
@pytest.mark.parametrize("prior", [False, True])
def test_pooling_changes_neither_mean_nor_deviation(known, prior):
    pooled, single = pooled_and_not(0, known=known, prior=prior)
    hyper, trend = Hyper.of(at(0, known=known), OWNER), FLAT
    if prior:
        trend = trends(pooled.x[:, 3:])[0]
    one, other = (condition(hyper, d.x, d.y, trend, d.replicates) for d in (pooled, single))
    assert len(one.y) == 12
    assert one.variance == pytest.approx(other.variance, rel=1e-6)
    points = np.random.default_rng(1).random((9, 3 + prior))
    more = points[:2] * 0.9, np.array([0.3, 0.4])
    for a, b in [(one, other), (one.append(*more), other.append(*more))]:
        np.testing.assert_allclose(a.predict(points)[0], b.predict(points)[0], atol=1e-6)
        np.testing.assert_allclose(a.predict(points)[1], b.predict(points)[1], rtol=1e-6)


@pytest.mark.parametrize("known", [False, True])
def test_a_fit_about_a_prior_is_that_of_the_values_one_by_one(known):
    starts = at(1, known=known)[None, :]
    pooled, single = pooled_and_not(1, known=known, prior=True)
    trend = trends(pooled.x[:, 3:])[0]
    (one, likely), (other, as_likely) = (
        fit(data, PRIOR, starts, rounds=200, trend=trend) for data in (pooled, single)
    )
    assert likely == pytest.approx(as_likely, abs=1e-3)
    np.testing.assert_allclose(one[:-1], other[:-1], atol=0.1)


def test_the_next_value_teaches_less_where_known_noise_is_larger():
    points, _, y, _ = told(0)
    hyper = Hyper(length=np.full(3, 0.4), noise=1e-6, bowl=0.1, variance=1.0)
    here = np.array([[0.5, 0.5, 0.5]])
    steps = []
    for sd in (0.1, 0.5):
        known = Replicates(np.arange(12), np.full(12, sd**2))
        process = condition(hyper, points, y[:12], FLAT, known)
        _, deviation = process.predict(here)
        steps.append(learned(process, here, here)[0])
        assert steps[-1] == pytest.approx(
            deviation[0] ** 2 / np.sqrt(deviation[0] ** 2 + sd**2), rel=1e-4
        )
    assert steps[1] < steps[0]


def test_known_noise_adds_its_variance_to_the_diagonal():
    """Mean and variance of the textbook with K = s2 (k + noise) + diag(known)."""
    points, _, y, known = told(0, known=True)
    y, known = y[:12], known[:12]
    hyper = Hyper(length=np.full(3, 0.4), noise=1e-3, bowl=1e-6, variance=2.5)
    process = condition(hyper, points, y, FLAT, Replicates(np.arange(12), known))
    plain = condition(Hyper(length=hyper.length, noise=1e-9, bowl=1e-6), points, np.zeros(12))
    signal = 2.5 * (plain.covariance(points))
    inverse, ones = np.linalg.inv(signal + np.diag(2.5 * (1e-3 + 1e-10) + known)), np.ones(12)
    mean = ones @ inverse @ y / (ones @ inverse @ ones)
    new = np.random.default_rng(1).random((5, 3))
    cross = 2.5 * plain.covariance(new)
    np.testing.assert_allclose(
        process.predict(new)[0], mean + cross @ inverse @ (y - mean), rtol=1e-8
    )
    left = 2.5 * plain.prior(new) - np.einsum("mn,nk,mk->m", cross, inverse, cross)
    np.testing.assert_allclose(process.predict(new)[1] ** 2, left, rtol=1e-6)


def test_points_appended_are_as_noisy_as_the_median_of_those_known():
    points, _, y, known = told(0, known=True)
    y, known = y[:12], known[:12]
    hyper = Hyper(length=np.full(3, 0.4), noise=1e-3, bowl=0.1, variance=2.5)
    process = condition(hyper, points, y, FLAT, Replicates(np.arange(12), known))
    more = np.random.default_rng(1).random((2, 3))
    grown = process.append(more, np.array([0.3, 0.4]))
    both, noise = np.concatenate([points, more]), np.append(known, [np.median(known)] * 2)
    whole = condition(hyper, both, grown.y, FLAT, Replicates(np.arange(14), noise))
    np.testing.assert_allclose(grown.factor, whole.factor, atol=1e-8)
    np.testing.assert_allclose(grown.noise, whole.noise, rtol=1e-9)


def test_the_cost_at_the_profiled_variance_is_the_profiled_cost():
    """Known noise of nothing is no noise known."""
    for prior in (False, True):
        data, _ = pooled_and_not(3, prior=prior)
        vector = at(3, known=False)
        none = Data(data.x, data.y, OWNER, Replicates(data.replicates.row, np.zeros(32)))
        profile = [cost(np.append(vector, log), none, PRIOR)[0] for log in np.linspace(-6, 3, 4000)]
        assert min(profile) == pytest.approx(cost(vector, data, PRIOR)[0], abs=1e-4)


def test_a_fit_finds_the_noise_that_replicates_show_and_none_beyond_what_is_known():
    points, row, y, _ = told(5, noise=0.1)
    start = np.log([[0.3, 0.3, 0.3, 1e-3, 0.1]])
    vector, _ = fit(Data(points, y, OWNER, Replicates(row)), PRIOR, start, rounds=60)
    found = condition(Hyper.of(vector, OWNER), points, y, FLAT, Replicates(row))
    assert np.sqrt(found.hyper.noise * found.variance) == pytest.approx(0.1, rel=0.35)
    known = Replicates(row, np.full(32, 0.1**2))
    started = np.concatenate([start, [[0.0]]], axis=1)
    vector, _ = fit(Data(points, y, OWNER, known), PRIOR, started, rounds=60)
    beyond = Hyper.of(vector, OWNER)
    assert np.sqrt(beyond.noise * beyond.variance) < 0.03


def test_a_path_spreads_as_the_posterior_of_unequal_noise():
    points, row, y, known = told(2, known=True)
    known = np.where(row == 3, 1.0, known)
    model = condition(Hyper.of(at(2, known=True), OWNER), points, y, FLAT, Replicates(row, known))
    rng = np.random.default_rng(0)
    values = np.stack([drawn(model, rng).predict(points)[0] for _ in range(2000)])
    mean, deviation = model.predict(points)
    assert (values.mean(axis=0) - mean) / deviation == pytest.approx(0, abs=0.1)
    assert values.std(axis=0) / deviation == pytest.approx(1, abs=0.1)


def test_a_point_known_well_outweighs_one_known_badly():
    points, y = np.array([[0.5, 0.5, 0.5]] * 2 + [[0.1, 0.2, 0.3]]), np.array([0.0, 1.0, 3.0])
    data = resting(points, y, OWNER, np.array([1e-4, 1.0, 1e-4]), most=9, seed=0)
    hyper = Hyper(length=np.full(3, 0.4), noise=1e-9, bowl=0.1, variance=1.0)
    process = condition(hyper, data.x, data.y, FLAT, data.replicates)
    assert process.y == pytest.approx([0.0, 3.0], abs=1e-3)
    swapped = resting(points, y, OWNER, np.array([1.0, 1e-4, 1e-4]), most=9, seed=0)
    process = condition(hyper, swapped.x, swapped.y, FLAT, swapped.replicates)
    assert process.y == pytest.approx([1.0, 3.0], abs=1e-3)


def test_a_warp_stretches_known_noise_by_its_slope():
    rng = np.random.default_rng(0)
    points = rng.random((40, 3))
    y = np.exp(8 * points[:, 0])
    ones = Data(points, np.ones(40), OWNER)
    data = resting(points, y, OWNER, np.full(40, 4.0), most=99, seed=0)
    model = surrogate(learn(data, ones), data, ones, cautious=False)
    assert np.isfinite(model.warp.bend)
    extra, signal = model.process.hyper.noise, model.process.variance
    expected = (2.0 * model.warp.slope(y)) ** 2 / signal + extra
    np.testing.assert_allclose(model.process.noise, expected, rtol=1e-9)


def test_the_points_kept_of_a_long_record_keep_all_their_values():
    rng = np.random.default_rng(0)
    points = rng.random((30, 3))
    row = np.repeat(np.arange(30), 2)
    lucky = np.array([[-9.0, 9.0], [9.0, -9.0]])[np.arange(30) % 2].ravel()  # first or second
    y = lucky + 10 * points[row, 0]
    data = resting(points[row], y, OWNER, most=8, seed=0)
    assert len(data.x) == 8
    assert np.bincount(data.replicates.row).tolist() == [2] * 8
    mean = np.bincount(data.replicates.row, data.y) / 2
    np.testing.assert_allclose(mean, 10 * data.x[:, 0])
    best = np.sort(points[:, 0])[:2]
    assert set(best) <= set(data.x[:, 0])


def test_without_replicates_or_known_noise_the_data_are_plain():
    rng = np.random.default_rng(0)
    data = resting(rng.random((9, 3)), rng.random(9), OWNER, most=5, seed=0)
    assert data.replicates is None
    assert len(data.y) == 5


def test_rows_count_points_in_the_order_they_came():
    points = np.array([[0.2, 0.1], [0.5, 0.5], [0.2, 0.1], [0.1, 0.2]])
    assert rows(points).tolist() == [0, 1, 0, 2]
    assert rows(points[1:]) is None


def test_a_level_is_the_mean_of_what_has_a_value_weighted_by_precision():
    points = np.array([[0.2], [0.5], [0.2], [0.2], [0.9]])
    values = np.array([1.0, 5.0, 2.0, np.nan, np.nan])
    np.testing.assert_array_equal(levels(points, values), [1.5, 5.0, 1.5, np.nan, np.nan])
    noise = np.array([1.0, 1.0, 2.0, np.nan, np.nan])
    np.testing.assert_allclose(levels(points, values, noise), [1.2, 5.0, 1.2, np.nan, np.nan])
    noise = np.array([0.0, 1.0, 2.0, 1.0, 1.0])
    np.testing.assert_allclose(levels(points, values, noise)[0], 1.0, atol=1e-9)


def test_an_unknown_deviation_counts_as_the_median_of_those_known():
    assert variances(np.array([1.0, np.nan, 3.0, 2.0])).tolist() == [1.0, 4.0, 9.0, 4.0]
    assert variances(np.array([np.nan, np.nan])) is None


def test_no_logarithm_sets_in_near_the_noise():
    y = np.linspace(0.0, 8.0, 9)  # quartiles 4 apart
    assert [warp.bend for warp in warps(y)] == pytest.approx([np.inf, 4.0, 0.4, 0.04, 0.004])
    assert [warp.bend for warp in warps(y, 1e-2)] == pytest.approx([np.inf, 4.0, 0.4, 0.1])
    assert [warp.bend for warp in warps(y, 1.0)] == pytest.approx([np.inf, 10.0])
    assert len(warps(np.zeros(3), 1.0)) == 1


def test_a_process_of_known_noise_takes_no_sharper_warp():
    rng = np.random.default_rng(0)
    points = rng.random((60, 3))
    y = np.exp(9 * points[:, 0])
    ones = Data(points, np.ones(60), OWNER)
    bends = []
    for sd in (1e-3, 50.0):
        data = resting(points, y, OWNER, np.full(60, sd**2), most=99, seed=0)
        bends.append(surrogate(learn(data, ones), data, ones, cautious=False).warp.bend)
    assert bends[0] < 500 <= bends[1]
