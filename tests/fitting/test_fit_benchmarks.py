"""The benchmarks of fits: their peers solve our problem, and their tables can be made."""

import csv
import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import fit as benchmark
import fit_peers
import numpy as np
import pytest
from cpu import cpu
from planted import PLANTED, planted

from autotune.fitting.fit import fit
from autotune.laws.catalogue import FORMS

ROOT = Path(__file__).resolve().parents[2]
MODULES = {"scipy L-BFGS-B": "scipy", "lmfit L-BFGS-B": "lmfit", "iminuit MIGRAD": "iminuit"}


@pytest.fixture(scope="module")
def table():
    return planted(PLANTED["hoffmann"], noise=0.007, size=60)


def test_the_problem_of_the_peers_is_ours(table):
    posed = fit_peers.problem(table)
    law = fit(FORMS["hoffmann"], table)
    at = law.law.coefficients
    p = np.array([np.log(at["A"]), np.log(at["B"]), np.log(at["E"]), at["alpha"], at["beta"]])
    assert posed.sum(p) == pytest.approx(law.objective_sum, rel=1e-9)
    p = p + 0.02
    value, slope = posed.value_and_slope(p)
    for i, each in enumerate(slope):
        step = 1e-6 * np.eye(5)[i]
        measured = (posed.sum(p + step) - posed.sum(p - step)) / 2e-6
        assert each == pytest.approx(measured, rel=1e-4, abs=1e-6 * value)


@pytest.mark.parametrize("tool", MODULES)
def test_a_peer_is_not_below_our_optimum_and_says_how_much_of_the_grid_it_ran(tool, table):
    if importlib.util.find_spec(MODULES[tool]) is None:
        pytest.skip(f"{MODULES[tool]} is not installed")
    answer = fit_peers.PEERS[tool](table, 300)
    assert (answer.starts, answer.of) == (15, 4500)
    assert answer.seconds > 0
    assert answer.sum >= fit(FORMS["hoffmann"], table).objective_sum * (1 - 1e-9)


def test_cpu_seconds_include_child_processes():
    busy = "import time; sum(i * i for i in range(2_000_000)); print(time.process_time())"
    command = [sys.executable, "-c", busy]
    seconds, child = cpu(
        lambda: subprocess.run(command, check=True, capture_output=True, text=True)
    )
    assert seconds >= float(child.stdout)


@pytest.mark.long
def test_one_command_makes_the_table_of_seeds(tmp_path):
    script = ROOT / "benchmarks/optimum.py"
    asked = ["--seeds", "2", "--tables", "planted", "--laws", "hoffmann,clark", "--out", tmp_path]
    subprocess.run([sys.executable, script, *asked], check=True, capture_output=True)
    with (tmp_path / "optimum.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["law"] for row in rows] == ["hoffmann", "clark"]
    assert all(row["reached"] == row["seeds"] == "2" for row in rows)
    assert json.loads((tmp_path / "manifest.json").read_text())["same"] == 1e-6


def test_a_benchmark_of_speed_says_which_goals_are_missed():
    tools = benchmark.compared([
        {"tool": "autotune", "cpu_s": 0.05, "sum": 1.0},
        {"tool": "autotune, 1000 draws", "cpu_s": 1.0, "sum": 1.0},
        {"tool": "scipy L-BFGS-B", "cpu_s": 11.0, "sum": 1.1},
        {"tool": "chinchilla", "cpu_s": 1.0, "sum": 1 - 1e-6},
    ])  # fmt: skip
    slow = [{"law": "kumar", "slowest_s": 2.5}, {"law": "hoffmann", "slowest_s": 0.02}]
    assert benchmark.missed(tools, slow) == [
        "chinchilla takes 20 times ours, under 200",
        "chinchilla is lower by 1.0e-06 of the sum",
        "kumar takes 2.5 s, over 2.0",
    ]
