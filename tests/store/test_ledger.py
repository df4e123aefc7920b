"""What is said of a trial does not depend on the order in which journals are read."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from autotune.store.ledger import Ledger
from autotune.store.records import Begun, Withdrawn
from autotune.trials import Completed, Timing, Trial

JOBS = ("0001", "0002", "0003")


@st.composite
def histories(draw):
    """Journals of three jobs: each trial begun by one of them, again by later ones, or recorded."""
    journals = {job: [] for job in JOBS}
    for number in range(draw(st.integers(0, 4))):
        first = draw(st.integers(0, 2))
        for attempt, job in enumerate(JOBS[first : first + draw(st.integers(1, 3))], 1):
            trial = Trial(f"{JOBS[first]}-{number}", {}, attempt)
            journals[job].append(Begun(trial))
            if attempt == 1 and draw(st.booleans()) and draw(st.booleans()):
                journals[job].append(Withdrawn(trial.id))
                break
            if draw(st.booleans()):
                journals[job].append(Completed(trial, 0.0, Timing(0.0, "", 0.0, 0.0)))
    return journals


def read(journals, order):
    ledger = Ledger()
    for job in order:
        outcomes, _ = ledger.take(job, journals[job])
        for outcome in outcomes:
            ledger.record(outcome.trial.id)
    left = {job: {trial.id: trial.attempt for trial in ledger.left_by(job)} for job in JOBS}
    return ledger.count, ledger.recorded, left


@given(journals=histories())
def test_journals_may_be_read_in_any_order(journals):
    states = [read(journals, order) for order in itertools.permutations(JOBS)]
    assert all(state == states[0] for state in states)


@given(journals=histories())
def test_a_trial_is_recorded_or_left_by_exactly_one_job(journals):
    count, recorded, left = read(journals, JOBS)
    owners = [trial_id for job in JOBS for trial_id in left[job]]
    assert len(owners) == len(set(owners)) == count - len(recorded)
    assert not recorded & set(owners)
