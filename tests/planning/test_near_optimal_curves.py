"""Curves of the loss over a shape: the ends of a band lie at the tolerance, nothing lies below."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autotune.errors import InputError
from autotune.planning.near_optimal_curves import DensityCurve, ExpansionCurve, Parabola

positive = st.floats(1e-3, 10)
tolerances = st.floats(1e-4, 0.05)
densities = st.builds(DensityCurve, a=positive, b=positive, c=st.floats(0, 3))
expansions = st.builds(
    ExpansionCurve, a=positive, b=positive, c=st.floats(0, 3), limit=st.floats(4, 60)
)


@given(curve=densities | expansions, tolerance=tolerances)
def test_the_loss_at_both_ends_is_the_least_and_its_tolerance(curve, tolerance):
    least = curve.loss(curve.best)
    low, high = curve.band(tolerance)
    assert low < curve.best < high
    assert curve.loss(low) == pytest.approx((1 + tolerance) * least, rel=1e-9)
    assert curve.loss(high) == pytest.approx((1 + tolerance) * least, rel=1e-9)


@given(curve=densities | expansions, tolerance=tolerances, at=st.floats(0.001, 0.999))
def test_no_value_of_a_band_has_less_loss_than_the_best(curve, tolerance, at):
    low, high = curve.band(tolerance)
    x = low + at * (high - low)
    least = curve.loss(curve.best)
    assert least * (1 - 1e-12) <= curve.loss(x) <= least * (1 + tolerance) * (1 + 1e-9)


@given(curve=densities | expansions, tolerance=tolerances)
def test_a_larger_tolerance_makes_a_wider_band(curve, tolerance):
    (low, high), (lower, higher) = curve.band(tolerance), curve.band(2 * tolerance)
    assert lower < low
    assert higher > high


@given(least=positive, k=positive, tolerance=tolerances)
def test_a_parabola_widens_as_its_curvature_falls(least, k, tolerance):
    low, high = Parabola(least=least, k=k, best=1000).band(tolerance)
    assert k * (high - 1000) ** 2 == pytest.approx(tolerance * least, rel=1e-6)
    assert low + high == pytest.approx(2000)
    flat_low, flat_high = Parabola(least=least, k=k / 4, best=1000).band(tolerance)
    assert flat_high - flat_low == pytest.approx(2 * (high - low), rel=1e-6)


@given(limit=st.floats(4, 60), a=positive)
def test_the_best_expansion_is_half_way_between_equal_poles(limit, a):
    assert ExpansionCurve(a=a, b=a, c=1, limit=limit).best == pytest.approx((1 + limit) / 2)


def test_the_best_density_is_six_and_the_root_of_a_over_b():
    assert DensityCurve(a=0.4, b=0.1, c=2).best == pytest.approx(8)


@pytest.mark.parametrize(
    ("curve", "says"),
    [(DensityCurve(a=-1, b=1, c=0), "a is -1"), (Parabola(least=2, k=0, best=1), "k is 0"),
     (ExpansionCurve(a=1, b=1, c=0, limit=1), "limit - 1 is 0")],
)  # fmt: skip
def test_a_curve_without_a_minimum_has_no_band(curve, says):
    with pytest.raises(InputError, match=says):
        curve.band(1e-3)
