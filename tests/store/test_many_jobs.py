"""Several jobs on one study: who is dead, who takes over, and what counts once."""

import json
import math
import subprocess
import sys
import threading
from dataclasses import dataclass

import pytest
from patience import PATIENCE

from autotune.ports import Beginning
from autotune.store.journal import JournalStore
from autotune.store.lease import JobRun, Pace
from autotune.store.ledger import MOST_DEATHS
from autotune.store.study import Header, read
from autotune.trials import Completed, Failed, FailureKind, Timing, Trial, to_json

HEADER = Header(problem="p")
ROOM = 1000


@dataclass
class Clock:
    now: float = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def join(tmp_path, clock):
    """A job joins the study; its counter never moves by itself."""

    def opened(job=None, **kw):
        pace = Pace(beat=math.inf, clock=clock)
        return JournalStore.open(tmp_path, HEADER, start={}, job=job, pace=pace, **kw)

    return opened


def begun(store, **config):
    trial = store.trial(config)
    assert store.begin(trial, ROOM) is Beginning.BEGUN
    return trial


def outcome(trial, value=1.0, at=2.0):
    return Completed(trial, value, Timing(0.1, "w0", 1.0, at))


def ids(trials):
    return [trial.id for trial in trials]


def test_a_job_that_ended_in_order_leaves_its_trials_to_the_next_in_their_order(join):
    first = join()
    trials = [begun(first, x=i) for i in range(3)]
    first.append(outcome(trials[1]))
    first.close()
    second = join()
    assert ids(each.trial for each in second.new()) == [trials[1].id]
    assert second.begun() == [trials[0], trials[2]]
    assert second.count == 3
    again = [second.resume(), second.resume()]
    assert again == [Trial(each.id, each.config, 2) for each in (trials[0], trials[2])]
    assert second.resume() is None


def test_a_job_is_alive_while_its_counter_moves_and_dead_a_minute_after_it_stopped(
    join, clock, tmp_path
):
    first, second = join(), join()
    trial = begun(first, x=1)
    lease = tmp_path / "leases" / first.writer
    for at in (0, 50, 100):  # never a minute without a move
        clock.now = at
        lease.write_text(str(at))
        second.new()
        assert second.resume() is None
    clock.now = 159
    second.new()
    assert second.resume() is None
    clock.now = 161
    second.new()
    assert second.resume() == Trial(trial.id, trial.config, 2)


def test_a_job_that_was_thought_dead_and_moves_again_keeps_what_nobody_took(join, clock, tmp_path):
    first, second = join(), join()
    begun(first, x=1)
    second.new()
    clock.now = 61
    second.new()
    (tmp_path / "leases" / first.writer).write_text("awake")
    clock.now = 62.5
    second.new()
    assert second.resume() is None


def test_an_earlier_run_of_the_same_job_is_dead_at_once_and_another_job_is_not(join):
    begun(join(JobRun("slurm:c:7", 0)), x=1)
    begun(join(JobRun("slurm:c:8", 0)), x=2)
    begun(join(JobRun("slurm:c:9", None)), x=3)
    requeued = join(JobRun("slurm:c:7", 1))
    requeued.new()
    assert requeued.resume().config == {"x": 1}
    assert requeued.resume() is None  # the others may live
    assert requeued.count == 3


def test_two_processes_of_one_run_of_a_job_do_not_think_each_other_dead(join):
    begun(join(JobRun("slurm:c:7", 0)), x=1)
    beside = join(JobRun("slurm:c:7", 0))
    beside.new()
    assert beside.resume() is None


def test_a_process_of_this_machine_that_is_gone_is_dead_at_once(join, tmp_path):
    code = f"""
import os
from pathlib import Path
from autotune.store.journal import JournalStore
from autotune.store.study import Header
store = JournalStore.open(Path({str(tmp_path)!r}), Header(problem="p"), start={{}})
store.begin(store.trial({{"x": 1}}), 9)
os._exit(1)
"""
    subprocess.run([sys.executable, "-c", code], check=False, timeout=PATIENCE)
    assert len(read(tmp_path).interrupted) == 1
    second = join()
    second.new()
    assert second.resume() == Trial("0001-0000", {"x": 1}, 2)
    assert read(tmp_path).interrupted == []
    assert ids(read(tmp_path).running) == ["0001-0000"]


