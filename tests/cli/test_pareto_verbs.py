"""`tune --and-minimize`, and the front that `results show` and `best` print."""

import json

import pytest
from cli_run import run

PROBLEM = """
from ConfigSpace import ConfigurationSpace, Float
from autotune.problem import Problem

def problem(*, second: str = "", fails: bool = False) -> Problem:
    space = ConfigurationSpace()
    space.add(Float("x", (0.0, 1.0)))

    def objective(c):
        if fails:
            raise ValueError("no luck")
        answer = {"objective": (1 - c["x"]) ** 2}
        return answer | ({"cost": 10 ** (3 * c["x"])} if c["x"] < 0.9 else {"other": 1.0})

    return Problem(
        name="trade", summary="Less for more.", space=space, objective=objective, unit="nats",
        units={"cost": "FLOPs"}, and_minimize=second,
    )
"""


@pytest.fixture
def tune(tuning):
    return tuning(PROBLEM, "trade.py")


def test_the_front_has_both_objectives_its_hypervolume_and_reference_point(tune, results):
    done = tune("--max-evals", 14, "--and-minimize", "cost:log")
    assert done.returncode == 0, done.stderr
    assert "two objectives: its own, and cost:log" in done.stderr
    assert "native GP/EI, seed" in done.stderr
    told = json.loads(results("show", "s", "--json").stdout)["pareto"]
    assert told["objectives"] == ["objective", "cost"]
    assert told["units"] == ["nats", "FLOPs"]
    assert told["log"] == [False, True]
    front = [(each["value"], each["cost"]) for each in told["front"]]
    assert len(front) + told["lacking"] == 14  # every x below 0.9 is on the front
    assert front == sorted(front)
    worst, cheapest = front[-1][0], front[-1][1]
    best, dearest = front[0]
    assert told["reference"][0] == pytest.approx(worst + 0.1 * (worst - best))
    assert told["reference"][1] == pytest.approx(dearest * (dearest / cheapest) ** 0.1)
    for verb in ("show", "best"):
        shown = results(verb, "s").stdout
        assert "Pareto front of the objective and cost" in shown
        assert f"hypervolume {told['hypervolume']:.6g} nats x decades of FLOPs" in shown
        for each in told["front"]:
            assert each["trial"] in shown
    assert "Pareto front of the objective and cost" in done.stdout


def test_best_and_tune_have_the_same_front_as_json(tune, results):
    report = json.loads(tune("--max-evals", 12, "--and-minimize", "cost", "--json").stdout)
    best = json.loads(results("best", "s", "--json").stdout)
    assert report["pareto"] == best["pareto"]
    assert best["pareto"]["front"]


def test_a_study_of_one_objective_has_no_front(tune, results):
    report = json.loads(tune("--max-evals", 3, "--json").stdout)
    assert report["pareto"] is None
    assert json.loads(results("show", "s", "--json").stdout)["pareto"] is None
    assert "Pareto" not in results("show", "s").stdout


def test_the_first_trial_without_the_second_objective_is_said_once(tune, results):
    done = tune("--max-evals", 8, "--and-minimize", "csot")
    assert done.stderr.count("has no csot, it has seconds, ") == 1
    assert "the first objective alone" in done.stderr
    assert done.returncode == 1
    shown = results("show", "s").stdout
    assert "Pareto front of the objective and csot: none yet" in shown
    assert "8 of 8 completed trials have no csot" in shown


def test_trials_that_lack_it_are_counted(tune, results):
    tune("--max-evals", 12, "--and-minimize", "cost", "--learner", "random")
    told = json.loads(results("show", "s", "--json").stdout)["pareto"]
    assert told["lacking"] >= 1
    assert f"{told['lacking']} of 12 completed trials have no cost" in results("show", "s").stdout


def test_seconds_and_parameters_can_be_second_objectives(tune, results):
    tune("--max-evals", 5, "--and-minimize", "seconds:log")
    assert "x decades of s against" in results("show", "s").stdout
    tune("--max-evals", 5, "--and-minimize", "x", study="p")
    header = results("show", "p").stdout.split("Pareto front")[1].splitlines()[2].split()
    assert header == ["trial", "objective", "x"]


def test_a_problem_may_declare_it_and_the_command_line_may_replace_it(tune, results):
    tune("--max-evals", 3, "--set", "second=cost:log")
    assert json.loads(results("show", "s", "--json").stdout)["pareto"]["log"] == [False, True]
    tune("--max-evals", 3, "--set", "second=cost:log", "--and-minimize", "x", study="t")
    told = json.loads(results("show", "t", "--json").stdout)["pareto"]
    assert told["objectives"] == ["objective", "x"]


def test_problems_show_says_what_a_problem_declares(tmp_path):
    (tmp_path / "trade.py").write_text(PROBLEM)
    asked = ("problems", "show", tmp_path / "trade.py", "--set", "second=cost:log")
    assert "and:        cost:log\n" in run(*asked).stdout
    assert json.loads(run(*asked, "--json").stdout)["and_minimize"] == "cost:log"
    assert "and: " not in run("problems", "show", tmp_path / "trade.py").stdout


@pytest.mark.parametrize(
    ("first", "then", "says"),
    [
        (["--and-minimize", "cost"], [], "second objective: cost -> none"),
        ([], ["--and-minimize", "cost"], "second objective: none -> cost"),
        (["--and-minimize", "cost"], ["--and-minimize", "cost:log"], "cost -> cost:log"),
    ],
)
def test_a_study_does_not_change_its_second_objective(tune, first, then, says):
    assert tune("--max-evals", 1, *first).returncode == 0
    done = tune("--max-evals", 2, *then)
    assert done.returncode == 2
    assert says in done.stderr


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--and-minimize", "cost:ln"], "NAME or NAME:log"),
        (["--and-minimize", "cost:ln", "--learner", "random"], "NAME or NAME:log"),
        (["--and-minimize", "cost", "--learner", "RF"], "needs the native GP"),
    ],
)
def test_what_cannot_be_is_refused_before_a_study_is_made(tune, tmp_path, arguments, says):
    done = tune(*arguments)
    assert done.returncode == 2
    assert says in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert not (tmp_path / "s").exists()


def test_a_study_without_a_completed_trial_has_an_empty_front(tune, results):
    done = tune("--max-evals", 2, "--and-minimize", "cost", "--set", "fails=true")
    assert done.returncode == 3
    assert json.loads(results("show", "s", "--json").stdout)["pareto"] == {
        "objectives": ["objective", "cost"], "units": ["nats", "FLOPs"], "log": [False, False],
        "front": [], "reference": None, "hypervolume": None, "lacking": 0,
    }  # fmt: skip
