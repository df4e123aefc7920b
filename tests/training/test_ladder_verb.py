"""`autotune ladder` end to end: real runs in child processes, a run table, and any interruption."""

import csv
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from cli_run import run

from autotune.runs.read import read

pytest.importorskip("torch")
pytest.importorskip("transformers")
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("ladder")]
SMOKE = ("ladder", "--preset", "smoke", "--workers", 1)
MEASURED = {"seconds", "cpu_seconds"}


def table(folder):
    """The run table without what differs between two equal runs."""
    with (folder / "runs.csv").open() as stream:
        return [
            {name: cell for name, cell in row.items() if name not in MEASURED}
            for row in csv.DictReader(stream)
        ]


@pytest.fixture(scope="module")
def smoke(tmp_path_factory):
    """The smoke ladder, run without interruption."""
    storage = tmp_path_factory.mktemp("storage")
    done = run(*SMOKE, "--storage", storage)
    assert done.returncode == 0, done.stderr
    return storage / "ladder-smoke"


def test_the_loss_falls_along_every_row_and_column(smoke):
    runs = read(smoke / "runs.csv").table
    loss = runs.loss.reshape(2, 2)
    assert (runs.n_active.reshape(2, 2)[0] < runs.n_active.reshape(2, 2)[1]).all()
    assert (loss[:, 1] < loss[:, 0]).all()
    assert (loss[1] < loss[0]).all()


def test_the_table_has_what_a_fit_needs_to_group_and_to_tell_corpora_apart(smoke):
    runs = read(smoke / "runs.csv").table
    assert sorted(set(runs.columns["trunk"])) == ["dense-12.1K-s0", "dense-2.944K-s0"]
    assert {text.partition(":")[0] for text in runs.columns["corpus"]} == {
        "python-" + sys.version.split()[0]
    }
    assert runs.columns["flops_6nd"] == pytest.approx(6 * runs.n_active * runs.tokens)
    assert (runs.flops > runs.columns["flops_6nd"]).all()
    assert (runs.factors["n_experts"] == 1).all()


def test_a_finished_ladder_trains_nothing_again(smoke):
    before = (smoke / "runs.csv").read_bytes()
    done = run(*SMOKE, "--storage", smoke.parent)
    assert done.returncode == 0
    assert "seconds" not in done.stderr
    assert (smoke / "runs.csv").read_bytes() == before


def test_another_corpus_is_refused(smoke, tmp_path):
    (tmp_path / "text").write_text("Another text. " * 20000)
    done = run(*SMOKE, "--storage", smoke.parent, "--corpus", tmp_path / "text")
    assert done.returncode == 2
    assert "the study was begun on corpus python-" in done.stderr


def started(*options):
    """A smoke ladder in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "autotune", *map(str, (*SMOKE, *options))],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )  # fmt: skip


def wait_for(pattern, folder, process):
    """Until a trunk has a file; a process that ends before says why."""
    while not any((folder / "ladder-smoke/trunks").glob(f"*/{pattern}")):
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.02)


@pytest.mark.long
def test_killed_with_a_small_budget_and_continued_with_a_large_one_it_gives_the_same_table(
    smoke, tmp_path
):
    """The budget is one run of each size; the kill comes when the first of them has a result."""
    with started("--storage", tmp_path, "--budget", "4e9") as process:
        try:
            wait_for("results.jsonl", tmp_path, process)
        finally:
            process.send_signal(signal.SIGKILL)
    done = run(*SMOKE, "--storage", tmp_path)
    assert done.returncode == 0, done.stderr
    assert table(tmp_path / "ladder-smoke") == table(smoke)


@pytest.mark.long
def test_ended_by_a_scheduler_in_a_trunk_it_leaves_a_checkpoint_and_the_next_call_goes_on(
    smoke, tmp_path
):
    with started("--storage", tmp_path) as process:
        try:
            wait_for("run.json", tmp_path, process)  # the first trunk begins
        finally:
            process.send_signal(signal.SIGTERM)
        said, talk = process.communicate()
    assert process.returncode in (1, 3), talk
    assert "SIGTERM: saving" in talk
    assert "runs are left (stopped); the same command continues" in said
    assert any((tmp_path / "ladder-smoke/trunks").glob("*/latest.pt"))
    done = run(*SMOKE, "--storage", tmp_path)
    assert done.returncode == 0, done.stderr
    assert table(tmp_path / "ladder-smoke") == table(smoke)


@pytest.mark.long
@pytest.mark.parametrize("ended", ["timeout", "walltime"])
def test_out_of_time_it_says_what_is_left_and_the_next_call_goes_on(
    smoke, tmp_path, monkeypatch, ended
):
    """Three seconds, by an option or by the job: a worker takes as long to start."""
    limit = ("--timeout", "3s") if ended == "timeout" else ()
    if ended == "walltime":
        monkeypatch.setenv("SLURM_JOB_ID", "1")
        monkeypatch.setenv("SLURM_JOB_START_TIME", str(time.time()))
        monkeypatch.setenv("SLURM_JOB_END_TIME", str(time.time() + 3))
    done = run(*SMOKE, "--storage", tmp_path, *limit)
    monkeypatch.undo()
    assert done.returncode == 3
    assert f"4 runs are left ({ended}); the same command continues" in done.stdout
    again = run(*SMOKE, "--storage", tmp_path)
    assert again.returncode == 0, again.stderr
    assert table(tmp_path / "ladder-smoke") == table(smoke)


def test_dry_run_shows_the_plan_and_touches_nothing(tmp_path):
    done = run(*SMOKE, "--experts", "1,4", "--budget", "1e12", "--storage", tmp_path, "--dry-run")
    assert done.returncode == 0
    assert "8 runs on 4 trunks" in done.stdout
    assert list(Path(tmp_path).iterdir()) == []
