"""A bracketed root: where it is, and how few evaluations it takes."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autotune.planning.roots import bracketed

CURVES = {
    "line": lambda x: x,
    "exponential": math.expm1,
    "cube": lambda x: x**3 + x / 100,
    "flat then steep": lambda x: math.expm1(9 * x),
    "infinite beyond": lambda x: x if x < 1 else math.inf,
}


@given(
    name=st.sampled_from(sorted(CURVES)), at=st.floats(-50, 50), low=st.floats(0.01, 5),
    high=st.floats(0.01, 5), rising=st.booleans(), turned=st.booleans(),
)  # fmt: skip
def test_the_root_is_found_from_either_end_in_few_evaluations(name, at, low, high, rising, turned):
    seen = []

    def function(x):
        seen.append(x)
        return CURVES[name](x - at) if rising else -CURVES[name](x - at)

    ends = (at - low, at + high)
    found = bracketed(function, ends[::-1] if turned else ends)
    assert found == pytest.approx(at, abs=2e-14 * (1 + abs(at)))
    assert len(seen) <= 60  # a bisection alone takes 50
    assert all(ends[0] <= x <= ends[1] for x in seen)


def test_a_smooth_curve_takes_a_dozen_evaluations():
    seen = []

    def function(x):
        seen.append(x)
        return math.cosh(x - 1) - 1.001  # one end of a near-optimal band

    assert bracketed(function, (1.0, 8.0)) == pytest.approx(1 + math.acosh(1.001), rel=1e-14)
    assert len(seen) <= 18


def test_an_end_that_is_the_root_is_returned():
    assert bracketed(lambda x: x, (0.0, 3.0)) == 0.0
    assert bracketed(lambda x: x, (-3.0, 0.0)) == 0.0


def test_where_rounding_leaves_no_change_of_sign_the_end_nearer_to_zero_is_returned():
    assert bracketed(lambda x: x - 3 - 1e-15, (0.0, 3.0)) == 3.0
    assert bracketed(lambda x: x + 1e-15, (0.0, 3.0)) == 0.0
