"""The closed loop as a verb: recorded, continued after kill -9, and refused in one line."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from threading import Timer

import numpy as np
import pytest
from cli_run import run
from made_study import SIZES, TOKENS, TRUTH, completed, problem

from autotune.cli import study_view
from autotune.cli.study_run import Loop, Result
from autotune.cli.tune_run import Place
from autotune.evaluators.serial import SerialEvaluator
from autotune.ports import Beginning
from autotune.store import study as studies
from autotune.store.journal import JournalStore
from autotune.store.storage import FolderStorage
from autotune.store.study import Header
from autotune.suggestion.offer import offer
from autotune.suggestion.recorded import ROUND, decisions
from autotune.suggestion.rounds import Aim, Round

AIM = (
    "--target-flops",
    "3e22",
    "--spend",
    "3e20",
    "--law",
    "hoffmann",
    "-n",
    "8",
    "--workers",
    "0",
    "--least-gain",
    "0",
)


@pytest.fixture
def runs(tmp_path):
    n, d = (each.ravel() for each in np.meshgrid(SIZES, TOKENS))
    loss = TRUTH.loss(n, d) * np.exp(0.003 * np.random.default_rng(0).normal(size=n.size))
    np.savetxt(
        tmp_path / "runs.csv", np.stack([n, d, loss], axis=1), delimiter=",",
        header="n_active,tokens,loss", comments="",
    )  # fmt: skip
    return tmp_path / "runs.csv"


def asked(runs, storage, *more):
    return (
        "study", "recorded_runs", "--set", f"runs={runs}", *AIM, "--storage", storage, *more,
    )  # fmt: skip


def test_a_study_killed_at_any_time_continues_where_it_was(runs, tmp_path):
    storage = tmp_path / "kept"
    command = [sys.executable, "-m", "autotune", *map(str, asked(runs, storage))]
    child = subprocess.Popen(command, env=dict(os.environ), stderr=subprocess.DEVNULL)
    folder = storage / "recorded_runs"
    while child.poll() is None and not any(folder.glob("journal-*.jsonl")):
        time.sleep(0.02)
    child.send_signal(signal.SIGKILL)
    child.wait()
    before = {o.trial.id: o for o in studies.read(folder).outcomes}
    done = run(*asked(runs, storage, "--json"))
    assert done.returncode == 0, done.stderr
    study = studies.read(folder)
    after = {outcome.trial.id: outcome for outcome in study.outcomes}
    assert all(after[name] == outcome for name, outcome in before.items())
    rows = [outcome.trial.config["row"] for outcome in study.outcomes]
    assert len(set(rows)) == len(rows)
    assert sum(outcome.metrics["flops"] for outcome in study.completed) <= 3e20
    found = json.loads(done.stdout)
    assert found["ended"] == "the spend is gone"
    assert found["trained"] == len(rows)
    assert found["rounds"][-1]["best"] == found["plan"]["best"]
    assert not study.interrupted

    again = run(*asked(runs, storage))
    assert again.returncode == 0
    assert "the spend is gone" in again.stdout
    assert "one that is considered" not in again.stdout
    assert "recorded_runs: done" in run("status", "recorded_runs", "--storage", storage).stdout
    ended = studies.read(folder)
    assert len(ended.outcomes) == len(rows)
    assert len(decisions(ended.jobs)) == len(found["rounds"])  # the same end is not a new round


def test_losses_that_were_known_already_are_counted_for_the_reader():
    assert study_view._repeated([{"repeated": 0}]) == study_view._repeated([{}]) == []
    assert "5 losses that another run" in study_view._repeated([{"repeated": 5}])[0]
    assert "1 loss that another run" in study_view._repeated([{}, {"repeated": 1}])[0]


def test_a_plan_at_the_end_of_the_sizes_says_that_the_best_one_may_lie_beyond(tmp_path):
    best = {"n_active": 1e4, "n_total": 1e4, "tokens": 2e7}
    step = {"trained": 9, "spent": 1.0, "best": best, "band": [1e4, 1e5], "regret": 0.1,
            "regret_expected": 0.1, "loss": 2.0, "loss_interval": [1.0, 3.0], "runs": [],
            "why": "the spend is gone"}  # fmt: skip
    made, header = problem(), Header.of(problem(), "made")
    with JournalStore.open(tmp_path, header, start={ROUND: step}):
        pass
    last = Round(9, 1.0, offer(made), "the spend is gone")
    aim = Aim(target=1.2e12, spend=1.0)
    shown = study_view.text(Result(made, aim, studies.read(tmp_path), last, last.why))
    assert shown.endswith("Train runs of more sizes.")
    assert "the smallest one that is considered" in shown


class Stop:
    """A brake: to stop once something is true, and to start nothing if it is closed."""

    why = None

    def __init__(self, when=lambda: False, *, closed=False):
        self._when, self.closed = when, closed

    def __call__(self):
        return self._when()

    def closing(self, _):
        return self.closed


def loop(folder, stop):
    made = problem()
    aim = Aim(target=3e22, spend=3e20)
    place = Place(FolderStorage(folder.parent), folder.name)
    return Loop(made, offer(made), aim, Header.of(made, "made"), place, None, stop)


def test_near_the_end_of_a_job_a_study_decides_once_and_leaves_the_rest(tmp_path):
    ended = loop(tmp_path, Stop(closed=True)).rounds(SerialEvaluator(lambda _: 1.0, tmp_path))
    assert ended == (None, "walltime")
    study = studies.read(tmp_path)
    assert len(decisions(study.jobs)) == 1
    assert not study.outcomes


def test_a_study_decides_nothing_while_another_job_still_trains(tmp_path):
    made = problem()
    with JournalStore.open(tmp_path, Header.of(made, "made"), start={}) as other:
        trial = other.trial({"n": 1e7, "d": 2e9})
        assert other.begin(trial, 1) is Beginning.BEGUN
        late = Timer(0.5, other.append, [replace(completed(trial.config), trial=trial)])
        late.start()
        stop = Stop(lambda: bool(studies.read(tmp_path).outcomes))
        ended = loop(tmp_path, stop).rounds(SerialEvaluator(lambda _: 1.0, tmp_path))
        late.join()
    assert ended == (None, "stopped")
    assert not decisions(studies.read(tmp_path).jobs)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--spend", "1e21"), "--target-flops is missing"),
        (("--target-flops", "1e24"), "--spend is missing"),
        (("--target-flops", "1e24", "--spend", "1e10", "--workers", "0"), "cheapest of"),
        (("--target-flops", "1e24", "--spend", "1e21", "--least-gain", "1"), "in [0, 1)"),
    ],
)
def test_bad_input_is_one_line(runs, tmp_path, arguments, said):
    done = run(
        "study", "recorded_runs", "--set", f"runs={runs}", *arguments, "--storage", tmp_path / "s"
    )
    assert done.returncode == 2
    assert said in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_problem_that_does_not_say_which_runs_it_trains_is_refused(tmp_path):
    done = run("study", "law_coefficients", *AIM, "--storage", tmp_path)
    assert done.returncode == 2
    assert "law_inputs" in done.stderr
