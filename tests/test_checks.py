import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autotune import checks
from autotune.errors import AutotuneError, InputError

HINT = "Do this."


@given(st.lists(st.floats(min_value=1e-300, max_value=1e300), min_size=0, max_size=20))
def test_positive_returns_positive_numbers_unchanged(values):
    assert checks.positive("x", values, hint=HINT).tolist() == values


@given(
    st.lists(st.floats(0.1, 10), min_size=1, max_size=9),
    st.sampled_from([0.0, -1.0, np.nan, np.inf, -np.inf]),
    st.data(),
)
def test_positive_names_the_first_bad_entry_wherever_it_is(values, bad, data):
    at = data.draw(st.integers(0, len(values)))
    values.insert(at, bad)
    with pytest.raises(InputError, match=rf"1 of {len(values)} values are not \(first: x\[{at}\]"):
        checks.positive("x", values, hint=HINT)


@pytest.mark.parametrize("bad", [-0.1, 1.0, np.nan, np.inf])
def test_a_fraction_lies_in_zero_to_one_exclusive(bad):
    assert checks.fraction("s", [0.0, 0.999], hint=HINT).tolist() == [0.0, 0.999]
    with pytest.raises(InputError, match=r"s must be in \[0, 1\), but it is not"):
        checks.fraction("s", bad, hint=HINT)


@pytest.mark.parametrize("bad", [0.5, np.nan, np.inf])
def test_a_lower_limit_is_inclusive(bad):
    assert checks.at_least("k", 1, 1, hint=HINT) == 1
    with pytest.raises(InputError, match=r"finite and >= 1.*Do this\."):
        checks.at_least("k", bad, 1, hint=HINT)


def test_an_unknown_name_is_answered_with_the_nearest_and_the_list():
    assert checks.one_of("law", "abnar2025", ["abnar2025"]) == "abnar2025"
    with pytest.raises(InputError, match=r"unknown law 'abnar'\. Did you mean 'abnar2025'\? Known"):
        checks.one_of("law", "abnar", ["hoffmann2022", "abnar2025"])


def test_an_input_error_is_a_value_error_and_one_of_ours():
    assert issubclass(InputError, ValueError)
    assert issubclass(InputError, AutotuneError)
