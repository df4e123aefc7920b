"""The recorded coverage of intervals: its designs and optimum, and that documents state it."""

import csv
import os
from itertools import groupby
from pathlib import Path

import designs
import envelope as envelope_benchmark
import intervals as benchmark
import numpy as np
import pytest
from interval_tables import Kept

from autotune.fitting.fit import fit
from autotune.laws.catalogue import FORMS, PRESETS

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = ROOT / "results/reference"
README = REFERENCE / "coverage/README.md"
DECISION = ROOT / "docs/decisions/004-fitting.md"
EMPHASIS = ROOT / "docs/decisions/043-emphasis-on-large-runs.md"
LONGER = sorted(designs.DESIGNS.keys() - {"krajewski"})


def rows(name):
    with (REFERENCE / name / "coverage.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_every_form_of_the_catalogue_has_a_case_and_every_case_a_record():
    assert {case.form for case in benchmark.CASES} == set(FORMS)
    recorded = {(row["table"], row["law"]) for row in rows("coverage")}
    assert {(case.data, case.form) for case in benchmark.CASES} == recorded


@pytest.mark.parametrize(
    "form",
    ["krajewski", *(pytest.param(f, marks=pytest.mark.long) for f in LONGER)],
)
def test_an_invented_design_tells_every_coefficient_apart(form):
    runs = designs.DESIGNS[form]()
    assert not any("held" in sentence for sentence in fit(FORMS[form], runs).weak)
    recorded = {int(row["runs"]) for row in rows("coverage") if row["law"] == form}
    assert recorded <= {len(runs)}


def test_the_optimum_on_the_grid_is_the_closed_form():
    """Hoffmann et al. (2022), eq. 4, to the step of the grid of sizes."""
    law = PRESETS["besiroglu2024"]
    total = law.alpha + law.beta
    best = (law.alpha * law.A / (law.beta * law.B)) ** (1 / total) * (1e22 / 6) ** (
        law.beta / total
    )
    coefficients = np.array([list(law.coefficients.values())])
    step = np.diff(np.log(benchmark.SIZES[:2]))[0]
    assert benchmark.optima(law, coefficients, 1e22)[0] == pytest.approx(np.log(best), abs=step)


def test_a_law_with_an_infinite_coefficient_has_no_optimum():
    law = PRESETS["frantar2023-t5"]
    values = np.array([list(law.coefficients.values())] * 2)
    values[1, law.coefficient_names().index("a_D")] = np.inf
    fine, none = benchmark.optima(law, values, 1e22)
    assert np.isfinite(fine)
    assert np.isnan(none)


@pytest.mark.long
def test_a_study_counts_every_quantity_of_its_case():
    case = next(case for case in benchmark.CASES if case.form == "krajewski")
    made = benchmark.study(case, n_tables=3, draws=20)
    assert [record["quantity"] for record in made] == ["alpha", "beta", "gamma", "N*"]
    for record in made:
        assert record["tables"] == 3
        assert 0 <= record["low"] <= record["covered"] <= record["high"] <= 1
    assert made[-1]["by"] == "draws, ends"


def test_a_study_goes_on_from_the_tables_that_a_killed_run_left(tmp_path):
    case = next(case for case in benchmark.CASES if case.form == "krajewski")
    kept = Kept(tmp_path / "tables.jsonl", {"law": "krajewski", "draws": 20})
    other = Kept(tmp_path / "tables.jsonl", {"law": "krajewski", "draws": 30})
    kept.add(0, {"alpha": (True, "profile")})
    other.add(1, {"alpha": (True, "profile")})
    with kept.path.open("a") as file:
        file.write('{"law": "kraj')
    kept.add(1, {"alpha": (False, "profile")})
    (made,) = benchmark.study(case, n_tables=2, draws=20, kept=kept)
    assert (made["quantity"], made["tables"], made["covered"]) == ("alpha", 2, 0.5)
    assert kept.read().keys() == {0, 1}
    assert other.read().keys() == {1}


@pytest.mark.long
def test_recorded_designs_and_noise_are_those_of_the_command():
    if not os.environ.get("AUTOTUNE_DATA"):
        pytest.skip("AUTOTUNE_DATA names no folder of public tables")
    recorded = {(row["table"], row["law"]): row for row in rows("coverage")}
    for case in benchmark.CASES:
        if (case.data, case.form) not in recorded:
            continue
        truth, runs = benchmark.planted_law(case)
        row = recorded[case.data, case.form]
        assert int(row["runs"]) == len(runs)
        assert float(row["noise"]) == pytest.approx(truth.noise, rel=1e-4)


def test_every_quantity_of_a_recorded_case_is_recorded():
    recorded = {(row["table"], row["law"], row["quantity"]) for row in rows("coverage")}
    for case in benchmark.CASES:
        made = {
            quantity for table, law, quantity in recorded if (table, law) == (case.data, case.form)
        }
        assert not made or set(case.asked) <= made <= {*case.asked, "N*"}


def test_what_lies_surely_outside_92_to_98_percent_is_listed_and_nothing_else():
    for row in rows("coverage"):
        line = f"* {row['law']} on {row['table']}: {row['quantity']} "
        surely = float(row["high"]) < 0.92 or float(row["low"]) > 0.98
        assert (line in README.read_text()) == surely, row


def test_intervals_of_fits_with_an_emphasis_hold_the_truth_as_often_as_documents_say():
    with (REFERENCE / "coverage/emphasis.csv").open(newline="") as file:
        held = list(csv.DictReader(file))
    assert {float(row["emphasis"]) for row in held} == {0.5, 1.0}
    shares = [float(row["covered"]) for row in held]
    optima = [float(row["covered"]) for row in held if row["quantity"] == "N*"]
    assert min(shares) >= 0.92
    for text in (README, EMPHASIS):
        said = " ".join(text.read_text().split())
        assert f"{100 * min(shares):.1f} to {100 * max(shares):.1f} %" in said
        assert f"N* in {100 * min(optima):.1f} to {100 * max(optima):.1f}" in said


def test_the_decision_states_what_is_recorded():
    decision = DECISION.read_text()
    for (table, law), group in groupby(rows("coverage"), lambda row: (row["table"], row["law"])):
        each = list(group)
        stated = ", ".join(f"{row['quantity']} {100 * float(row['covered']):.0f}" for row in each)
        assert f"| {each[0]['tables']} | {stated} |" in decision, (table, law)


def test_before_was_narrower_on_the_same_tables_and_covers_no_more_than_counting_allows():
    now = {(row["table"], row["law"], row["quantity"]): row for row in rows("coverage")}
    with (REFERENCE / "coverage/before.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            assert float(now[row["table"], row["law"], row["quantity"]]["high"]) > float(
                row["covered"]
            ) - float(row["margin"]), row


def test_the_envelopes_recorded_are_those_of_the_command():
    recorded = rows("envelope")
    assert len(recorded) == len(envelope_benchmark.DESIGNS)
    row = recorded[3]
    made = envelope_benchmark.study("finished", 60, 0.003, n_tables=4)
    assert made["clean_a"] == pytest.approx(float(row["clean_a"]), rel=1e-5)
    assert made["law_a"] == pytest.approx(float(row["law_a"]), rel=1e-5)
    assert made["law_covered"] == float(row["law_covered"]) == 0.0
    assert made["clean_covered"] == float(row["clean_covered"]) == 1.0
