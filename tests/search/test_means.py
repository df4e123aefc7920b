"""Configurations by the mean of their trials."""

from math import isnan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autotune.search.means import means
from autotune.search.noise import Noise
from autotune.trials import Completed, Timing, Trial

NOW = Timing(0.0, "w0", 0.0, 0.0)


def trial(x, value, **metrics):
    return Completed(Trial(f"{x}-{value}", {"x": x}), float(value), NOW, metrics)


@given(st.lists(st.tuples(st.integers(0, 3), st.floats(-5, 5)), min_size=1, max_size=12))
def test_equal_noise_gives_plain_means_by_rising_value_and_errors_by_the_root_of_n(told):
    found = means([trial(*each) for each in told], Noise(0.3))
    assert sum(len(each.trials) for each in found) == len(told)
    assert [each.value for each in found] == sorted(each.value for each in found)
    for each in found:
        values = [one.value for one in each.trials]
        assert each.value == pytest.approx(sum(values) / len(values))
        assert each.error == pytest.approx(0.3 / len(values) ** 0.5)


def test_values_count_by_their_precision():
    """Two values of deviations 1 and 2: weights 4/5 and 1/5, error sqrt(4/5)."""
    (both,) = means([trial(0, 1, sd=1.0), trial(0, 6, sd=2.0)], Noise.parse("sd"))
    assert both.value == pytest.approx(2.0)
    assert both.error == pytest.approx(0.8**0.5)


def test_a_lucky_value_of_a_configuration_is_no_longer_the_best():
    told = [trial(0, 1.0), trial(1, 0.9), trial(1, 1.5)]
    best = means(told, Noise(0.2))[0]
    assert best.trials == (told[0],)


def test_a_value_without_noise_has_no_error_and_unknown_noise_says_so():
    assert means([trial(0, 1)], Noise(0.0))[0].error == 0.0
    assert isnan(means([trial(0, 1)], Noise.parse("sd"))[0].error)
