"""Laws of the learning rate and the batch size through fit, predict, laws, plan and compare."""

import json

import numpy as np
import pytest
from cli_run import run
from made_sweeps import BATCH, LR, sweep

from autotune.fits import files, power_record


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    made = sweep(noise=0.002)
    columns = [made.inputs["n_active"], made.inputs["tokens"], made.settings["lr"],
               made.settings["batch_tokens"], made.loss]  # fmt: skip
    text = "\n".join(",".join(f"{x:.8g}" for x in row) for row in zip(*columns, strict=True))
    (tmp_path / "sweep.csv").write_text(f"n_active,tokens,lr,batch_tokens,loss\n{text}\n")
    return tmp_path


def test_a_fit_says_how_the_best_rates_were_found_and_how_sure_it_is():
    done = run("fit", "sweep.csv", "--law", "step-lr", "--bootstrap", "200")
    assert done.returncode == 0
    for said in (
        "step-lr: converged; 2400 runs, 20 cells",
        "lr = c N^p D^q",
        "best lr of 20 cells: minimum of a local polynomial",
        "Huber loss (delta 0.347)",
        "95 % bootstrap",
        "Fitted on n_active 100M .. 800M, tokens 2B .. 80B",
        "autotune predict --law ID",
    ):
        assert said in done.stdout
    assert "flops = 6 n_active tokens" in done.stderr


def test_the_document_of_a_fit_holds_the_keys_of_other_fits_and_the_optima():
    done = run("fit", "sweep.csv", "--law", "step-batch", "--bootstrap", "200", "--json")
    made = json.loads(done.stdout)
    assert made["coefficients"]["q"] == pytest.approx(BATCH.coefficients["q"], abs=0.05)
    low, high = made["interval"]["q"]
    assert low < made["coefficients"]["q"] < high
    assert {"law", "n_runs", "dropped", "objective", "level", "interval_method", "status", "range",
            "rms_log_residual", "mean_relative_error", "bias", "identifiability", "data_hash",
            "warnings"} <= made.keys()  # fmt: skip
    assert made["n_cells"] == len(made["optima"]) == 20
    assert {each["method"] for each in made["optima"]} == {"minimum"}


def test_deepseeks_way_counts_its_rows():
    done = run("fit", "sweep.csv", "--law", "step-lr", "--near", "0.0025", "--bootstrap", "0")
    assert "best lr of 20 cells: mean of the near-optimal rows, " in done.stdout
    assert " of 2400\n" in done.stdout
    assert "no interval" in done.stdout


def test_a_preset_names_its_form_and_a_table_of_optima_needs_no_loss(here):
    n, d = (a.ravel() for a in np.meshgrid([1e8, 3e8, 1e9], [2e9, 1e10, 5e10]))
    lines = [
        f"{a:g},{b:g},{LR.value(n_active=a, tokens=b):.12g}" for a, b in zip(n, d, strict=True)
    ]
    (here / "best.csv").write_text("\n".join(["n_active,tokens,lr", *lines]))
    done = run("fit", "best.csv", "--law", "step2025-lr", "--json")
    assert json.loads(done.stdout)["coefficients"] == pytest.approx(dict(LR.coefficients), rel=1e-6)
    done = run("fit", "best.csv", "--law", "step-lr")
    assert "best lr of 9 cells: as given, no loss to choose by" in done.stdout


def test_a_saved_fit_is_a_law_for_predict_and_laws_with_an_interval(here):
    done = run("fit", "sweep.csv", "--law", "step-lr", "--bootstrap", "200", "--save", "mine")
    assert "Now: autotune predict --law mine --n-active 800M --tokens 80B" in done.stdout
    done = run("predict", "--law", "mine", "--n-active", "1e9,1e11", "--tokens", "1e10", "--json")
    rows = json.loads(done.stdout)["rows"]
    assert rows[0]["lr"] == pytest.approx(float(LR.value(n_active=1e9, tokens=1e10)), rel=0.15)
    for row in rows:
        assert row["interval"][0] < row["lr"] < row["interval"][1]
    assert rows[1]["extrapolation"]["n_active"] == pytest.approx(125)
    shown = run("predict", "--law", "mine", "--n-active", "1e11", "--tokens", "1e10").stdout
    assert "95 % of the law" in shown
    assert "n_active x125" in shown
    assert "hyperparameter fit of the form step-lr" in run("laws", "mine").stdout
    assert "mine: lr = " in run("laws").stdout
    place = files.path_of("mine", here / "results/local")
    back = files.find("mine", here / "results/local")
    assert json.loads(place.read_text()) == json.loads(json.dumps(power_record.to_json(back)))


def test_another_fit_of_that_name_is_not_overwritten():
    assert (
        run("fit", "sweep.csv", "--law", "step-lr", "--save", "a", "--bootstrap", "0").returncode
        == 0
    )
    again = run("fit", "sweep.csv", "--law", "step-batch", "--save", "a", "--bootstrap", "0")
    assert again.returncode == 2
    assert "different fit" in again.stderr