def test_of_many_jobs_that_would_take_over_exactly_one_does(join, tmp_path):
    first = join()
    trials = [begun(first, x=i) for i in range(20)]
    first.close()
    jobs = [join() for _ in range(8)]
    taken = []
    start = threading.Barrier(len(jobs))

    def take(store):
        start.wait()
        store.new()
        while (trial := store.resume()) is not None:
            taken.append(trial)

    threads = [threading.Thread(target=take, args=(store,)) for store in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(ids(taken)) == sorted(ids(trials))
    assert {trial.attempt for trial in taken} == {2}
    assert sorted(ids(read(tmp_path).running)) == sorted(ids(trials))


def test_a_claim_whose_holder_died_before_it_began_is_passed_over(join, clock, tmp_path):
    first = join()
    trial = begun(first, x=1)
    first.close()
    (tmp_path / "claims").mkdir()
    (tmp_path / "claims" / f"{trial.id}-2").write_text("")  # its holder had no time to sign
    second = join()
    second.new()
    assert second.resume() is None
    clock.now = 61
    assert second.resume() == Trial(trial.id, trial.config, 3)


def test_a_trial_with_which_three_jobs_died_has_failed(join, tmp_path):
    trial = begun(join(JobRun("job", 0)), x=1)
    for run in range(1, MOST_DEATHS):
        store = join(JobRun("job", run))
        store.new()
        assert store.resume() == Trial(trial.id, trial.config, run + 1)
    last = join(JobRun("job", MOST_DEATHS))
    last.new()
    failed = last.resume()
    assert isinstance(failed, Failed)
    assert failed.kind is FailureKind.WORKER_LOST
    assert failed.detail == "3 jobs died while they ran it"
    last.append(failed)
    (only,) = read(tmp_path).outcomes
    assert only == failed


def test_orderly_ends_do_not_count_against_a_trial(join):
    trial = begun(first := join(), x=1)
    first.close()
    for attempt in range(2, 9):
        store = join()
        store.new()
        assert store.resume() == Trial(trial.id, trial.config, attempt)
        store.close()


def test_the_second_outcome_of_a_trial_is_kept_in_its_journal_and_never_counted(
    join, clock, tmp_path
):
    stalled = join()
    trial = begun(stalled, x=1)
    second = join()
    second.new()
    clock.now = 61
    second.new()
    assert second.append(outcome(second.resume(), 3.0, at=61.0)) == [True]
    assert stalled.append(outcome(trial, 4.0, at=5.0)) == [False]  # its clock is late besides
    (only,) = read(tmp_path).outcomes
    assert (only.value, only.trial.attempt) == (3.0, 2)
    assert [each.value for each in stalled.new()] == [3.0]
    third = join()
    assert [each.value for each in third.new()] == [3.0]
    last = (tmp_path / f"journal-{stalled.writer}.jsonl").read_text().splitlines()[-1]
    assert json.loads(last)["again"]["value"] == 4.0


def test_two_outcomes_of_a_trial_in_one_moment_count_as_the_one_that_finished_first(
    join, clock, tmp_path
):
    """Neither job could know of the other's: every reader of the journals picks the same."""
    stalled, second = join(), join()
    trial = begun(stalled, x=1)
    second.new()
    clock.now = 61
    second.new()
    again = second.resume()
    stalled.new()
    assert stalled.append(outcome(trial, 4.0, at=61.0)) == [True]
    path = tmp_path / f"journal-{second.writer}.jsonl"
    record = to_json(outcome(again, 3.0, at=60.5))
    path.write_text(path.read_text() + json.dumps(record) + "\n")
    assert [each.value for each in read(tmp_path).outcomes] == [3.0]
    assert [each.value for each in join().new()] == [3.0]


def test_of_two_jobs_that_propose_the_same_configuration_one_runs_it(join, tmp_path):
    first, second = join(), join()
    trial = begun(first, x=1)
    other = second.trial({"x": 1})
    assert second.begin(other, ROOM) is Beginning.TAKEN
    assert second.begun() == [trial]
    assert second.count == 1
    assert ids(read(tmp_path).running) == [trial.id]
    first.append(outcome(trial))
    assert list((tmp_path / "claims").iterdir()) == []


def test_a_trial_that_the_study_has_no_room_for_is_not_begun(join, tmp_path):
    first, second = join(), join()
    begun(first, x=1)
    late = second.trial({"x": 2})
    assert second.begin(late, 1) is Beginning.FULL
    assert len(read(tmp_path).running) == 1
    assert second.begin(late, 2) is Beginning.BEGUN


def test_a_job_alone_claims_nothing(join, tmp_path):
    join().close()
    store = join()
    for i in range(3):
        store.append(outcome(begun(store, x=i)))
    assert not (tmp_path / "claims").exists()
    store.close()
    assert list((tmp_path / "leases").iterdir()) == []


FORMAT_1 = """\
{"start": {"format": 1, "host": "n1", "pid": 7, "at": 1.0, "command": ["autotune"], "search": {}}}
{"trial": "0001-0000", "config": {"x": 1}, "seconds": 0.5, "worker": "w0", "submitted_at": 1.0, \
"finished_at": 1.5, "value": 2.0, "metrics": {}}
"""


def test_a_journal_of_format_1_is_read_and_its_job_is_waited_for_by_nobody(join, tmp_path):
    (tmp_path / "journal-0001.jsonl").write_text(FORMAT_1)
    store = join()
    assert [each.value for each in store.new()] == [2.0]
    begun(store, x=2)
    assert not (tmp_path / "claims").exists()
    assert [each.trial.attempt for each in read(tmp_path).outcomes] == [1]


def test_a_counter_moves_while_its_job_lives(tmp_path):
    pace = Pace(beat=0.01)
    with JournalStore.open(tmp_path, HEADER, start={}, pace=pace) as store:
        lease = tmp_path / "leases" / store.writer
        seen = {lease.read_text()}
        while len(seen) < 3:
            seen.add(lease.read_text())
