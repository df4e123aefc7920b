"""What a further run of a configuration tells, beside a run elsewhere."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_beliefs import few_runs

from autotune.suggestion.noise import Noise, counted, seed_noise, split

deviations = st.floats(1e-4, 0.1)


@given(seed=deviations, misfit=deviations, known=st.integers(1, 50))
def test_a_repeated_run_tells_less_than_a_new_one(seed, misfit, known):
    new, repeated = Noise(seed, misfit).variance(np.array([0, known]), 1)
    assert repeated > new


@given(seed=deviations, misfit=deviations, known=st.integers(1, 50))
def test_the_more_is_known_of_a_configuration_the_less_another_run_tells(seed, misfit, known):
    some, more = Noise(seed, misfit).variance(np.array([known, known + 1]), 1)
    assert more > some


@given(seed=deviations, misfit=deviations, added=st.integers(1, 20))
def test_replicates_never_tell_more_than_the_misfit_they_share(seed, misfit, added):
    assert Noise(seed, misfit).variance(np.array([0]), added)[0] >= misfit**2


@given(sigma=deviations, seed=st.none() | deviations)
def test_noise_and_misfit_add_up_to_no_less_than_the_deviation_seen(sigma, seed):
    found = split(sigma, seed)
    assert found.seed**2 + found.misfit**2 >= sigma**2 * (1 - 1e-9)


def test_replicates_give_the_noise_between_seeds():
    table = few_runs(size=6)
    twice = table.take(np.array([0, 0, 1, 1, 2, 3]))
    loss = twice.loss * np.exp([0.01, -0.01, 0.01, -0.01, 0, 0])
    assert seed_noise(replace(twice, loss=loss)) == pytest.approx(0.01 * 2**0.5)
    assert seed_noise(table) is None
    assert counted(twice, table).tolist() == [2, 2, 1, 1, 0, 0]
