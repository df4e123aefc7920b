"""The recorded fits of published runs are what the command makes today."""

import csv
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
RECORDED = ROOT / "results/reference/published_fits"


def rows(folder):
    with (folder / "fits.csv").open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    if not os.environ.get("AUTOTUNE_DATA"):
        pytest.skip("AUTOTUNE_DATA names no folder of public tables")
    folder = tmp_path_factory.mktemp("published")
    script = ROOT / "benchmarks/published_fits.py"
    subprocess.run([sys.executable, script, "--out", folder], check=True, capture_output=True)
    return rows(folder)


def test_one_command_makes_the_recorded_fits_again(made):
    recorded = rows(RECORDED)
    assert len(made) == len(recorded) == 25
    for new, old in zip(made, recorded, strict=True):
        for column in ("table", "runs", "law", "n", "preset"):
            assert new[column] == old[column]
        for column in ("published_huber", "published_rmse", "huber", "rmse"):
            if old[column]:
                assert float(new[column]) == pytest.approx(float(old[column]), rel=1e-4)


def test_no_published_optimum_is_better_than_ours():
    for row in rows(RECORDED):
        if row["published_huber"]:
            assert float(row["huber"]) <= float(row["published_huber"]), row


def test_the_generalized_law_reads_active_parameters():
    """On every table the fit with N active is better than the one with N total."""
    found = {
        (r["table"], r["n"]): float(r["huber"]) for r in rows(RECORDED) if r["law"] == "generalized"
    }
    for table in ("t5", "vit", "s-base", "rl-r", "hash"):
        assert found[table, "active"] < found[table, "total"]
