"""`autotune tune --prior-law` and `--prior-study`, and the search beside the exact answer."""

import json
import shlex

import pytest

from autotune.store.study import read

from ..cli_run import run

PLAIN = '''
from ConfigSpace import ConfigurationSpace, Float
from autotune import Problem

space = ConfigurationSpace()
space.add(Float("n_active", (1e6, 1e12), log=True), Float("depth", (0.0, 1.0)))
problem = Problem(
    name="plain", summary="A bowl.", space=space,
    objective=lambda c: (c["depth"] - 0.3) ** 2 + abs(c["n_active"] / 1e9 - 1),
)
'''  # fmt: skip


@pytest.fixture
def tune(tmp_path):
    def call(problem, *arguments):
        fixed = ("--workers", "0", "--storage", tmp_path / "store")
        return run("tune", problem, *fixed, *arguments)

    return call


def configs(tmp_path, study):
    return [outcome.trial.config for outcome in read(tmp_path / "store" / study).outcomes]


def test_a_law_is_said_recorded_and_shown(tune, tmp_path):
    done = tune("moe_budget", "--prior-law", "abnar2025", "--max-evals", "3")
    assert done.returncode == 0
    assert "prior: law abnar2025\n" in done.stderr
    header = read(tmp_path / "store" / "moe_budget").header
    assert header.prior["laws"][0]["name"] == "abnar2025"
    assert header.prior["laws"][0]["alpha"] == 0.5962
    shown = run("results", "show", "moe_budget", "--storage", tmp_path / "store")
    assert "began with the prior law abnar2025\n" in shown.stdout


def test_a_dense_law_is_said_to_see_active_parameters_alone(tune):
    done = tune("moe_budget", "--prior-law", "hoffmann2022", "--max-evals", "1")
    assert "law hoffmann2022; it is dense, and sees active parameters alone" in done.stderr


def test_a_saved_fit_is_a_prior_too(tune, tmp_path):
    runs = tmp_path / "runs.csv"
    rows = [
        (n, d, 1.7 + 400 / n**0.34 + 410 / d**0.28)
        for n in (1e8, 3e8, 1e9)
        for d in (1e9, 1e10, 1e11)
    ]
    runs.write_text("n_active,tokens,loss\n" + "".join(f"{n},{d},{y}\n" for n, d, y in rows))
    fitted = run(
        "fit", runs, "--law", "hoffmann", "--bootstrap", "0", "--save", "mine",
        "--storage", tmp_path / "store",
    )  # fmt: skip
    assert fitted.returncode in {0, 1}, fitted.stderr
    done = tune("dense_budget", "--prior-law", "mine", "--max-evals", "2")
    assert (done.returncode, "prior: law mine" in done.stderr) == (0, True)


def test_a_resumed_study_with_a_prior_goes_on_as_if_it_had_not_stopped(tune, tmp_path):
    prior = ("--prior-law", "abnar2025")
    tune("moe_budget", *prior, "--max-evals", "5", "--study", "whole")
    tune("moe_budget", *prior, "--max-evals", "4", "--study", "parts")
    again = tune("moe_budget", *prior, "--max-evals", "5", "--study", "parts")
    assert "goes on with" not in again.stderr
    assert configs(tmp_path, "parts") == configs(tmp_path, "whole")


def test_another_prior_on_resuming_is_said(tune):
    tune("moe_budget", "--prior-law", "abnar2025", "--max-evals", "1")
    done = tune("moe_budget", "--max-evals", "1")
    assert "began with the prior law abnar2025, and goes on with no prior\n" in done.stderr


