"""Held-out errors on public tables: the record is what the code gives, and agrees with others."""

import csv
import os
import runpy
from collections import defaultdict
from pathlib import Path

import pytest

from autotune.cli.open_runs import load
from autotune.fitting import splits
from autotune.fitting.candidates import Wanted
from autotune.fitting.compare import NEAR, compare
from autotune.fitting.settings import FitSettings
from autotune.laws.catalogue import FORMS

ROOT = Path(__file__).resolve().parents[2]
RECORD = ROOT / "results/reference/held_out"
BENCHMARK = runpy.run_path(str(ROOT / "benchmarks/held_out.py"), run_name="benchmark")
VARYING = {name for name in BENCHMARK["SETS"] if not name.startswith("routed")}
LONG = pytest.mark.long
needs_data = pytest.mark.skipif(
    "AUTOTUNE_DATA" not in os.environ, reason="AUTOTUNE_DATA names no folder of public run tables"
)


def read(name):
    with (RECORD / name).open() as file:
        return list(csv.DictReader(file))


def by_table(rows):
    found = defaultdict(list)
    for row in rows:
        found[row["table"]].append(row)
    return found


LAWS, RULES = by_table(read("laws.csv")), by_table(read("rules.csv"))


def residual(row):
    """In sample, from the degrees of freedom left."""
    n, k = int(row["n_train"]), int(row["n_coefficients"])
    return float(row["train_log_rmse"]) * (n / (n - k)) ** 0.5


def ours(table, rule="autotune"):
    return next(row for row in RULES[table] if row["rule"] == rule)


def test_the_record_has_every_table_and_each_has_one_choice_near_the_least_rolling_error():
    assert set(LAWS) == set(RULES) == set(BENCHMARK["SETS"])
    for rows in LAWS.values():
        (chosen,) = (row for row in rows if row["chosen"] == "1")
        least = min(float(row["rolling_error"]) for row in rows)
        near = [row for row in rows if float(row["rolling_error"]) <= NEAR * least]
        assert chosen in near
        assert residual(chosen) <= 1.01 * min(map(residual, near))
        assert {row["law"] for row in rows} <= set(FORMS)


def test_the_choice_is_never_worse_than_hoffmanns_law_on_active_parameters():
    for table in RULES:
        assert float(ours(table)["over_hoffmann"]) <= 1


@pytest.mark.parametrize("table", sorted(VARYING))
def test_where_tokens_vary_the_choice_is_within_the_goal_of_1_15_of_hindsight(table):
    assert float(ours(table)["over_hindsight"]) <= 1.15


def test_a_chosen_emphasis_takes_a_sixth_off_the_error_and_none_is_chosen_where_none_helps():
    saved = {
        table: 1 - float(ours(table)["test_log_rmse"]) / float(plain["test_log_rmse"])
        for table in RULES
        if "compute^" in ours(table)["law"] and (plain := ours(table, "autotune, no emphasis"))
    }
    assert saved.keys() == VARYING - {"gadre2024_c4"}
    assert min(saved.values()) > 1 / 6


def test_an_emphasis_chosen_from_fewer_runs_never_costs_more_than_a_hundredth_farther_beyond():
    rows = read("farther.csv")
    assert {row["table"] for row in rows} == set(RULES)
    for row in rows:
        assert float(row["ratio"]) <= 1.01
        assert (float(row["ratio"]) == 1) == (float(row["emphasis"]) == 0)


@pytest.mark.parametrize("table", sorted(set(BENCHMARK["SETS"]) - VARYING))
def test_on_routers_the_goal_is_missed_and_the_readme_says_by_how_much(table):
    """Goal 1.15; measured 1.49, 1.50 and 2.01, for the reasons that the README gives."""
    ratio = float(ours(table)["over_hindsight"])
    assert ratio > 1.15
    assert f"{ratio:.2f}" in (RECORD / "README.md").read_text()


@pytest.mark.parametrize("table", sorted(VARYING))
def test_where_tokens_vary_a_law_with_an_interaction_of_size_and_data_is_best(table):
    best = min(LAWS[table], key=lambda row: float(row["test_log_rmse"]))
    assert best["law"] in {"interaction", "coupled"}


@needs_data
@pytest.mark.parametrize("table", ["gadre2024_c4", pytest.param("frantar2023_t5", marks=LONG)])
def test_the_recorded_errors_are_those_that_the_code_gives_now(table):
    one = BENCHMARK["study"](table, seed=0)
    recorded = {(row["law"], row["n"], row["sparsity"]): row for row in LAWS[table]}
    assert len(one.made.rows) == len(recorded)
    for row in BENCHMARK["law_records"](one):
        known = recorded[row["law"], row["n"], row["sparsity"]]
        for name in ("test_log_rmse", "test_mre", "rolling_error", "train_log_rmse"):
            assert row[name] == pytest.approx(float(known[name]), rel=1e-3), (row["law"], name)
        assert row["chosen"] == int(known["chosen"])
    made = BENCHMARK["rule_records"](one)[0]
    assert made["law"] == ours(table)["law"]
    assert made["test_log_rmse"] == pytest.approx(float(ours(table)["test_log_rmse"]), rel=1e-3)


@needs_data
@pytest.mark.parametrize(
    ("router", "law", "n", "sparsity", "objective", "known"),
    [
        ("S-Base", "abnar", "total", "expert", "huber", 0.86),
        ("Hash", "abnar", "total", "expert", "huber", 0.44),
        ("S-Base", "frantar", "active", "param", "huber", 0.65),
        ("Hash", "frantar", "active", "param", "huber", 0.94),
        ("S-Base", "effective", "active", "param", "huber", 0.82),
        ("Hash", "effective", "active", "param", "huber", 0.92),
        ("S-Base", "clark", "active", "param", "mse", 1.97),
        ("Hash", "clark", "active", "param", "mse", 1.88),
    ],
)
def test_errors_at_1_3b_of_fits_up_to_370m_are_those_found_independently(
    router, law, n, sparsity, objective, known
):
    """Mean relative errors in per cent, against an independent analysis of the same runs.

    Clark's law agrees under the squared error of log loss, its authors' own objective; Huber's
    loss gives 1.91 and 1.67 instead.
    """
    name, where = BENCHMARK["SETS"][f"routed_clark2022 {router}"]
    runs = load(name, where=where).table
    cut = splits.by_column(runs, "n_active", at=4e8)
    wanted = Wanted(forms=(law,), n=(n,), sparsity=(sparsity,))
    (row,) = compare(runs, cut, wanted=wanted, settings=FitSettings(objective=objective)).rows
    assert row.test.n_runs == 10
    assert 100 * row.test.mre == pytest.approx(known, abs=0.011)
