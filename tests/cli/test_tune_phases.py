"""Phases from the command line: announced, recorded, and unmoved by kill -9."""

import csv
import json
import os
import subprocess
import sys

import pytest
from cli_run import run

PHASED = """
import time
from ConfigSpace import ConfigurationSpace, Float
from autotune import Problem
from autotune.phase import Phase

space = ConfigurationSpace()
space.add(Float("x", (0.0, 1.0)), Float("u", (0.0, 1.0)))

calls = []

def objective(point):
    calls.append(point)
    if len(calls) in BREAKS:
        raise ValueError("broken")
    time.sleep(300 if len(calls) == HANGS else 0)
    return (point["x"] - 0.3) ** 2 + (point["u"] - 0.8) ** 2

problem = Problem(
    name="phased", summary="A bowl.", space=space, objective=objective,
    phases=(Phase("ratio", ("x",), 6), Phase("place", ("u",))),
)
"""


@pytest.fixture
def tune(tmp_path):
    """`autotune tune` of the problem, as arguments; it hangs in a trial, counted from 1."""

    def arguments(study, trials, *, hangs=0, breaks=()):
        path = tmp_path / "phased.py"
        path.write_text(PHASED.replace("HANGS", str(hangs)).replace("BREAKS", str(breaks)))
        return [
            "tune", str(path), "--workers", "0", "--storage", str(tmp_path), "--study",
            study, "--initial-points", "3", "--max-evals", str(trials),
        ]  # fmt: skip

    return arguments


def trials(tmp_path, study):
    done = run("results", "export", study, "--storage", tmp_path)
    rows = list(csv.DictReader(done.stdout.splitlines()))
    return [(row["p:x"], row["p:u"], row["m:phase"]) for row in rows]


def test_phases_are_announced_recorded_and_shown(tune, tmp_path):
    done = run(*tune("s", 9))
    assert done.returncode == 0, done.stderr
    assert "phases: ratio (6 trials: x), then place (u)" in done.stderr
    assert "native GP/EI in each phase (auto: ET from 501 trials of it on), seed" in done.stderr
    assert [phase for *_, phase in trials(tmp_path, "s")] == ["1.0"] * 6 + ["2.0"] * 3
    shown = run("results", "show", "s", "--storage", tmp_path).stdout
    assert "phase 1: 6 completed, best " in shown
    assert "; phase 2: 3 completed, best " in shown
    record = json.loads(run("results", "show", "s", "--storage", tmp_path, "--json").stdout)
    assert [each["completed"] for each in record["phases"]] == [6, 3]
    assert record["phases"][1]["best_value"] == record["best_value"]


def test_a_failed_trial_has_its_phase_too(tune, tmp_path):
    """By its problem: an export without it leaves the phase out, and says why."""
    assert run(*tune("f", 9, breaks=(2, 8))).returncode == 1
    assert [phase for *_, phase in trials(tmp_path, "f")] == ["1.0"] * 6 + ["2.0"] * 3
    (tmp_path / "phased.py").unlink()
    assert [phase for *_, phase in trials(tmp_path, "f")].count("") == 2
    done = run("results", "export", "f", "--storage", tmp_path)
    assert "failed trials have no phase: their problem cannot be loaded" in done.stderr


def test_a_problem_shows_its_phases():
    told = json.loads(run("problems", "show", "moe_architecture", "--json").stdout)
    assert told["phases"][1] == {"name": "hidden size", "free": ["place"], "trials": 0}
    text = run("problems", "show", "moe_architecture").stdout
    assert "ratios (40 trials: m_over_law, density, expansion), then hidden size (place)" in text


def test_a_study_that_was_killed_goes_on_with_the_trials_it_would_have_had(tune, tmp_path):
    assert run(*tune("whole", 9)).returncode == 0
    command = [sys.executable, "-m", "autotune", *tune("killed", 9, hangs=8)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=os.environ)
    for line in process.stderr:
        if line.startswith("7/9"):
            break
    process.kill()
    process.communicate()
    assert len(trials(tmp_path, "killed")) == 7
    assert run(*tune("killed", 9)).returncode == 0
    assert trials(tmp_path, "killed") == trials(tmp_path, "whole")
