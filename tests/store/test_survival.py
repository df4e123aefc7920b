"""What the journal owes its users: kill -9, several jobs at once, a full disk, no storage."""

import json
import os
import random
import resource
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from autotune.errors import StoreError
from autotune.store.journal import JournalStore
from autotune.store.study import Header, read
from autotune.trials import Completed, Timing, Trial

JOB = Path(__file__).with_name("job.py")
KILLS = 50
HEADER = Header(problem="line")


@contextmanager
def job(folder, n_trials):
    """A job that is ready to begin, waiting for a line on stdin."""
    process = subprocess.Popen(
        [sys.executable, str(JOB), str(folder), str(n_trials)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            assert process.stdout.readline() == "ready\n"
            yield process
        finally:
            process.kill()


def begin(process):
    process.stdin.write("\n")
    process.stdin.flush()


def ids_on_disk(folder):
    return [outcome.trial.id for outcome in read(folder).outcomes]


def outcome(trial, value=1.0):
    return Completed(trial, value, Timing(0.1, "w0", 1.0, 2.0))


@pytest.mark.long
@pytest.mark.slow
def test_fifty_kills_lose_and_duplicate_nothing_and_the_study_completes(tmp_path):
    """Each job is killed at a random moment after a random number of outcomes, none included."""
    moments = random.Random(20260101)
    folder, acknowledged = tmp_path / "study", []
    for _ in range(KILLS):
        with job(folder, 10**6) as process:
            begin(process)
            acknowledged += [process.stdout.readline().strip() for _ in range(moments.randrange(5))]
            time.sleep(moments.uniform(0, 0.01))
            process.send_signal(signal.SIGKILL)
            acknowledged += process.stdout.read().split()
        if (folder / "study.json").exists():
            on_disk = ids_on_disk(folder)
            assert len(on_disk) == len(set(on_disk))
            assert set(acknowledged) <= set(on_disk)
    assert len(acknowledged) > KILLS
    total = len(ids_on_disk(folder)) + 5
    with job(folder, total) as process:
        begin(process)
        assert process.stdout.read().split()[-1] == "done"
    assert len(ids_on_disk(folder)) == total


@pytest.mark.parametrize("cut", range(1, 240, 14))
def test_a_journal_cut_anywhere_in_its_last_line_keeps_all_others(tmp_path, cut):
    """A power failure may leave any part of a line that nobody was told about."""
    with JournalStore.open(tmp_path, HEADER, start={}) as store:
        for i in range(3):
            store.append(outcome(store.trial({"x": i}), i))
        path = tmp_path / "journal-0001.jsonl"
        data = path.read_bytes()  # without the line that says it ended in order
    path.write_bytes(data[: -min(cut, len(data.splitlines()[-1]))])
    dead = path.read_text().replace(f'"pid": {os.getpid()}', '"pid": 4194305')
    path.write_text(dead)
    study = read(tmp_path)
    assert [each.value for each in study.outcomes] == [0, 1]
    assert len(study.notes) == 1
    assert study.notes[0].startswith("journal-0001: torn last line ignored (")


def test_two_jobs_on_one_study_at_once_record_the_union_without_a_clash(tmp_path):
    folder, n_trials = tmp_path / "study", 60
    with job(folder, n_trials) as first, job(folder, n_trials) as second:
        begin(first)
        begin(second)
        told = [process.stdout.read().split() for process in (first, second)]
    on_disk = ids_on_disk(folder)
    assert told[0][-1] == told[1][-1] == "done"
    assert sorted(on_disk) == sorted(told[0][:-1] + told[1][:-1])
    assert len(set(on_disk)) == len(on_disk)
    assert len(on_disk) == n_trials
    points = [outcome.trial.config["x"] for outcome in read(folder).outcomes]
    assert len(set(points)) == n_trials  # though both jobs propose the same ones
    assert len(read(folder).jobs) == 2


def test_ten_jobs_that_create_one_study_at_once_agree_on_it(tmp_path):
    folder = tmp_path / "study"
    jobs = [job(folder, 3) for _ in range(10)]
    processes = [each.__enter__() for each in jobs]
    for process in processes:
        begin(process)
    assert all(process.stdout.read().split()[-1] == "done" for process in processes)
    for each in jobs:
        each.__exit__(None, None, None)
    assert len(read(folder).jobs) == 10
    assert sorted(path.name for path in folder.iterdir() if path.name[0] == ".") == []


def test_a_disk_that_fills_up_names_the_trial_and_the_next_one_is_recorded(tmp_path):
    """A limit on the file's size stands in for the disk: it too takes a part of the line."""
    store = JournalStore.open(tmp_path, HEADER, start={})
    store.append(outcome(store.trial({"x": 0})))
    path = tmp_path / "journal-0001.jsonl"
    whole = path.read_bytes()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(whole) + 40, hard))
    try:
        with pytest.raises(StoreError, match=r"outcome of trial 0001-0001 = 0\.25 was not record"):
            store.append(outcome(store.trial({"x": 1}), 0.25))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert path.read_bytes() == whole
    store.append(outcome(Trial("0001-0001", {"x": 1}), 0.25))
    store.close()
    assert ids_on_disk(tmp_path) == ["0001-0000", "0001-0001"]


