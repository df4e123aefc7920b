"""How far ahead proposals are made: not at all for long trials, and enough for short ones."""

from statistics import median

from hypothesis import given
from hypothesis import strategies as st

from autotune.evaluators.mpi_pace import (
    BURST_SECONDS,
    GATHER_SECONDS,
    LITTLE,
    MEASURED,
    MOST_HELD,
    OVERHEAD_SECONDS,
    SHORT_SECONDS,
    Pace,
    burst,
)

seconds = st.floats(1e-5, 1e4)


def pace(trial, proposal):
    made = Pace()
    for _ in range(MEASURED):
        made.outcome(trial)
        made.proposal(proposal)
    return made


@given(seconds, st.integers(1, 20))
def test_no_proposal_is_made_ahead_of_trials_of_few_workers_that_are_far_longer(trial, workers):
    assert pace(trial, trial / 220).ahead(workers) == 0


@given(seconds, st.integers(200, 10_000))
def test_where_many_workers_queue_for_proposals_they_are_made_ahead_of_long_trials_too(
    trial, workers
):
    ahead = pace(trial, trial / 220).ahead(workers)
    assert ahead >= 4 * workers / 220


@given(seconds, seconds, st.integers(1, 10_000))
def test_what_is_ahead_lasts_over_a_proposal_and_is_no_more_than_one_a_worker(
    trial, proposal, workers
):
    ahead = pace(trial, proposal).ahead(workers)
    assert 0 <= ahead <= workers
    if proposal > trial / 100:
        assert ahead >= min(workers, workers * proposal / trial)


@given(seconds, seconds)
def test_longer_trials_are_never_held_in_greater_number(one, other):
    short, long = sorted((one, other))
    assert pace(short, 0.0).held() >= pace(long, 0.0).held()
    assert pace(short, 0.0).held() <= MOST_HELD


def test_a_worker_holds_nothing_beside_trials_of_half_a_second_and_a_trial_beside_shorter_ones():
    assert pace(0.5, 0.0).held() == 0
    assert pace(0.4, 0.0).held() == 1
    assert pace(1e-4, 0.0).held() == MOST_HELD


@given(seconds, seconds)
def test_the_manager_sleeps_for_no_longer_than_a_worker_would_notice(trial, proposal):
    nap = pace(trial, proposal).nap
    assert 0 < nap <= GATHER_SECONDS
    assert trial < SHORT_SECONDS or nap <= LITTLE * trial * (1 + 1e-9)


def test_nothing_is_concluded_from_few_outcomes():
    made = Pace()
    for _ in range(MEASURED - 1):
        made.outcome(1e-4)
        made.proposal(1.0)
    assert (made.ahead(8), made.held(), made.nap) == (0, 0, 0.0)
    assert burst([1e-5] * (MEASURED - 1)) == 1


def test_one_slow_proposal_is_remembered_for_a_while():
    made = pace(1.0, 0.001)
    assert made.ahead(100) == 0
    made.proposal(0.1)
    for _ in range(10):
        made.proposal(0.001)
    assert made.ahead(100) > 20
    for _ in range(500):
        made.proposal(0.001)
    assert made.ahead(100) == 0


@given(st.lists(seconds, min_size=MEASURED, max_size=MEASURED))
def test_a_child_is_handed_several_trials_only_where_most_of_the_last_were_very_short(lately):
    assert (burst(lately) > 1) == (median(lately) + OVERHEAD_SECONDS <= BURST_SECONDS / 2)
