"""`autotune fit --method isoflop|envelope` end to end: document, text, refusals."""

import json

import numpy as np
import pytest
from cli_run import run

from autotune.laws.catalogue import PRESETS

KEYS = {
    "method", "how", "n", "tolerance", "n_runs", "dropped", "points", "coefficients", "interval",
    "level", "interval_method", "predicted", "grid_bias", "data_hash", "caveats", "warnings",
}  # fmt: skip
LAW = PRESETS["besiroglu2024"]
BUDGETS = (1e19, 1e20, 1e21)


def csv(*, budgets=BUDGETS, noise=2e-3, span=4.0, shift=1.0):
    rng = np.random.default_rng(1)
    lines = ["run,n_active,n_total,tokens,loss"]
    for c in budgets:
        for i, n in enumerate(shift * 0.06 * c**0.5126 * np.geomspace(1 / span, span, 6)):
            d = c / (6 * n)
            loss = float(LAW.loss(n, d)) * np.exp(noise * rng.normal())
            lines.append(f"r{i},{n:.9g},{2 * n if i > 9 else n:.9g},{d:.9g},{loss:.9g}")
    return "\n".join(lines) + "\n"


def checkpoints():
    lines = ["run,n_active,tokens,loss"]
    for i, n in enumerate(np.geomspace(1e8, 1e10, 9)):
        for d in np.geomspace(1e9, 1e12, 12):
            lines.append(f"r{i},{n:.9g},{d:.9g},{float(LAW.loss(n, d)):.9g}")  # noqa: PERF401
    return "\n".join(lines) + "\n"


@pytest.fixture
def runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    place = tmp_path / "runs.csv"
    place.write_text(csv())
    return place


def fitted(*arguments, status=0):
    done = run("fit", *arguments, "--json")
    assert done.returncode == status, done.stderr
    return json.loads(done.stdout)


def test_the_document_of_isoflop_has_exactly_the_promised_keys(runs):
    made = fitted(runs, "--method", "isoflop", "--bootstrap", "100")
    assert set(made) == KEYS
    assert (made["method"], made["n"], made["tolerance"]) == ("isoflop", "active", 0.1)
    assert made["n_runs"] == 18
    assert list(made["coefficients"]) == list(made["interval"]) == ["a", "k_N", "b", "k_D"]
    assert made["coefficients"]["a"] == pytest.approx(0.5126, abs=0.05)
    assert made["interval"]["a"][0] < made["coefficients"]["a"] < made["interval"]["a"][1]
    assert [point["n_runs"] for point in made["points"]] == [6, 6, 6]
    assert [point["flag"] for point in made["points"]] == [None] * 3
    assert abs(made["points"][0]["offset"]) < 0.25
    assert len(made["grid_bias"]["vertex_over_optimum"]) == 3
    assert made["predicted"]["flops"] == pytest.approx(1e22)
    low, high = made["predicted"]["interval"]["n"]
    assert low < made["predicted"]["n"] < high
    assert made["caveats"] == []
    assert len(made["data_hash"]) == 64


def test_the_text_of_isoflop_shows_every_budget_and_what_it_would_do_next(runs):
    done = run("fit", runs, "--method", "isoflop", "--bootstrap", "50")
    assert done.returncode == 0
    assert done.stdout.startswith("isoflop: 18 runs, 3 of 3 budgets in use")
    for said in ("1e+19", "1e+20", "1e+21", "grid bias", "N = k_N C^a", "ten times the largest"):
        assert said in done.stdout
    assert "flops = 6 n_active tokens" in done.stderr


def test_a_budget_that_is_left_out_is_a_caveat_and_status_1(runs):
    off = csv(budgets=(1e22,), shift=0.02).splitlines()[1:]
    runs.write_text(runs.read_text() + "\n".join(off) + "\n")
    made = fitted(runs, "--method", "isoflop", status=1)
    assert "above the sampled sizes" in made["points"][3]["flag"]
    assert made["caveats"][0].startswith("The budget of 1e+22 FLOPs (6 runs) is left out")
    assert made["caveats"][0] in made["warnings"]
    assert "left out" in run("fit", runs, "--method", "isoflop").stdout


def test_a_parabola_without_a_minimum_has_nothing_but_null_in_the_document(runs):
    rows = [line.split(",") for line in csv(budgets=(1e22,)).splitlines()[1:]]
    flat = "\n".join(",".join([*row[:-1], "2.2"]) for row in rows)
    runs.write_text(runs.read_text() + flat + "\n")
    point = fitted(runs, "--method", "isoflop", status=1)["points"][3]
    assert (point["n"], point["tokens"], point["offset"]) == (None, None, None)
    assert point["flag"] == "the parabola has no minimum"
    assert run("fit", runs, "--method", "isoflop").returncode == 1


