"""What outcomes say over time: the best so far, workers, and how trials ended."""

import numpy as np
import pytest
from hypothesis import given, settings
from made_studies import line_of_trials, outcomes

from autotune.history.best_so_far import progression
from autotune.history.failures import COMPLETED, endings
from autotune.history.workers import by_worker, utilisation
from autotune.trials import Completed, Failed


@settings(max_examples=20)
@given(outcomes())
def test_the_best_so_far_never_rises_and_ends_at_the_least(made):
    found = progression(made)
    known = found.best[~np.isnan(found.best)]
    assert (np.diff(known) <= 0).all()
    values = [each.value for each in made if isinstance(each, Completed)]
    if values:
        assert known[-1] == min(values)
        assert made[found.improvements[-1]].value == min(values)


@settings(max_examples=20)
@given(outcomes())
def test_between_improvements_the_best_stays(made):
    found = progression(made)
    for i in range(1, len(made)):
        stays = found.best[i] == found.best[i - 1] or np.isnan(found.best[i])
        assert bool(stays) is (i not in found.improvements)


def test_a_trial_that_does_not_count_is_never_the_best():
    made = line_of_trials(10)
    found = progression(made, lambda each: each.trial.config["depth"] > 2)
    assert all(made[i].trial.config["depth"] > 2 for i in found.improvements)
    assert np.isnan(found.value).sum() == sum(e.trial.config["depth"] <= 2 for e in made)


@settings(max_examples=20)
@given(outcomes(least=1))
def test_busy_time_in_all_spans_is_that_of_all_trials(made):
    """Where trials overlap on one worker, as no real ones do, a span's share stops at one."""
    used = utilisation(made)
    spent = (used.busy * np.diff(used.edges)).sum() * used.n_workers
    total = sum(each.timing.seconds for each in made)
    assert spent <= total * (1 + 1e-6) + 1e-4  # times of 1e9 s have steps of 1e-7 s
    if used.busy.max() < 1:
        assert spent == pytest.approx(total, rel=1e-6, abs=1e-4)


def test_two_workers_that_never_rest_are_busy_all_the_time():
    used = utilisation(line_of_trials(20))
    assert (used.n_workers, used.edges[-1]) == (2, 100.0)
    np.testing.assert_allclose(used.busy, 1.0)
    assert {len(mine) for mine in by_worker(line_of_trials(20)).values()} == {10}


def test_one_worker_of_two_that_rests_halves_what_is_used():
    made = line_of_trials(20)
    rested = [each for each in made if each.timing.worker == "w0" or each is made[1]]
    used = utilisation(rested, bins=10)
    np.testing.assert_allclose(used.busy, [1.0] + 9 * [0.5])


@settings(max_examples=20)
@given(outcomes(least=1))
def test_every_trial_ended_somehow_and_once(made):
    found = endings(made)
    assert sum(count.sum() for count in found.counts.values()) == len(made)
    failed = sum(isinstance(each, Failed) for each in made)
    assert found.counts[COMPLETED].sum() == len(made) - failed