def test_of_outcomes_recorded_together_a_full_disk_keeps_those_it_has_room_for(tmp_path):
    store = JournalStore.open(tmp_path, HEADER, start={})
    path = tmp_path / "journal-0001.jsonl"
    before = path.stat().st_size
    store.append(outcome(store.trial({"x": 0})))
    one = path.stat().st_size - before
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (before + 3 * one, hard))
    said = r"trial 0001-0003 = 0\.3, 0001-0004 = 0\.4 was not recorded in .*start the same"
    try:
        with pytest.raises(StoreError, match=said):
            store.append(*(outcome(store.trial({"x": i}), i / 10) for i in range(1, 5)))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert store.recorded == 3
    store.append(*(outcome(Trial(f"0001-{i:04}", {"x": i}), i / 10) for i in (3, 4)))
    store.close()
    assert ids_on_disk(tmp_path) == [f"0001-{i:04}" for i in range(5)]


def test_an_interrupt_while_outcomes_become_durable_leaves_them_all(tmp_path, monkeypatch):
    """A second signal comes during the sync; the lines are whole and stay."""

    def interrupted(_):
        raise KeyboardInterrupt

    with JournalStore.open(tmp_path, HEADER, start={}) as store:
        trials = [store.trial({"x": i}) for i in range(3)]
        monkeypatch.setattr(os, "fsync", interrupted)
        with pytest.raises(KeyboardInterrupt):
            store.append(*map(outcome, trials))
        monkeypatch.undo()
    assert ids_on_disk(tmp_path) == [trial.id for trial in trials]


@pytest.fixture
def tiny_disk(tmp_path):
    """A file system of 64 KiB, where the machine lets us mount one."""
    target = tmp_path / "tiny"
    target.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(target)]
    try:
        done = subprocess.run(mount, capture_output=True, check=False)
    except FileNotFoundError:
        pytest.skip("no mount command")
    if done.returncode:
        pytest.skip("mounting is not allowed here")
    yield target
    subprocess.run(["umount", str(target)], check=True)


def test_a_full_disk_is_refused_before_the_first_trial(tiny_disk):
    (tiny_disk / "filler").write_bytes(b"x" * 60_000)
    with pytest.raises(StoreError, match=r"cannot (create a study|write) in .*No space left"):
        JournalStore.open(tiny_disk / "study", HEADER, start={})


def test_a_read_only_storage_is_refused_before_the_first_trial(tiny_disk):
    subprocess.run(["mount", "-o", "remount,ro", str(tiny_disk)], check=True)
    with pytest.raises(StoreError, match=r"cannot create a study in .*Read-only file system"):
        JournalStore.open(tiny_disk / "study", HEADER, start={})


def test_a_study_below_a_regular_file_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match=r"cannot create a study in .*Choose another --storage"):
        JournalStore.open(tmp_path / "file" / "study", HEADER, start={})


def test_garbage_in_the_middle_is_counted_shown_and_never_skipped(tmp_path):
    with JournalStore.open(tmp_path, HEADER, start={}) as store:
        for i in range(4):
            store.append(outcome(store.trial({"x": i})))
    path = tmp_path / "journal-0001.jsonl"
    lines = path.read_text().splitlines()
    lines[2], lines[3] = "\x00\x00garbage", json.dumps({"trial": "0001-0002"})
    path.write_text("\n".join(lines) + "\n")
    with pytest.raises(
        StoreError, match=r"0001\.jsonl: 2 of 6 lines are not records \(first: line 3: .*garbage"
    ) as caught:
        read(tmp_path)
    assert "delete the bad lines, or move the file elsewhere" in str(caught.value)
    with (
        JournalStore.open(tmp_path, HEADER, start={}) as other,
        pytest.raises(StoreError, match="are not records"),
    ):
        other.new()
