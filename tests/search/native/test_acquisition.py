"""Acquisitions against numeric integrals and differences; warps keep the order."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import norm

from autotune.search.native.acquisition import (
    confidence_bound,
    log_expected_improvement,
    log_h,
    log_probability_of_improvement,
)
from autotune.search.native.warp import warps

means, deviations = st.floats(-3, 3), st.floats(0.05, 3)


@given(mean=means, deviation=deviations)
def test_expected_improvement_is_the_integral(mean, deviation):
    value, _, _ = log_expected_improvement(np.array(mean), np.array(deviation), 0.5)
    integral, _ = quad(
        lambda f: max(0.5 - f, 0) * norm.pdf(f, mean, deviation), mean - 12 * deviation, 0.5
    ) if mean - 12 * deviation < 0.5 else (0.0, 0.0)  # fmt: skip
    if integral > 1e-12:
        assert np.exp(value) == pytest.approx(integral, rel=1e-4)


@pytest.mark.parametrize("z", [-2.0, -5.0, -20.0, -1e3, -1e6])
def test_far_below_the_best_the_logarithm_follows_its_expansion(z):
    """h(z) -> phi(z)/z^2 (1 - 3/z^2 + 15/z^4 - 105/z^6 ...) for z -> -infinity."""
    series = -0.5 * z * z - 0.5 * np.log(2 * np.pi) - 2 * np.log(-z)
    if z < -10:
        series += np.log1p(-3 / z**2 + 15 / z**4 - 105 / z**6)
        assert log_h(np.array(z)) == pytest.approx(series, rel=1e-9)
    exact, _ = quad(lambda u: norm.cdf(u), -40, z, epsabs=0, limit=400) if z > -8 else (0, 0)
    if exact:
        assert log_h(np.array(z)) == pytest.approx(np.log(exact), rel=1e-6)


@given(z=st.floats(-50, 10))
def test_the_logarithm_of_h_rises(z):
    below, above = log_h(np.array([z, z + 0.01]))
    assert below < above


@pytest.mark.parametrize(
    "gain",
    [
        lambda m, s: log_expected_improvement(m, s, 0.5),
        lambda m, s: log_probability_of_improvement(m, s, 0.5),
        lambda m, s: confidence_bound(m, s, 1.96),
    ],
)
@given(mean=means, deviation=deviations)
def test_slopes_match_differences(gain, mean, deviation):
    _, by_mean, by_deviation = gain(np.array(mean), np.array(deviation))
    step = 1e-6
    for at, slope in ((np.array([step, 0]), by_mean), (np.array([0, step]), by_deviation)):
        up, _, _ = gain(np.array(mean + at[0]), np.array(deviation + at[1]))
        down, _, _ = gain(np.array(mean - at[0]), np.array(deviation - at[1]))
        assert slope == pytest.approx((up - down) / (2 * step), rel=1e-3, abs=1e-4)


@given(values=st.lists(st.floats(-1e6, 1e6), min_size=3, max_size=20, unique=True))
def test_warps_keep_the_order_and_their_slope_is_its_logarithm(values):
    y = np.array(sorted(values))
    for warp in warps(y):
        bent = warp(y)
        assert (np.diff(bent) >= 0).all()
        step = 1e-5 * np.maximum(np.abs(y), 1.0)
        rise = (warp(y + step) - warp(y)) / step
        usable = (rise > 1e-9) & (np.diff(y, append=np.inf) > step)
        if usable.all() and np.isinf(warp.bend):
            assert warp.log_slope(y) == pytest.approx(np.log(rise).sum(), rel=1e-2, abs=1e-2)


def test_equal_values_have_one_warp():
    assert len(warps(np.full(5, 2.0))) == 1
