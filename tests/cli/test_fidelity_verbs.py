"""`tune --fidelity`, and what `results` says of a study whose trials ran at several fidelities."""

import json

import pytest
from cli_run import run

PROBLEM = """
from ConfigSpace import ConfigurationSpace, Float, Integer
from autotune.problem import Problem

def problem(*, fidelity: str = "", cost: str = "seconds") -> Problem:
    space = ConfigurationSpace()
    space.add(Float("x", (0.0, 1.0)), Integer("steps", (1, 64), log=True))

    def objective(c):
        # Short runs look better than they are: the least value of all is not at the target.
        return {"objective": (c["x"] - 0.6) ** 2 - 1 / c["steps"], "flops": 100.0 * c["steps"]}

    return Problem(
        name="ladder", summary="The best x at 64 steps.", space=space, objective=objective,
        units={"flops": "FLOPs"}, fidelity=fidelity, cost=cost,
    )
"""
ASKED = ("--fidelity", "steps", "--cost", "flops")


@pytest.fixture
def tune(tuning):
    return tuning(PROBLEM, "ladder.py")


def test_the_best_is_the_best_at_the_target_and_the_cost_is_said(tune, results, tmp_path):
    done = tune("--max-evals", 24, *ASKED, "--json")
    assert done.returncode == 0, done.stderr
    assert "fidelity steps, cost flops" in done.stderr
    assert "native GP/EI, seed" in done.stderr
    told = json.loads(done.stdout)
    assert told["best"]["config"]["steps"] == 64
    assert told["best"]["config"]["x"] == pytest.approx(0.6, abs=0.02)
    shown = results("show", "s").stdout
    fidelity = json.loads(results("show", "s", "--json").stdout)["fidelity"]
    assert fidelity == told["fidelity"]
    assert (fidelity["name"], fidelity["target"]) == ("steps", 64)
    assert 1 <= fidelity["at_target"] < fidelity["completed"] == 24
    costs = [row["m:flops"] for row in rows(results, tmp_path)]
    assert fidelity["spent"] == pytest.approx(sum(map(float, costs)))
    line = f"{fidelity['at_target']} of 24 completed trials ran at steps = 64, the target; all cost"
    assert line in shown
    top = json.loads(results("best", "s", "--top", 50, "--json").stdout)["best"]
    assert {each["config"]["steps"] for each in top} == {64}
    assert len(top) == fidelity["at_target"]


def rows(results, tmp_path):
    import csv

    results("export", "s", "--csv", tmp_path / "s.csv")
    with (tmp_path / "s.csv").open() as file:
        return list(csv.DictReader(file))


def test_enough_spent_ends_the_study_and_the_same_command_does_nothing_more(tune):
    first = json.loads(tune("--max-evals", 500, *ASKED, "--max-cost", "20k", "--json").stdout)
    assert first["ended"] == "cost"
    assert 20_000 <= first["fidelity"]["spent"] <= 20_000 + 6_400
    again = json.loads(tune("--max-evals", 500, *ASKED, "--max-cost", "20k", "--json").stdout)
    assert (again["ended"], again["evaluated"]) == ("cost", 0)


def test_no_trial_at_the_target_is_no_best_and_no_failure(tune, results):
    done = tune("--max-evals", 2, *ASKED)
    assert done.returncode == 0
    assert "no value is known at the target yet" in done.stdout
    assert "best none" in done.stderr
    best = results("best", "s")
    assert best.returncode == 3
    assert "no trial of s has completed at the target (0 failed)" in best.stderr
    assert "no value is known at the target yet" in results("show", "s").stdout


def test_a_problem_may_declare_its_fidelity_and_seconds_are_the_default_cost(
    tune, results, tmp_path
):
    tune("--max-evals", 3, "--set", "fidelity=steps")
    shown = run("problems", "show", tmp_path / "ladder.py", "--set", "fidelity=steps").stdout
    assert "fidelity:   steps, a trial costs its seconds\n" in shown
    fidelity = json.loads(results("show", "s", "--json").stdout)["fidelity"]
    assert (fidelity["name"], fidelity["cost"], fidelity["cost_unit"]) == ("steps", "seconds", "s")
    assert fidelity["spent"] > 0


def test_a_cost_that_no_trial_has_is_said_once(tune, results):
    done = tune("--max-evals", 12, "--fidelity", "steps", "--cost", "flosp")
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("has no flosp > 0, it has seconds, flops: the cost of such") == 1
    assert json.loads(results("show", "s", "--json").stdout)["fidelity"]["spent"] == 0


def test_a_study_without_a_fidelity_says_nothing_of_it(tune, results):
    assert json.loads(tune("--max-evals", 3, "--json").stdout)["fidelity"] is None
    assert json.loads(results("show", "s", "--json").stdout)["fidelity"] is None


@pytest.mark.parametrize(
    ("first", "then", "says"),
    [
        (ASKED, [], "fidelity: steps -> none"),
        (ASKED, ["--fidelity", "steps"], "cost: flops -> seconds"),
        ([], ASKED, "fidelity: none -> steps"),
    ],
)
def test_a_study_keeps_its_fidelity_and_its_cost(tune, first, then, says):
    assert tune("--max-evals", 1, *first).returncode == 0
    done = tune("--max-evals", 2, *then)
    assert done.returncode == 2
    assert says in done.stderr


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--fidelity", "step"], "Did you mean 'steps'"),
        (["--max-cost", "1k"], "--max-cost needs a --fidelity"),
        (["--cost", "flops"], "--cost needs a --fidelity"),
        ([*ASKED, "--max-cost", "much"], "much"),
        ([*ASKED, "--and-minimize", "flops"], "not both"),
        ([*ASKED, "--learner", "RF"], "a fidelity needs the native GP"),
    ],
)
def test_what_cannot_be_is_refused_before_a_study_is_made(tune, tmp_path, arguments, says):
    done = tune(*arguments)
    assert done.returncode == 2
    assert says in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert not (tmp_path / "s").exists()
