"""ytopt's problem class: both published signatures, by position and by keyword."""

import pytest

from autotune import TuningProblem


def objective(point):
    return point["x"]


POSITIONAL = ("tasks", "tuned", "output", objective, "rule", "model", "name")
VERSION1 = ("task_space", "input_space", "output_space", "objective", "constraints", "model")
MASTER = ("input_space", "parameter_space", "output_space", "objective", "constraints", "models")


@pytest.mark.parametrize("names", [VERSION1, MASTER], ids=["version1", "master"])
@pytest.mark.parametrize("positional", range(5))
def test_the_second_argument_is_what_is_tuned(names, positional):
    if names is MASTER and positional == 1:
        positional = 0  # position alone does not tell that the first is not a task space
    keywords = dict(zip(names, POSITIONAL, strict=False))
    given = {name: value for name, value in keywords.items() if name not in names[:positional]}
    problem = TuningProblem(*POSITIONAL[:positional], name="name", **given)
    assert problem.tuned == "tuned"
    assert problem.output_space == "output"
    assert problem.objective is objective
    assert problem.constraints == "rule"
    assert (problem.model or problem.models, problem.name) == ("model", "name")


def test_every_argument_may_be_positional():
    problem = TuningProblem(*POSITIONAL, {"c": 1})
    assert (problem.tuned, problem.constraints, problem.model) == ("tuned", "rule", "model")
    assert (problem.name, problem.constants) == ("name", {"c": 1})


def test_attributes_keep_the_names_that_a_file_gave_them():
    problem = TuningProblem(input_space="tasks", parameter_space="tuned", objective=objective)
    assert (problem.input_space, problem.parameter_space) == ("tasks", "tuned")
    problem.update_input_space("others")
    assert (problem.input_space, problem.tuned) == ("others", "tuned")


def test_replacing_the_input_space_of_version1_replaces_what_is_tuned():
    problem = TuningProblem(input_space="tuned", objective=objective)
    problem.update_input_space("others")
    assert problem.tuned == "others"


@pytest.mark.parametrize("given", [{"input_space": "tuned"}, {"objective": objective}])
def test_without_a_space_or_an_objective_there_is_no_problem(given):
    with pytest.raises(TypeError, match="needs an input_space and an objective"):
        TuningProblem(**given)
