"""`tune --noise`, and what is said of a problem that declares its noise."""

import json

import pytest
from cli_run import run

PROBLEM = """
import random
from ConfigSpace import ConfigurationSpace, Float
from autotune.problem import Problem

def problem(*, noise: str = "") -> Problem:
    space = ConfigurationSpace()
    space.add(Float("x", (0.0, 1.0)))

    def objective(c):
        off = random.Random(repr(c)).gauss(0, 0.01)
        return {"objective": (c["x"] - 0.6) ** 2 + off, "sd": 0.01, "below": -1.0}

    return Problem(
        name="noisy", summary="The best x.", space=space, objective=objective, unit="nats",
        noise=noise,
    )
"""


@pytest.fixture
def tune(tuning):
    return tuning(PROBLEM, "noisy.py")


def configs(results, study):
    best = results("best", study, "--top", 99, "--json")
    return sorted(each["config"]["x"] for each in json.loads(best.stdout)["best"])


def test_a_number_a_metric_and_the_problems_own_word_are_the_same_search(tune, results):
    asked = [
        ("a", ["--noise", 0.01], "noise of a value: standard deviation 0.01 nats\n"),
        ("b", ["--noise", "sd"], "noise of a value: each trial's sd\n"),
        ("c", ["--set", "noise=0.01"], "noise of a value: standard deviation 0.01 nats\n"),
        ("d", [], ""),
    ]
    found = {}
    for study, arguments, said in asked:
        done = tune("--max-evals", 14, *arguments, study=study)
        assert done.returncode == 0, done.stderr
        assert said in done.stderr
        assert "note:" not in done.stderr
        found[study] = configs(results, study)
    assert found["a"] == found["b"] == found["c"] != found["d"]


def test_a_study_records_with_each_job_what_noise_it_knew_and_may_go_on_with_another(tune, results):
    assert tune("--max-evals", 2).returncode == 0
    assert tune("--max-evals", 3, "--noise", "0.01").returncode == 0
    assert tune("--max-evals", 4, "--noise", "sd").returncode == 0
    jobs = json.loads(results("show", "s", "--json").stdout)["jobs"]
    assert [job["search"]["noise"] for job in jobs] == ["", "0.01", "sd"]


@pytest.mark.parametrize("name", ["sdd", "below"])
def test_a_metric_that_no_trial_has_is_said_once(tune, name):
    done = tune("--max-evals", 12, "--noise", name)
    assert done.returncode == 0, done.stderr
    line = f"has no {name} >= 0, it has seconds, sd, below: such trials count as noisy as the"
    assert done.stderr.count(line) == 1


def test_both_a_second_objective_and_a_noise_that_are_missing_are_said(tune):
    done = tune("--max-evals", 3, "--noise", "sdd", "--and-minimize", "flops")
    assert done.stderr.count("has no sdd >= 0") == 1
    assert done.stderr.count("has no flops, it has") == 1


def test_a_search_that_does_not_use_the_noise_says_so(tune):
    done = tune("--max-evals", 2, "--noise", "0.01", "--learner", "RF")
    assert "standard deviation 0.01 nats; this search does not use it\n" in done.stderr


def test_a_problem_shows_its_noise(tmp_path):
    (tmp_path / "noisy.py").write_text(PROBLEM)
    show = ("problems", "show", tmp_path / "noisy.py")
    assert "noise:" not in run(*show).stdout
    shown = run(*show, "--set", "noise=0.01").stdout
    assert "noise:      standard deviation 0.01 nats\n" in shown
    told = json.loads(run(*show, "--set", "noise=sd", "--json").stdout)
    assert '"noise": "sd"' in json.dumps(told)


@pytest.mark.parametrize("noise", ["-0.1", "nan", "inf"])
def test_a_standard_deviation_that_is_none_is_refused_in_one_line(tune, tmp_path, noise):
    done = tune("--noise", noise)
    assert done.returncode == 2
    assert "noise must be a standard deviation >= 0" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert not (tmp_path / "s").exists()


def test_best_of_a_study_of_known_noise_are_configurations_by_mean_with_its_error(tune, results):
    assert tune("--max-evals", 3, "--noise", "0.01").returncode == 0
    told = json.loads(results("best", "s", "--top", 9, "--json").stdout)["best"]
    assert [each["mean"] for each in told] == sorted(each["value"] for each in told)
    assert [each["standard_error"] for each in told] == [pytest.approx(0.01)] * 3
    assert [each["trials"] for each in told] == [[each["trial"]] for each in told]
    text = results("best", "s").stdout
    assert "mean objective" in text
    assert "Values are noisy (standard deviation 0.01 nats): the least of many is a lucky" in text
    assert tune("--max-evals", 4, "--noise", "").returncode == 0
    assert "mean" not in results("best", "s").stdout
