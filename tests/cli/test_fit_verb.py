"""`autotune fit` end to end: its document, its text, its files, and one line for bad input."""

import json
import math
import os
from pathlib import Path

import numpy as np
import pytest
from cli_run import run

from autotune.cli.law_names import STORAGE
from autotune.fits import files
from autotune.laws.catalogue import FORMS, PRESETS

KEYS = {
    "law", "convention", "n_runs", "dropped", "objective", "coefficients", "interval", "level",
    "interval_method", "rms_log_residual", "mean_relative_error", "bias", "status", "starts",
    "identifiability", "range", "data_hash", "warnings",
}  # fmt: skip
DENSE = PRESETS["besiroglu2024"]
SPARSE = PRESETS["generalized-moe"]


def fitted(*arguments, status=0, stdin=""):
    done = run("fit", *arguments, "--json", stdin=stdin)
    assert done.returncode == status, done.stderr
    return json.loads(done.stdout)


def table(law=DENSE, *, noise=2e-3, tokens=(1e10, 4e10, 1.6e11), sparsities=(0.0,)):
    """Planted runs as CSV: a grid of sizes, tokens and sparsities with a little noise."""
    rng = np.random.default_rng(2)
    lines = ["run,n_active,n_total,tokens,loss,era"]
    for i, n in enumerate(np.geomspace(5e7, 5e9, 7)):
        for d in tokens:
            for s in sparsities:
                loss = float(law.loss(n, d, s)) * math.exp(noise * rng.normal())
                lines.append(f"r{i},{n:.9g},{n / (1 - s):.9g},{d:.9g},{loss:.9g},{i % 2}")
    return "\n".join(lines) + "\n"


