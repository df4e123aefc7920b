"""The recorded comparison of the three approaches is what the command makes today."""

import csv
import math
import os
import subprocess
import sys
from pathlib import Path

import isoflop as benchmark
import pytest

ROOT = Path(__file__).resolve().parent.parent
RECORDED = ROOT / "results/reference/isoflop"


def rows(folder, name):
    with (folder / f"{name}.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def number(text):
    return float(text) if text else math.nan


@pytest.mark.long
def test_one_command_makes_the_recorded_exponents_again(tmp_path):
    if not os.environ.get("AUTOTUNE_DATA"):
        pytest.skip("AUTOTUNE_DATA names no folder of public tables")
    script = ROOT / "benchmarks/isoflop.py"
    command = [sys.executable, script, "--tables", "0", "--out", tmp_path]
    subprocess.run(command, check=True, capture_output=True)
    made, recorded = rows(tmp_path, "approaches"), rows(RECORDED, "approaches")
    assert len(made) == len(recorded) == 18
    for new, old in zip(made, recorded, strict=True):
        for column in ("table", "runs", "approach", "in_use", "published_a"):
            assert new[column] == old[column]
        for column in ("a", "b"):
            assert number(new[column]) == pytest.approx(number(old[column]), rel=1e-3), old


def test_the_recorded_biases_of_grids_are_what_the_function_gives():
    recorded = rows(RECORDED, "grids")
    for new, old in zip(benchmark.grids(), recorded, strict=True):
        assert [new["law"], new["along_compute"], new["inside"]] == [
            old["law"], old["along_compute"], old["inside"]
        ]  # fmt: skip
        for column in ("vertex_first", "vertex_last", "a", "true_a", "n_at_1e24"):
            assert new[column] == pytest.approx(number(old[column]), rel=1e-5, nan_ok=True)


def test_published_exponents_lie_within_the_recorded_intervals_but_for_hoffmann_s_third():
    compared = [row for row in rows(RECORDED, "approaches") if row["published_a"]]
    outside = [
        row["published_by"]
        for row in compared
        if not number(row["a_low"]) <= number(row["published_a"]) <= number(row["a_high"])
    ]
    assert len(compared) == 4
    assert outside == ["Hoffmann et al. (2022), approach 3"]


def test_recorded_intervals_cover_what_they_state_within_counting_error():
    """200 tables: 95 % less three standard errors is 90.4 %."""
    for row in rows(RECORDED, "coverage"):
        assert number(row["residuals_cover"]) >= 0.904
        assert number(row["residuals_width"]) < number(row["runs_width"])
