"""The closed loop as a verb: recorded, continued after kill -9, and refused in one line."""

import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from cli_run import run
from made_study import SIZES, TOKENS, TRUTH

from autotune.store import study as studies

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
    assert len(studies.read(folder).outcomes) == len(rows)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--spend", "1e21"), "--target-flops is missing"),
        (("--target-flops", "1e24"), "--spend is missing"),
        (("--target-flops", "1e24", "--spend", "1e10", "--workers", "0"), "cheapest of"),
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