@pytest.mark.parametrize(
    ("arguments", "printed"),
    [
        (("step2025-lr", "--n-active", "1e9", "--tokens", "1e11"), "1.632e-03"),
        (("step2025-batch", "--tokens", "100B"), "1.108M"),
        (("deepseek2024-lr", "--flops", "1e20"), "9.860e-04"),
        (("ludziejewski2025-lr", "--n-active", "1e8", "--n-experts", "16"), "7.290e-04"),
    ],
)
def test_a_published_law_is_evaluated(arguments, printed):
    done = run("predict", "--law", *arguments)
    assert done.returncode == 0
    assert printed in done.stdout


def test_flops_follow_from_size_and_tokens_and_that_is_said():
    done = run("predict", "--law", "deepseek2024-lr", "--n-active", "1e9", "--tokens", "2e10")
    assert "1.2e+20" in done.stdout
    assert "flops is 6 n_active tokens; the law's own: M D" in done.stderr


def test_what_a_law_does_not_read_is_said():
    done = run("predict", "--law", "step2025-batch", "--n-active", "1e9", "--tokens", "2e10")
    assert "step2025-batch does not read n_active" in done.stderr
    assert "step2025-batch states no fitted range" in done.stderr


def test_a_table_of_points_is_evaluated_row_by_row():
    done = run("predict", "--law", "step2025-lr", "--runs", "sweep.csv", "--json")
    rows = json.loads(done.stdout)["rows"]
    assert len(rows) == 2400
    assert rows[0]["lr"] == pytest.approx(float(LR.value(n_active=1e8, tokens=2e9)))


def test_tokens_of_a_loss_law_may_be_given_as_flops():
    done = run(
        "predict", "--law", "hoffmann2022", "--n-active", "1e9", "--flops", "1.2e20", "--json"
    )
    assert json.loads(done.stdout)["rows"][0]["tokens"] == pytest.approx(2e10)
    both = run(
        "predict", "--law", "hoffmann2022", "--n-active", "1", "--flops", "1", "--tokens", "1"
    )
    assert both.returncode == 2
    assert "tokens or flops, not both" in both.stderr


SAVE = ("fit", "sweep.csv", "--law", "step-lr", "--bootstrap", "0", "--save", "mine")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ("plan", "--flops", "1e22", "--law", "step2025-lr"),
            "step2025-lr gives lr, and predicts no loss. Evaluate it",
        ),
        (
            ("plan", "--flops", "1e22", "--law", "step-batch"),
            "step-batch gives batch_tokens, and predicts no loss. Fit it",
        ),
        (("plan", "--flops", "1e22", "--law", "mine"), "mine gives lr, and predicts no loss"),
        (
            ("compare", "sweep.csv", "--laws", "hoffmann,step-lr"),
            "step-lr gives lr, and predicts no loss",
        ),
        (
            ("predict", "--law", "step-lr", "--n-active", "1e9"),
            "Fit it with autotune fit RUNS --law step-lr",
        ),
        (("predict", "--law", "step2025-lrr", "--n-active", "1e9"), "Did you mean 'step2025-lr'?"),
        (
            ("predict", "--law", "step2025-lr", "--tokens", "1e9"),
            "n_active is not given. Give --n-active",
        ),
        (
            ("predict", "--law", "step2025-lr", "--tokens=-1", "--n-active", "1"),
            "tokens must be finite and > 0",
        ),
        (("fit", "sweep.csv", "--law", "step-lrr"), "Did you mean 'step-lr'?"),
        (("fit", "sweep.csv", "--law", "step-lr", "--n", "total"), "--n is of no use for step-lr"),
        (("fit", "sweep.csv", "--law", "step-lr", "--bounds", "p=-1:0"), "--bounds is of no use"),
        (("fit", "sweep.csv", "--law", "step-lr", "--group", "lr"), "--group is of no use"),
        (("fit", "sweep.csv", "--law", "step-lr", "--fix", "z=0"), "unknown coefficient 'z'"),
        (
            ("fit", "sweep.csv", "--law", "step-lr", "--fix", "c=-1"),
            "--fix c must be finite and > 0",
        ),
        (("fit", "sweep.csv", "--law", "step-lr", "--near=-1"), "--near must be finite and > 0"),
        (("fit", "sweep.csv", "--law", "step-lr", "--objective", "mae"), "no unique optimum"),
        (
            (
                "fit",
                "sweep.csv",
                "--law",
                "step-lr",
                "--where",
                "tokens == 2e9 and n_active == 1e8",
            ),
            "one cell",
        ),
        (
            ("fit", "sweep.csv", "--law", "step-lr", "--save", "step2025-lr"),
            "is a law of the catalogue",
        ),
        (("fit", "sweep.csv", "--law", "step-lr", "--force"), "no use without --save"),
        (("fit", "sweep.csv", "--law", "hoffmann", "--near", "0.01"), "--near chooses"),
        (("fit", "absent.csv", "--law", "step-lr"), "cannot read absent.csv"),
    ],
)
def test_what_makes_no_sense_is_refused_in_a_line(arguments, said):
    run(*SAVE)
    done = run(*arguments)
    assert done.returncode == 2
    assert said in done.stderr
    assert not done.stdout


def test_an_exponent_is_held_and_the_objective_may_be_squares():
    done = run("fit", "sweep.csv", "--law", "step-lr", "--fix", "q=0.3", "--objective", "mse")
    assert "fixed" in done.stdout
    assert "squares of log residuals" in done.stdout
