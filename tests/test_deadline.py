"""When a job starts no more trials, and when it leaves those that run."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autotune.deadline import Deadline, TrialTimes, default_margin

seconds = st.floats(0, 1e6)


@given(times=st.lists(seconds, min_size=1, max_size=200))
def test_the_percentile_is_numpys_nearest_rank_upwards(times):
    told = TrialTimes()
    for each in times:
        told.add(each)
    assert told.percentile == np.percentile(times, 95, method="inverted_cdf")


def test_before_the_first_trial_only_the_margin_counts():
    assert TrialTimes().percentile == 0
    deadline = Deadline(end=100.0, margin=10.0)
    assert not deadline.closes(89.9, 0.0)
    assert deadline.closes(90.1, 0.0)


@given(end=seconds, margin=seconds, now=seconds, trial=seconds, longer=seconds)
def test_a_trial_too_long_to_start_stays_so_later_and_if_it_were_longer(
    end, margin, now, trial, longer
):
    deadline = Deadline(end, margin)
    if deadline.closes(now, trial):
        assert deadline.closes(now + 1, trial)
        assert deadline.closes(now, trial + longer)
    if deadline.over(now):
        assert deadline.over(now + 1)
        assert margin == 0 or deadline.closes(now, trial)


@given(margin=st.floats(0.1, 1e5))
def test_a_trial_that_is_started_in_time_is_waited_for_and_time_is_left_to_save(margin):
    """It may take half the margin longer than expected, or all but 30 s of it."""
    deadline = Deadline(end=1e6, margin=margin)
    begins = 1e6 - margin - 500.0
    assert not deadline.closes(begins - 1, 500.0)
    assert deadline.closes(begins + 1, 500.0)
    assert not deadline.over(begins + 500.0)
    assert deadline.over(1e6 - min(30.0, margin / 2) + 1e-3)


@pytest.mark.parametrize(("walltime", "margin"), [(60, 6), (1800, 180), (36000, 300)])
def test_the_default_margin_is_a_tenth_of_the_time_and_five_minutes_at_most(walltime, margin):
    assert default_margin(walltime) == pytest.approx(margin)