def test_finished_runs_and_checkpoints_have_an_envelope_each(runs, tmp_path):
    front = fitted(runs, "--method", "envelope", "--bootstrap", "50", status=0)
    assert "Pareto front" in front["how"]
    assert front["tolerance"] is None
    assert front["grid_bias"] is None
    (tmp_path / "curves.csv").write_text(checkpoints())
    curves = fitted("curves.csv", "--method", "envelope", "--group", "run", "--bootstrap", "50")
    assert set(curves) == KEYS
    assert "interpolated" in curves["how"]
    assert curves["n_runs"] == 9
    assert curves["points"][0]["run"] == "run r0"
    assert curves["coefficients"]["a"] == pytest.approx(0.51, abs=0.06)
    text = run("fit", "curves.csv", "--method", "envelope", "--group", "run").stdout
    assert "run r4" in text
    assert "times apart (median)" in " ".join(text.split())


def test_filter_convention_level_seed_and_tolerance_are_honoured(runs):
    kept = fitted(runs, "--method", "isoflop", "--where", "tokens > 2e9", "--bootstrap", "0")
    assert kept["n_runs"] < 18
    assert kept["interval"] == {}
    total = fitted(runs, "--method", "isoflop", "--n", "total", "--bootstrap", "0")
    assert total["n"] == "total"
    one, other = (
        fitted(runs, "--method", "isoflop", "--seed", seed, "--bootstrap", "50") for seed in (1, 2)
    )
    assert one["interval"] != other["interval"]
    narrow = fitted(
        runs, "--method", "isoflop", "--seed", "1", "--bootstrap", "50", "--level", "0.5"
    )
    assert np.ptp(narrow["interval"]["a"]) < np.ptp(one["interval"]["a"])
    wide = fitted(runs, "--method", "isoflop", "--tolerance", "0.3", "--bootstrap", "0")
    assert wide["tolerance"] == 0.3


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--method", "isoflops"], "Did you mean 'isoflop'"),
        (["--method", "isoflop", "--law", "hoffmann"], "--law is of no use with --method isoflop"),
        (["--method", "envelope", "--law", "auto"], "--law is of no use with --method envelope"),
        (["--method", "isoflop", "--objective", "huber"], "--objective is of no use"),
        (["--method", "isoflop", "--delta", "0.1"], "--delta is of no use"),
        (["--method", "isoflop", "--fix", "a=1"], "--fix is of no use"),
        (["--method", "isoflop", "--bounds", "a=0:1"], "--bounds is of no use"),
        (["--method", "isoflop", "--sparsity", "param"], "--sparsity is of no use"),
        (["--method", "isoflop", "--save", "ours"], "`plan` needs a law of the loss"),
        (["--method", "envelope", "--force"], "--force is of no use"),
        (["--method", "envelope", "--storage", "x"], "--storage is of no use"),
        (["--method", "isoflop", "--group", "run"], "use --method envelope"),
        (["--method", "envelope", "--tolerance", "0.1"], "--tolerance is of no use"),
        (["--method", "envelope", "--group", "nobody"], "unknown column 'nobody'"),
        (["--method", "envelope", "--group", "run"], "not checkpoints of one run"),
        (["--method", "isoflop", "--tolerance", "0"], "--tolerance must be finite and > 0"),
        (["--method", "isoflop", "--n", "both"], "unknown --n 'both'"),
        (["--method", "isoflop", "--level", "95"], "0.95 means 95 %"),
        (["--method", "isoflop", "--bootstrap", "-1"], "--bootstrap must be"),
        (["--method", "isoflop", "--seed", "-1"], "--seed must be"),
        (["--method", "isoflop", "--where", "tokens > 3e10"], "at least 2 budgets"),
        (["--method", "envelope", "--where", "run == 'r0' and tokens > 3e10"], "at least 3 sizes"),
        ([], "--law is missing"),
        (["--law", "hoffmann", "--tolerance", "0.1"], "--tolerance is of --method isoflop"),
    ],
)
def test_bad_input_is_one_line_and_status_2(runs, arguments, said):
    done = run("fit", runs, *arguments)
    assert done.returncode == 2, done.stdout
    assert done.stdout == ""
    error = done.stderr.splitlines()[-1]
    assert error.startswith("autotune fit: ")
    assert said in error


@pytest.mark.parametrize("method", ["isoflop", "envelope"])
def test_losses_without_a_best_size_give_nothing_and_status_3(runs, method):
    rows = [line.split(",") for line in csv().splitlines()]
    flat = [",".join([*row[:-1], "2.2"]) for row in rows[1:]]
    runs.write_text("\n".join([",".join(rows[0]), *flat]) + "\n")
    done = run("fit", runs, "--method", method)
    assert done.returncode == 3
    assert done.stdout == ""
    assert done.stderr.splitlines()[-1].startswith("autotune fit: ")


def test_the_parametric_method_is_the_default_and_may_be_named(runs):
    named = run("fit", runs, "--method", "parametric", "--law", "hoffmann", "--bootstrap", "0")
    plain = run("fit", runs, "--law", "hoffmann", "--bootstrap", "0")
    assert named.returncode == plain.returncode == 0
    assert named.stdout == plain.stdout
