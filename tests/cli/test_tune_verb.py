"""`autotune tune`, end to end: real workers, a real record."""

import json

import pytest
from cli_run import run

from autotune.store.study import read

# Four ways to go wrong, chosen by the configuration, and one to go right.
TROUBLE = """
import os, time
from ConfigSpace import ConfigurationSpace, Integer
from autotune import TuningProblem

space = ConfigurationSpace()
space.add(Integer("n", (0, 9)))

def objective(point):
    n = point["n"]
    if n == 0: raise ValueError("no luck")
    if n == 1: time.sleep(60)
    if n == 2: os._exit(7)
    if n == 3: return "text"
    if n == 4: return float("nan")
    return float(n)

Problem = TuningProblem(input_space=space, objective=objective)
"""


@pytest.fixture
def tune(tmp_path):
    return lambda *arguments: run("tune", *arguments, "--storage", tmp_path / "store")


@pytest.fixture
def write(tmp_path):
    def at(text, name):
        (tmp_path / name).write_text(text)
        return str(tmp_path / name)

    return at


def recorded(tmp_path, study):
    return read(tmp_path / "store" / study).outcomes


def test_a_search_with_two_workers_finds_the_optimum_and_continues(tune, tmp_path):
    first = tune("moe_budget", "--max-evals", "16", "--workers", "2", "--seed", "1", "--json")
    assert first.returncode == 0, first.stderr
    report = json.loads(first.stdout)
    assert (report["recorded"], report["evaluated"], report["failed"]) == (16, 16, 0)
    assert set(report["best"]["config"]) == {"n_active", "n_experts", "top_k"}
    assert report["best"]["metrics"]["n_total"] <= 1e10
    assert report["gap_percent"] >= 0
    known = report["best_known"]["value"]
    assert report["gap_percent"] == pytest.approx(100 * (report["best"]["value"] / known - 1))

    more = tune("moe_budget", "--max-evals", "20", "--workers", "0", "--seed", "1", "--json")
    assert "continues 16 recorded trials" in more.stderr
    report = json.loads(more.stdout)
    assert (report["recorded"], report["evaluated"]) == (20, 4)
    outcomes = recorded(tmp_path, "moe_budget")
    assert len({outcome.trial.id for outcome in outcomes}) == 20

    again = tune("moe_budget", "--max-evals", "20", "--json")
    assert json.loads(again.stdout)["evaluated"] == 0
    assert again.returncode == 0


def test_a_study_in_two_parts_is_the_study_in_one(tune, tmp_path):
    for name, parts in (("whole", [14]), ("parts", [5, 11, 14])):
        for n in parts:
            tune("moe_budget", "--max-evals", str(n), "--workers", "0", "--study", name)
    whole, parts = (
        [outcome.trial.config for outcome in recorded(tmp_path, name)]
        for name in ("whole", "parts")
    )
    assert whole == parts


def test_the_report_for_people_names_value_units_gap_law_and_record(tune, tmp_path):
    done = tune("moe_budget", "--max-evals", "3", "--workers", "0", "--study", "mine")
    for text in (
        "nats per token", "parameters", "sparsity", "best known", "% above it", "generalized-moe",
        "6 N_active D", str(tmp_path / "store" / "mine"),
        f"autotune results show mine --storage {tmp_path / 'store'}",
    ):  # fmt: skip
        assert text in done.stdout
    assert len([line for line in done.stderr.splitlines() if "best" in line]) == 3


def test_the_flags_of_ytopt_are_understood(tune):
    done = tune(
        "dense_budget", "--max-evals=6", "--learner", "RF", "--acq-func", "LCB", "--liar-strategy",
        "cl_min", "--set-KAPPA", "1.5", "--set-SEED", "2345", "--set-NI", "4", "--workers", "0",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "RF/LCB, seed 2345" in done.stderr


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ("", "native GP/EI (auto: ET from 501 trials on), seed"),
        ("--acq TS", "native GP/TS, seed"),
        ("--learner GP", "native GP/EI, seed"),
        ("--learner RF", "native RF/EI, seed"),
        ("--engine skopt", "skopt GP/LCB, seed"),
        ("--engine skopt --learner RF", "skopt RF/gp_hedge, seed"),
        ("--learner random", "random, seed"),
        ("--trust-region", "trust region: proposals come from a box about the best trial"),
    ],
)
def test_the_model_in_use_is_said_with_its_default_acquisition(tune, options, says):
    done = tune("dense_budget", "--max-evals", "1", "--workers", "0", *options.split())
    assert f"\n{says}" in done.stderr


def test_trials_that_raise_hang_die_or_return_text_are_failures_of_their_kind(
    tune, write, tmp_path
):
    done = tune(
        write(TROUBLE, "trouble.py"), "--max-evals", "50", "--workers", "2",
        "--trial-timeout", "2s", "--learner", "random", "--json",
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    report = json.loads(done.stdout)
    assert report["ended"] == "exhausted"
    assert (report["recorded"], report["failed"]) == (10, 5)
    assert report["best"]["value"] == 5.0
    kinds = {
        outcome.trial.config["n"]: str(outcome.kind)
        for outcome in recorded(tmp_path, "trouble")
        if hasattr(outcome, "kind")
    }
    assert kinds.keys() == {0, 1, 2, 3, 4}
    assert (kinds[0], kinds[1]) == ("crashed", "timeout")
    assert kinds[3] == kinds[4] == "not a number"


def test_a_study_in_which_every_trial_failed_ends_with_3_and_shows_why(tune, write):
    text = TROUBLE.replace("if n == 0", "if True")
    done = tune(write(text, "doomed.py"), "--max-evals", "3", "--workers", "0")
    assert done.returncode == 3
    assert "no luck" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["moe_budgt"], "moe_budgt"),
        (["moe_budget", "--set", "flop=1e21"], "Did you mean 'flops'"),
        (["moe_budget", "--set", "flops=lots"], "option flops must be a number"),
        (["moe_budget", "--learner", "SVM"], "unknown learner 'SVM'"),
        (["moe_budget", "--acq", "UCB"], "unknown acquisition"),
        (["moe_budget", "--timeout", "soon"], "duration"),
        (["moe_budget", "--workers", "0", "--trial-timeout", "9s"], "--workers 1"),
        (["moe_budget", "--study", "a/b"], "folder's name"),
        (["moe_budget", "--study", ".."], "folder's name"),
        (["command", "--max-evals", "3"], "needs the option command"),
    ],
)
def test_bad_input_is_one_line_and_exit_2(tune, arguments, says):
    done = tune(*arguments)
    assert done.returncode == 2
    assert says in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_another_problem_in_a_study_is_refused_with_what_differs(tune):
    tune("dense_budget", "--max-evals", "1", "--workers", "0", "--study", "s")
    done = tune("dense_budget", "--max-evals", "1", "--study", "s", "--set", "flops=1e22")
    assert done.returncode == 2
    assert "flops: 1e+21 -> 1e+22" in done.stderr


def test_a_storage_that_cannot_be_written_is_one_line(tmp_path):
    (tmp_path / "file").write_text("")
    done = run("tune", "dense_budget", "--storage", tmp_path / "file")
    assert done.returncode == 2
    assert "--storage" in done.stderr
    assert "Traceback" not in done.stderr