@pytest.fixture
def dense(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    place = tmp_path / "runs.csv"
    place.write_text(table())
    return place


@pytest.fixture
def sparse(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    place = tmp_path / "moe.csv"
    place.write_text(table(SPARSE, sparsities=(0.0, 0.75, 0.9)))
    return place


def test_the_document_has_exactly_the_promised_keys(dense):
    made = fitted(dense, "--law", "hoffmann", "--bootstrap", "50")
    assert set(made) == KEYS
    assert made["law"] == "hoffmann"
    assert made["convention"] == {"n": "active", "sparsity": "param"}
    assert made["n_runs"] == 21
    assert made["dropped"] == []
    assert set(made["objective"]) == {"name", "delta", "sum", "mean"}
    assert made["objective"]["mean"] == pytest.approx(made["objective"]["sum"] / 21)
    assert list(made["coefficients"]) == list(made["interval"]) == ["E", "A", "alpha", "B", "beta"]
    assert set(made["starts"]) == {"total", "agreeing"}
    assert set(made["identifiability"]) == {"condition", "weak"}
    assert made["level"] == 0.95
    assert made["interval_method"] == "profile (E, alpha, beta), bootstrap of residuals (A, B)"
    assert made["status"] == "converged"
    assert made["range"]["tokens"] == [1e10, 1.6e11]
    assert len(made["data_hash"]) == 64


def test_it_recovers_the_planted_law_within_its_intervals(dense):
    made = fitted(dense, "--law", "hoffmann")
    assert made["coefficients"]["E"] == pytest.approx(DENSE.E, abs=0.05)
    for name, truth in DENSE.coefficients.items():
        low, high = made["interval"][name]
        assert low < made["coefficients"][name] < high
        assert low < truth < high
    assert made["rms_log_residual"] == pytest.approx(2e-3, rel=0.4)


def test_one_coefficient_or_none_is_profiled_with_the_same_limits(dense):
    few = ("--law", "hoffmann", "--bootstrap", "40")
    every, one, none = (
        fitted(dense, *few, *more) for more in ([], ["--profile", "alpha"], ["--profile", "none"])
    )
    assert one["interval"]["alpha"] == every["interval"]["alpha"]
    assert one["interval"] | {"alpha": 0} == none["interval"] | {"alpha": 0}
    assert one["interval_method"] == "bootstrap of residuals (E, A, B, beta), profile (alpha)"
    assert none["interval_method"] == "bootstrap of residuals"


def test_the_240_runs_of_besiroglu_et_al_give_their_fit():
    """Sum of Huber losses 0.0010183 at E 1.8172, alpha .3473, beta .3672 (published 0.0010228)."""
    data = os.environ.get("AUTOTUNE_DATA")
    if not data:
        pytest.skip("AUTOTUNE_DATA does not name a folder with chinchilla_epoch/runs.csv")
    runs = Path(data) / "chinchilla_epoch/runs.csv"
    made = fitted(runs, "--law", "hoffmann", "--where", "besiroglu_outlier == 0")
    assert made["objective"]["sum"] <= 0.0010183
    assert made["coefficients"]["E"] == pytest.approx(1.8172, abs=1e-3)
    assert made["coefficients"]["alpha"] == pytest.approx(0.3473, abs=1e-3)
    assert made["coefficients"]["beta"] == pytest.approx(0.3672, abs=1e-3)
    assert made["n_runs"] == 240
    assert "5 of 245 rows" in made["dropped"][0]


def test_the_text_argues_its_own_case(dense):
    done = run("fit", dense, "--law", "hoffmann", "--bootstrap", "50")
    assert done.returncode == 0
    assert done.stdout.startswith("hoffmann: converged; 21 runs, rms log residual ")
    for said in ("L = E + A/N^alpha + B/D^beta", "95 % interval", "Fitted on", "--save ID"):
        assert said in done.stdout
    assert "extrapolates" in done.stdout
    assert "n_active, n_total, tokens" in " ".join(done.stderr.split())  # the mapping, wrapped
    assert "flops = 6 n_active tokens" in done.stderr


def test_a_preset_stands_for_its_form_and_stdin_for_a_file(dense):
    piped = fitted("-", "--law", "hoffmann2022", "--bootstrap", "0", stdin=dense.read_text())
    again = fitted(dense, "--law", "hoffmann", "--bootstrap", "0")
    assert piped["law"] == "hoffmann"
    assert piped["coefficients"] == again["coefficients"]
    assert piped["data_hash"] == again["data_hash"]


def test_without_resamples_there_is_no_interval(dense):
    made = fitted(dense, "--law", "hoffmann", "--bootstrap", "0")
    assert made["interval"] == {}
    assert made["interval_method"] == "none"
    assert "no interval" in run("fit", dense, "--law", "hoffmann", "--bootstrap", "0").stdout


def test_the_same_seed_gives_the_same_document(dense):
    first, again, other = (
        fitted(dense, "--law", "hoffmann", "--bootstrap", "40", "--seed", seed)
        for seed in (3, 3, 4)
    )
    assert first == again
    assert first["interval"] != other["interval"]


@pytest.mark.long
def test_objective_delta_level_and_filter_are_honoured(dense):
    squares = fitted(dense, "--law", "hoffmann", "--objective", "mse", "--bootstrap", "0")
    assert squares["objective"]["name"] == "mse"
    assert squares["objective"]["delta"] is None
    wide = fitted(dense, "--law", "hoffmann", "--delta", "0.1", "--bootstrap", "60")
    narrow = fitted(
        dense, "--law", "hoffmann", "--delta", "0.1", "--bootstrap", "60", "--level", "0.5"
    )
    assert wide["objective"]["delta"] == 0.1
    assert np.ptp(narrow["interval"]["alpha"]) < np.ptp(wide["interval"]["alpha"])
    kept = fitted(dense, "--law", "hoffmann", "--where", "tokens >= 4e10", "--bootstrap", "0")
    assert kept["n_runs"] == 14
    assert "7 of 21 rows" in kept["dropped"][0]


def test_coefficients_are_held_where_they_are_fixed(sparse):
    made = fitted(sparse, "--law", "generalized", "--fix", "gamma=0,c=1.5", "--bootstrap", "20")
    assert made["coefficients"]["gamma"] == 0
    assert made["coefficients"]["c"] == 1.5
    text = run("fit", sparse, "--law", "generalized", "--fix", "gamma=0", "--bootstrap", "20")
    gamma = next(line for line in text.stdout.splitlines() if line.startswith("gamma"))
    assert gamma.split() == ["gamma", "0", "fixed"]


def test_a_coefficient_at_its_bound_is_a_caveat_and_status_1(dense):
    made = fitted(dense, "--law", "hoffmann", "--bounds", "E=0:1", "--bootstrap", "0", status=1)
    assert made["coefficients"]["E"] == 1
    assert "bound" in made["status"]
    assert any("E sits on its bound" in warning for warning in made["warnings"])
    free = fitted(dense, "--law", "hoffmann", "--bounds", "E=0:,alpha=:2", "--bootstrap", "0")
    assert free["status"] == "converged"


def test_groups_are_resampled_whole(dense):
    rows = fitted(dense, "--law", "hoffmann", "--bootstrap", "60")["interval"]
    runs = fitted(dense, "--law", "hoffmann", "--bootstrap", "60", "--group", "run")["interval"]
    assert rows != runs


def test_the_convention_is_the_form_s_own_unless_it_is_given(sparse):
    own = fitted(sparse, "--law", "generalized", "--bootstrap", "0")
    other = fitted(sparse, "--law", "generalized", "--n", "total", "--bootstrap", "0")
    assert own["convention"]["n"] == "active"
    assert other["convention"]["n"] == "total"
    assert other["objective"]["sum"] > own["objective"]["sum"]
    assert fitted(sparse, "--law", "abnar", "--bootstrap", "0")["convention"]["n"] == "total"


def test_an_option_that_changes_nothing_is_said_to(dense):
    made = fitted(dense, "--law", "hoffmann", "--n", "total", "--bootstrap", "0")
    assert any("--n total changes nothing" in warning for warning in made["warnings"])


def test_what_the_runs_cannot_settle_is_said_and_such_a_fit_plans_nothing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("one.csv").write_text(table(tokens=(1e10,)))
    made = fitted("one.csv", "--law", "hoffmann", "--bootstrap", "20", "--save", "one")
    assert "beta" in " ".join(made["identifiability"]["weak"])
    assert "other token counts" in " ".join(made["identifiability"]["weak"])
    near = run("predict", "--law", "one", "--n-active", "1e9", "--tokens", "1e10", "--json")
    loss = json.loads(near.stdout)["rows"][0]["loss"]
    assert loss == pytest.approx(float(DENSE.loss(1e9, 1e10)), rel=2e-3)
    done = run("plan", "--flops", "1e22", "--law", "one")
    assert done.returncode == 2
    assert "runs of one token count (1e+10)" in done.stderr


def test_outliers_are_named_and_kept(dense):
    lines = table(tokens=np.geomspace(4e9, 4e11, 7)).splitlines()
    cells = lines[5].split(",")
    cells[4] = str(float(cells[4]) * 1.3)
    dense.write_text("\n".join([*lines[:5], ",".join(cells), *lines[6:]]) + "\n")
    made = fitted(dense, "--law", "hoffmann", "--bootstrap", "0")
    assert made["n_runs"] == 49
    assert any("off the fit (line 6); kept." in warning for warning in made["warnings"])


def test_a_saved_fit_is_planned_with_and_carries_an_interval(sparse):
    text = run("fit", sparse, "--law", "generalized", "--bootstrap", "60", "--save", "ours").stdout
    assert "Saved as results/local/fits/ours.json" in text
    plan = json.loads(
        run("plan", "--flops", "1e21", "--sparsity", "0.9", "--law", "ours", "--json").stdout
    )["plans"][0]
    assert plan["interval"]["n_active"][0] < plan["n_active"] < plan["interval"]["n_active"][1]
    sheet = run("laws", "ours").stdout
    assert str(sparse) in sheet
    assert "63 runs, SHA-256 " in sheet
    assert json.loads(run("laws", "ours", "--json").stdout)["data_hash"] in sheet


@pytest.mark.long
def test_another_fit_of_the_same_name_is_refused_unless_forced(dense):
    few = ("--bootstrap", "20", "--save", "ours")
    assert run("fit", dense, "--law", "hoffmann", *few).returncode == 0
    assert run("fit", dense, "--law", "hoffmann", *few).returncode == 0  # the very same
    other = run("fit", dense, "--law", "hoffmann", "--objective", "mse", *few)
    assert other.returncode == 2
    assert "holds a different fit" in other.stderr
    forced = run("fit", dense, "--law", "hoffmann", "--objective", "mse", *few, "--force")
    assert forced.returncode == 0


@pytest.mark.slow
@pytest.mark.long
def test_auto_chooses_a_law_and_says_why(dense):
    done = run("fit", dense, "--law", "auto", "--bootstrap", "0", "--json")
    assert done.returncode in (0, 1)
    assert json.loads(done.stdout)["law"] in FORMS
    assert "rolling error" in done.stderr


def test_an_emphasis_is_in_the_answer_the_text_and_the_saved_law(dense):
    quick = (dense, "--law", "hoffmann", "--bootstrap", "0")
    made = json.loads(run("fit", *quick, "--emphasis", "0.5", "--save", "ours", "--json").stdout)
    assert made["objective"]["emphasis"] == 0.5
    assert files.load("ours", STORAGE).result.settings.emphasis == 0.5
    assert "21 runs weighted by compute^0.5" in run("laws", "ours").stdout
    text = run("fit", *quick, "--emphasis", "0.5").stdout
    assert "Huber loss (delta 0.001) times compute^0.5 of log residuals" in text
    plain = json.loads(run("fit", *quick, "--json").stdout)
    assert "emphasis" not in plain["objective"]
    assert plain["coefficients"] != made["coefficients"]


def test_the_emphasis_of_a_named_law_is_chosen_where_that_is_asked(dense):
    quick = (dense, "--bootstrap", "0")
    done = run("fit", *quick, "--law", "kaplan", "--emphasis", "auto", "--json")
    power = json.loads(done.stdout)["objective"]["emphasis"]
    assert power > 0  # Kaplan's law has no irreducible loss, and these runs have
    assert f"note: Runs weighted by compute^{power:g}: rolling error" in done.stderr
    given_power = run("fit", *quick, "--law", "kaplan", "--emphasis", power, "--json")
    assert given_power.stdout == done.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--law", "hofmann"], "Did you mean 'hoffmann'"),
        (["--law", "hoffmann", "--n", "both"], "unknown --n 'both'"),
        (["--law", "hoffmann", "--sparsity", "weights"], "unknown --sparsity"),
        (["--law", "auto", "--n", "total"], "--law auto chooses for itself"),
        (["--law", "hoffmann", "--fix", "E"], "--fix takes NAME=VALUE"),
        (["--law", "hoffmann", "--fix", "gamma=0"], "unknown coefficient 'gamma'"),
        (["--law", "hoffmann", "--fix", "E=one"], "--fix takes numbers"),
        (["--law", "hoffmann", "--bounds", "E=3"], "NAME=LOW:HIGH"),
        (["--law", "hoffmann", "--bounds", "E=3:1"], "NAME=LOW:HIGH"),
        (["--law", "hoffmann", "--bounds", "E=0:1", "--fix", "E=1"], "fixed and bounded"),
        (["--law", "hoffmann", "--objective", "l2"], "unknown --objective"),
        (["--law", "hoffmann", "--level", "95"], "0.95 means 95 %"),
        (["--law", "hoffmann", "--delta", "0"], "--delta must be finite and > 0"),
        (["--law", "hoffmann", "--bootstrap", "-1"], "--bootstrap must be"),
        (["--law", "hoffmann", "--seed", "-1"], "--seed must be"),
        (["--law", "hoffmann", "--group", "nobody"], "unknown column 'nobody'"),
        (["--law", "hoffmann", "--group", "run", "--bootstrap", "0"], "--group is of no use"),
        (["--law", "hoffmann", "--profile", "E", "--bootstrap", "0"], "--profile is of no use"),
        (["--law", "hoffmann", "--profile", "gamma"], "unknown coefficient 'gamma'"),
        (["--law", "hoffmann", "--profile", "A"], "Of hoffmann, E, alpha, beta can be profiled"),
        (["--law", "auto", "--profile", "E"], "--profile needs a named law"),
        (["--law", "step-lr", "--profile", "c"], "--profile is of no use for step-lr"),
        (["--law", "hoffmann", "--emphasis", "-1"], "--emphasis takes auto or a power from 0 to 3"),
        (["--law", "hoffmann", "--emphasis", "3.1"], "from 0 to 3, not '3.1'. 0 weighs all runs"),
        (["--law", "hoffmann", "--emphasis", "much"], "not 'much'"),
        (["--law", "hoffmann", "--emphasis", "nan"], "not 'nan'"),
        (["--law", "step-lr", "--emphasis", "1"], "--emphasis is of no use for step-lr"),
        (["--method", "isoflop", "--emphasis", "1"], "of no use with --method isoflop"),
        (["--law", "hoffmann", "--force"], "--force is of no use"),
        (["--law", "hoffmann", "--save", "a/b"], "cannot name a fit"),
        (["--law", "hoffmann", "--save", "besiroglu2024"], "a law of the catalogue"),
        (["--law", "hoffmann", "--where", "run == 'r0'"], "only 3 runs"),
        (["--law", "ludziejewski"], "needs n_experts"),
        (["--law", "generalized", "--sparsity", "expert"], "needs n_experts"),
    ],
)
def test_bad_input_is_one_line_and_status_2(dense, arguments, said):
    done = run("fit", dense, *arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    error = done.stderr.splitlines()[-1]
    assert error.startswith("autotune fit: ")
    assert said in error


def test_a_group_that_holds_every_run_is_refused(dense):
    dense.write_text(dense.read_text().replace(",0\n", ",1\n"))
    done = run("fit", dense, "--law", "hoffmann", "--group", "era")
    assert done.returncode == 2
    assert "every run has the same value" in done.stderr


def test_a_missing_file_is_one_line(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = run("fit", "nowhere.csv", "--law", "hoffmann")
    assert done.returncode == 2
    assert "cannot read nowhere.csv" in done.stderr
