"""ytopt's command lines: module.Problem, and every flag of its search."""

import csv
import json
import re

import pytest
from cli_run import run

from autotune.store.study import read

PROBLEM = """
import ConfigSpace as CS
import ConfigSpace.hyperparameters as CSH
from autotune import TuningProblem
from autotune.space import *

cs = CS.ConfigurationSpace(seed=1234)
cs.add_hyperparameters([
    CSH.UniformIntegerHyperparameter(name="p0", lower=2, upper=16, default_value=4, q=2),
    CSH.UniformFloatHyperparameter(name="p1", lower=0.0, upper=1.0),
])

def objective(point):
    assert point["p0"] % 2 == 0
    return (point["p0"] - 6) ** 2 + point["p1"]

Problem = TuningProblem(
    task_space=None, input_space=cs, output_space=Space([Real(0.0, inf, name="time")]),
    objective=objective, constraints=None, model=None,
)
"""
TUNE = ("tune", "tuned.Problem", "--learner", "DUMMY", "--max-evals=5")


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    (tmp_path / "tuned.py").write_text(PROBLEM)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_command_line_of_ytopt_tunes_module_problem_in_a_worker_and_continues(here):
    flags = (
        "--evaluator", "ray", "--liar-strategy", "cl_max", "--acq-func", "gp_hedge", "--set-KAPPA",
        "1.96", "--set-SEED", "12345", "--set-NI", "3", "--eval-timeout-minutes", "60",
    )  # fmt: skip
    done = run(*TUNE, *flags)
    assert done.returncode == 0, done.stderr
    assert "--evaluator ray: trials run in 1 worker process" in done.stderr
    study = read(here / "results/local/tuned")
    assert len(study.completed) == 5
    assert study.header.file == f"{here / 'tuned.py'}:Problem"
    assert study.jobs[0]["search"]["trial_seconds"] == 3600
    again = run("tune", "tuned.py", "--workers", "0", "--max-evals=6", "--learner", "DUMMY")
    assert again.returncode == 0, again.stderr
    assert "continues 5 recorded trials" in again.stderr


def test_the_study_is_exported_in_ytopts_layout(here):
    assert run(*TUNE, "--workers", "0").returncode == 0
    assert run("results", "export", "tuned", "--style", "ytopt", "--out", "out").returncode == 0
    rows = list(csv.reader((here / "out/results.csv").read_text().splitlines()))
    assert rows[0] == ["p0", "p1", "objective", "elapsed_sec"]
    assert len(rows) == 6
    objectives = json.loads((here / "out/results.json").read_text())
    assert set(objectives) == {json.dumps({"p0": int(a), "p1": float(b)}) for a, b, *_ in rows[1:]}


@pytest.mark.parametrize(
    ("flags", "says"),
    [
        (("--evaluator", "threadPool"), "evaluator 'threadPool'.* Known: subprocess, ray"),
        (("--redis-address", "1.2.3.4"), "--redis-address names a Ray cluster.*one job per node"),
        (("--eval-timeout-minutes", "0"), "--eval-timeout-minutes must be > 0, not 0"),
        (("--eval-timeout-minutes", "1", "--trial-timeout", "1m"), "are the same: give one"),
    ],
)
def test_a_flag_that_cannot_be_honoured_is_refused_with_the_reason(flags, says):
    done = run(*TUNE, *flags)
    assert done.returncode == 2
    assert re.search(says, " ".join(done.stderr.split())), done.stderr
