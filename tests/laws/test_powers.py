"""Powers of inputs that repeat."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from autotune.laws.powers import MANY, power


@given(
    base=arrays(np.float64, st.integers(1, 40), elements=st.sampled_from([0.25, 1.0, 3.5e9])),
    exponent=arrays(np.float64, (MANY, 1), elements=st.floats(-3, 3)),
)
def test_a_power_of_repeated_inputs_is_the_same_number(base, exponent) -> None:
    assert np.array_equal(power(base, exponent), base**exponent)


@pytest.mark.parametrize(
    ("base", "exponent"),
    [(np.arange(1.0, 9.0), np.ones((MANY, 1)) / 3), (np.array(2.0), 0.5), (np.ones((3, 2)), 2.0)],
    ids=["all distinct", "numbers", "no table of runs"],
)
def test_other_shapes_are_raised_as_they_are(base, exponent) -> None:
    assert np.array_equal(power(base, exponent), base**exponent)
