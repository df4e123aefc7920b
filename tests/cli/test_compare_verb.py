"""`autotune compare` end to end: what it prints, what it refuses, and how it exits."""

import json

import cli_run
import numpy as np
import pytest

from autotune.laws.catalogue import PRESETS
from autotune.laws.interaction import InteractionLaw

LAW = InteractionLaw(
    **PRESETS["besiroglu2024"].coefficients, t=0.3, C=3e6, source=PRESETS["besiroglu2024"].source
)
ERRORS = {"mre", "log_rmse", "bias", "n_runs"}
TWO = ("--laws", "hoffmann,interaction", "--sparsity", "param")


def run(*arguments):
    return cli_run.run("compare", *arguments)


def document(*arguments, status=0):
    done = run(*arguments, "--json")
    assert done.returncode == status, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    rng = np.random.default_rng(0)
    n = 40
    active, tokens = np.exp(rng.uniform(17, 21, n)), np.exp(rng.uniform(21, 25, n))
    total = active * rng.choice([1, 2, 4], n)
    loss = LAW.loss(active, tokens, 1 - active / total) * np.exp(rng.normal(0, 2e-3, n))
    path = tmp_path_factory.mktemp("runs") / "runs.csv"
    rows = [
        f"{a:.0f},{t:.0f},{d:.0f},{each:.6f},{int(i >= 30)},{'AB'[i % 2]}"
        for i, (a, t, d, each) in enumerate(zip(active, total, tokens, loss, strict=True))
    ]
    path.write_text("\n".join(["n_active,n_total,tokens,loss,later,batch", *rows]) + "\n")
    return path


def test_json_has_every_promised_key(runs):
    made = document(runs, *TWO)
    assert set(made) >= {"split", "rows", "chosen", "not_applicable", "failed", "warnings"}
    assert made["split"]["request"] == "flops:0.2"
    assert (made["split"]["n_train"], made["split"]["n_test"]) == (32, 8)
    assert len(made["rows"]) == 3  # Hoffmann's law on active and total parameters, and ours
    for row in made["rows"]:
        assert set(row["convention"]) == {"n", "sparsity"}
        assert row["n_coefficients"] == {"hoffmann": 5, "interaction": 7}[row["law"]]
        assert set(row["train"]) == set(row["test"]) == ERRORS
        assert set(row["rolling"]) == ERRORS | {"error", "origins"}
        assert [each["n_train"] for each in row["rolling"]["origins"]] == [22, 26, 29]
        assert 1 <= row["starts"]["agreeing"] <= row["starts"]["total"]
    chosen = made["chosen"]
    assert chosen["law"] == made["rows"][0]["law"] == "interaction"
    assert (chosen["emphasis"], chosen["test"]) == (0, made["rows"][0]["test"])


def test_a_chosen_emphasis_has_errors_of_its_own_and_one_that_is_given_is_every_laws(runs):
    law = (runs, "--laws", "hoffmann", "--n", "active")
    chosen, (row,) = (document(*law)[key] for key in ("chosen", "rows"))
    power = chosen["emphasis"]
    assert power > 0
    assert chosen["test"]["log_rmse"] != row["test"]["log_rmse"]
    said = run(*law).stdout.splitlines()[-1]
    test = f"runs weighted by compute^{power:g}: test log-RMSE {chosen['test']['log_rmse']:.5f}"
    assert said.startswith(f"* chosen by the training runs alone: hoffmann (active, param), {test}")
    made = document(*law, "--emphasis", power)
    assert made["rows"][0]["test"] == made["chosen"]["test"] == chosen["test"]
    assert document(*law, "--emphasis", 0)["chosen"]["emphasis"] == 0


def test_the_table_is_sorted_by_hidden_runs_and_marks_the_choice(runs):
    done = run(runs, *TWO)
    assert done.returncode == 0
    lines = done.stdout.splitlines()
    body = lines[3 : lines.index(next(line for line in lines if line.startswith("* chosen")))]
    errors = [float(line.split("param")[1].split()[1]) for line in body]
    assert errors == sorted(errors)
    assert body[0].startswith("interaction *")
    assert "scoring on the 8 others" in done.stderr


def test_a_repeated_call_gives_the_same_numbers(runs):
    asked = (runs, "--laws", "hoffmann", "--n", "active", "--seed", 3)
    assert document(*asked) == document(*asked)


@pytest.mark.long
def test_the_seed_moves_the_starts_and_not_the_errors(runs):
    found = [document(runs, "--laws", "kaplan", "--n", "active", "--seed", i) for i in range(3)]
    rows = [made["rows"][0] for made in found]
    assert len({row["starts"]["agreeing"] for row in rows}) > 1
    errors = [row["test"]["log_rmse"] for row in rows]
    assert errors == pytest.approx([errors[0]] * 3, rel=1e-4)


@pytest.mark.long
def test_laws_that_do_not_apply_are_listed_with_the_reason(runs):
    made = document(runs, "--laws", "hoffmann,krajewski,clark")
    assert made["not_applicable"]["krajewski"] == "the table has no column granularity"
    assert "no data term" in made["not_applicable"]["clark"]
    shown = run(runs, "--laws", "hoffmann,krajewski").stdout
    assert "Not applicable: krajewski: the table has no column granularity" in shown


@pytest.mark.long
def test_runs_split_by_a_column_and_by_rolling_origins(runs):
    by_column = document(runs, *TWO, "--split", "column:later")
    assert (by_column["split"]["n_train"], by_column["split"]["n_test"]) == (30, 10)
    rolling = document(runs, *TWO, "--split", "rolling")
    assert rolling["split"]["n_test"] == 0
    for row in rolling["rows"]:
        assert row["test"] == {name: row["rolling"][name] for name in ERRORS}


def test_conditions_and_conventions_restrict_what_is_compared(runs):
    made = document(runs, *TWO, "--n", "total", "--where", "batch == 'A'")
    assert made["split"]["n_train"] + made["split"]["n_test"] == 20
    assert {row["convention"]["n"] for row in made["rows"]} == {"total"}


@pytest.mark.long
def test_a_law_that_could_not_be_fitted_ends_with_a_caveat(runs):
    few = ("--where", "later == 1", "--split", "flops:0.2")
    made = document(runs, "--laws", "hoffmann,abnar", *few, status=1)
    assert any("abnar" in name for name in made["failed"])
    assert "Failed: abnar" in run(runs, "--laws", "hoffmann,abnar", *few).stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--laws", "hofman"), "unknown law form 'hofman'. Did you mean 'hoffmann'"),
        (("--n", "some"), "unknown value of --n 'some'"),
        (("--sparsity", "weights"), "unknown value of --sparsity"),
        (("--split", "random"), "cannot read the split 'random'"),
        (("--split", "column:batch"), "must hold numbers, or true and false"),
        (("--where", "later == 1 and batch == 'A'"), "too few to judge laws"),
    ],
)
def test_bad_input_is_refused_in_one_line(runs, arguments, said):
    done = run(runs, *arguments)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_a_missing_file_is_refused():
    done = run("nowhere.csv")
    assert done.returncode == 2
    assert "nowhere.csv" in done.stderr


def test_where_no_law_can_be_fitted_the_status_is_three(runs):
    done = run(runs, "--laws", "krajewski")
    assert done.returncode == 3
    assert "no law can be fitted to 32 runs" in done.stderr
