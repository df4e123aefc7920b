"""The queue of trunks: what is still to do, whatever became of the past."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_ladders import trunks

from autotune.ladder.queue import TrunkQueue
from autotune.trials import Completed, Failed, FailureKind, Timing, Trial

ALL = trunks()
NOW = Timing(1.0, "w0", 0.0, 1.0)


def completed(config):
    return Completed(Trial("a", config), 1.5, NOW)


def failed(config, kind):
    return Failed(Trial("a", config), kind, "", NOW)


def drained(queue):
    found = []
    while (config := queue.ask()) is not None:
        found.append(config)
    return found


@given(done=st.sets(st.sampled_from([trunk.name for trunk in ALL])))
def test_what_is_done_is_not_asked_again_and_everything_else_once_in_order(done):
    queue = TrunkQueue(ALL)
    for name in done:
        queue.tell(completed({"trunk": name, "budgets": 3, "attempt": 1}))
    assert [each["trunk"] for each in drained(queue)] == [
        trunk.name for trunk in ALL if trunk.name not in done
    ]


def test_a_trunk_with_fewer_budgets_done_is_asked_for_the_rest():
    queue = TrunkQueue(ALL[:1])
    queue.tell(completed({"trunk": ALL[0].name, "budgets": 2, "attempt": 1}))
    assert drained(queue) == [{"trunk": ALL[0].name, "budgets": 3, "attempt": 1}]


@pytest.mark.parametrize("kind", FailureKind)
def test_only_a_failure_that_would_come_again_is_final(kind):
    queue = TrunkQueue(ALL[:1])
    queue.tell(failed({"trunk": ALL[0].name, "budgets": 3, "attempt": 1}, kind))
    final = kind in {FailureKind.DIVERGED, FailureKind.OUT_OF_MEMORY, FailureKind.INFEASIBLE}
    assert [each["attempt"] for each in drained(queue)] == ([] if final else [2])


def test_a_failure_of_this_call_is_not_tried_again_by_it():
    queue = TrunkQueue(ALL[:1])
    config = queue.ask()
    queue.tell(failed(config, FailureKind.CRASHED))
    assert queue.ask() is None


def test_a_trunk_that_runs_in_another_job_waits_for_its_outcome():
    queue = TrunkQueue(ALL[:1])
    config = {"trunk": ALL[0].name, "budgets": 3, "attempt": 1}
    queue.pending(Trial("b", config))
    assert queue.ask() is None
    queue.tell(failed(config, FailureKind.WORKER_LOST))
    assert queue.ask()["attempt"] == 2