def test_a_study_of_another_budget_is_a_prior_on_what_it_shares(tune, tmp_path):
    tune("dense_budget", "--set", "flops=1e20", "--max-evals", "6", "--study", "small")
    done = tune("moe_budget", "--prior-study", "small", "--max-evals", "2")
    assert "study small, 6 trials, on n_active; it has no n_experts, top_k\n" in done.stderr
    header = read(tmp_path / "store" / "moe_budget").header
    assert header.prior == {"studies": [{"name": "small", "trials": 6}]}
    folder = str(tmp_path / "store" / "small")
    done = tune("moe_budget", "--prior-study", folder, "--prior-law", "abnar2025",
                "--max-evals", "2", "--study", "both")  # fmt: skip
    assert ("prior: law abnar2025" in done.stderr, done.returncode) == (True, 0)
    assert "6 trials, on n_active" in done.stderr


def test_a_prior_that_is_of_no_use_is_refused_before_a_study_begins(tune, tmp_path):
    (tmp_path / "plain.py").write_text(PLAIN)
    tune("dense_budget", "--max-evals", "5", "--study", "dense")
    tune("best_sparsity", "--max-evals", "5", "--study", "other")
    for problem, arguments, says in [
        (tmp_path / "plain.py", ("--prior-law", "abnar2025"), "takes no --prior-law"),
        ("moe_budget", ("--prior-law", "abnar"), "unknown law 'abnar'"),
        ("moe_budget", ("--prior-law", "step2025-lr"), "predicts no loss"),
        ("moe_budget", ("--prior-study", "none"), "there is no study none, neither in"),
        ("moe_budget", ("--prior-study", "other"), "study other has no parameter of n_active"),
        ("moe_budget", ("--prior-law", "abnar2025", "--learner", "RF"), "a prior needs --engine"),
        ("dense_budget", ("--prior-study", "dense", "--study", "dense"), "be its own prior"),
    ]:
        done = tune(problem, *arguments, "--max-evals", "1")
        assert (done.returncode, says in done.stderr) == (2, True), done.stderr
        assert done.stderr.count("\n") <= 2
    assert {path.name for path in (tmp_path / "store").iterdir()} == {"dense", "other"}


@pytest.mark.parametrize(
    ("problem", "options"),
    [
        ("dense_budget", ("flops=3.3e20",)),
        ("moe_given_sparsity", ()),
        ("best_sparsity", ()),
        ("best_sparsity", ("hold=tokens", "n_active=2.5B")),
        ("best_sparsity", ("hold=nothing", "max_sparsity=0.95")),
        ("inference_budget", ()),
        ("inference_budget", ("sparsity=0.9", "law=generalized-moe", "inference_tokens=0")),
    ],
    ids=str,
)
def test_the_command_shown_beside_a_search_finds_the_exact_optimum(
    problem, options, tune, tmp_path
):
    given = [word for option in options for word in ("--set", option)]
    told = tune(problem, *given, "--max-evals", "1", "--study", "s")
    shown = run("results", "show", "s", "--storage", tmp_path / "store")
    sentence, command = shown.stdout.splitlines()[-2:]
    assert sentence == "A closed-form law needs no Bayesian search; this answers at once:"
    assert command in told.stdout
    _, *words = shlex.split(command)
    plan = json.loads(run(*words, "--json").stdout)
    known = json.loads(
        run("results", "show", "s", "--storage", tmp_path / "store", "--json").stdout
    )
    assert plan["plans"][0]["loss"] == pytest.approx(known["best_known"]["value"], rel=1e-7)


def test_the_plan_of_an_expert_layout_is_just_below_the_best_whole_layout(tune, tmp_path):
    tune("moe_budget", "--max-evals", "1")
    shown = run("results", "show", "moe_budget", "--storage", tmp_path / "store", "--json")
    known = json.loads(shown.stdout)["best_known"]
    _, *words = shlex.split(known["command"])
    loss = json.loads(run(*words, "--json").stdout)["plans"][0]["loss"]
    assert loss <= known["value"] <= loss * (1 + 1e-5)


def test_no_command_is_shown_where_none_answers(tune, tmp_path):
    tune("law_coefficients", "--max-evals", "1")
    shown = run("results", "show", "law_coefficients", "--storage", tmp_path / "store")
    assert "closed-form" not in shown.stdout
