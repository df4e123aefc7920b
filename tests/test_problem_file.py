"""Problem files: ours with typed options, ytopt's unchanged, and every way to get one wrong."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autotune import problem_file, problem_options
from autotune.errors import InputError, ProblemError
from autotune.problem_options import Option

OURS = '''
"""A bowl.

More about it.
"""
from typing import Literal
from ConfigSpace import ConfigurationSpace, Float
from autotune import Problem

def problem(
    *, centre: float = 0.5, power: int = 2, deep: bool = False, kind: Literal["a", "b"] = "a",
    label: str = "x",
) -> Problem:
    """Find the bottom.

    Args:
        centre: Where it is, in metres,
            counted from the left.
        power: How steep.
        deep: Whether it is deep.
        kind: Which one.
        label: What to call it.
    """
    space = ConfigurationSpace()
    space.add(Float("x", (0, 1)))
    return Problem(name=label, summary=".", space=space,
                   objective=lambda c: abs(c["x"] - centre) ** power)
'''

# In ytopt's style, as its users write them: both spaces, both argument orders.
YTOPT_CONFIGSPACE = """
import os, sys
import ConfigSpace as CS
import ConfigSpace.hyperparameters as CSH
from autotune import TuningProblem
from autotune.space import *
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(1, HERE)

cs = CS.ConfigurationSpace(seed=1234)
p0 = CSH.UniformFloatHyperparameter(name="p0", lower=0.1, upper=10.0, default_value=1.0, log=True)
p1 = CSH.OrdinalHyperparameter(name="p1", sequence=["4", "8", "16"], default_value="8")
cs.add_hyperparameters([p0, p1])
input_space = cs
output_space = Space([Real(0.0, float("inf"), name="time")])

def myobj(point: dict):
    return (point["p0"] - 3) ** 2 + float(point["p1"])

Problem = TuningProblem(
    task_space=None, input_space=input_space, output_space=output_space,
    objective=myobj, constraints=None, model=None,
)
"""
YTOPT_SKOPT = """
from autotune import TuningProblem
from autotune.space import *

input_space = Space([
    Integer(1, 64, name="E"),
    Real(1e7, 1e10, prior="log-uniform", name="N"),
    Categorical(["top1", "top2"], name="router"),
    Integer(1, 8),
])

def objective(point):
    return point["E"] + point["N"] / 1e10

Problem = TuningProblem(
    input_space=None, parameter_space=input_space, output_space=None,
    objective=objective, constraints=None, models=None, name="moe", constants=None,
)
"""


@pytest.fixture
def write(tmp_path):
    def at(text, name="bowl.py"):
        path = tmp_path / name
        path.write_text(text)
        return str(path)

    return at


def test_options_are_the_keyword_signature_with_types_defaults_and_docs(write):
    file = problem_file.read(write(OURS))
    assert file.summary == "A bowl."
    assert file.options == (
        Option("centre", "number", 0.5, "Where it is, in metres, counted from the left."),
        Option("power", "integer", 2, "How steep."),
        Option("deep", "true or false", default=False, doc="Whether it is deep."),
        Option("kind", "a|b", "a", "Which one."),
        Option("label", "text", "x", "What to call it."),
    )


def test_given_options_reach_the_problem_typed_and_are_kept_with_it(write):
    given = {"centre": "0.25", "power": "4", "deep": "yes", "kind": "b", "label": "1e3"}
    problem = problem_file.load(write(OURS), given)
    assert problem.objective({"x": 0.75}) == 0.5**4
    assert problem.options == {
        "centre": 0.25, "power": 4, "deep": True, "kind": "b", "label": "1e3",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"center": "1"}, r"'center'\. Did you mean 'centre'\? Known: centre, power, deep"),
        ({"centre": "left"}, "option centre must be a number .* not 'left'"),
        ({"power": "2.5"}, "option power must be an integer .* not '2.5'"),
        ({"power": "many"}, "option power must be an integer .* not 'many'"),
        ({"deep": "maybe"}, "option deep must be true or false, not 'maybe'"),
        ({"kind": "c"}, "option kind: 'c'.* Known: a, b"),
    ],
)
def test_a_wrong_option_says_which_and_what_it_must_be(write, given, says):
    with pytest.raises(InputError, match=says):
        problem_file.load(write(OURS), given)


@given(value=st.floats(-1e30, 1e30))
def test_numbers_are_read_to_the_last_digit(value):
    assert Option("x", "number", 1.0, "").parse(repr(value)) == value


@given(value=st.integers(0, 10**12))
def test_integers_are_read_exactly(value):
    read = Option("x", "integer", 1, "").parse(str(value))
    assert read == value
    assert type(read) is int


def test_settings_split_at_the_first_equals_sign():
    given = problem_options.split(["command=env A=1 train", "flops = 1e22"])
    assert given == {"command": "env A=1 train", "flops": "1e22"}


@pytest.mark.parametrize("settings", [["flops"], ["=3"], ["a=1", "a=2"]])
def test_a_setting_that_is_none_is_refused(settings):
    with pytest.raises(InputError):
        problem_options.split(settings)


def test_a_ytopt_file_with_a_configspace_runs_unchanged(write):
    path = write(YTOPT_CONFIGSPACE, "ytopt_bowl.py")
    problem = problem_file.load(path, {})  # add_hyperparameters warns, and warnings are errors
    assert problem.name == "ytopt_bowl"
    assert sorted(problem.space) == ["p0", "p1"]
    assert problem.objective({"p0": 3.0, "p1": "8"}) == 8.0


def test_a_ytopt_file_with_a_skopt_space_runs_unchanged(write):
    problem = problem_file.load(write(YTOPT_SKOPT), {})
    space = problem.space
    assert sorted(space) == ["E", "N", "X_3", "router"]
    assert space["N"].log
    assert (space["E"].lower, space["E"].upper) == (1, 64)
    assert tuple(space["router"].choices) == ("top1", "top2")
    assert problem.objective({"E": 1, "N": 1e10}) == 2.0


CONDITIONAL = """
import ConfigSpace as CS
import ConfigSpace.hyperparameters as CSH
from autotune import TuningProblem

cs = CS.ConfigurationSpace(seed=1234)
p0 = CSH.CategoricalHyperparameter(name="p0", choices=["#P1", " "], default_value=" ")
p1 = CSH.OrdinalHyperparameter(name="p1", sequence=["4", "8"], default_value="8")
p2 = CSH.UniformIntegerHyperparameter(name="p2", lower=2, upper=8, default_value=8, q=2)
cs.add_hyperparameters([p0, p1])
cs.add_hyperparameter(p2)
cs.add_condition(CS.EqualsCondition(p1, p0, "#P1"))
cs.add_conditions([])
cs.add_forbidden_clauses([CS.ForbiddenEqualsClause(p2, 4)])
NAMES = cs.get_hyperparameter_names()

def objective(point):
    values = [point[f"p{i}"] for i in range(len(point))]
    return 100.0 if str(values[1]) == "nan" else float(values[1])

Problem = TuningProblem(None, cs, None, objective)
Other = TuningProblem(None, cs, None, lambda point: 5.0)
"""


def test_the_calls_that_configspace_renamed_work_in_a_file(write):
    problem = problem_file.load(write(CONDITIONAL), {})
    assert set(problem.space) == {"p0", "p1", "p2"}
    assert len(problem.space.conditions) == len(problem.space.forbidden_clauses) == 1


def test_a_ytopt_objective_gets_not_a_number_for_what_a_condition_switches_off(write):
    problem = problem_file.load(write(CONDITIONAL), {})
    assert problem.objective({"p0": " ", "p2": 2}) == 100.0
    assert problem.objective({"p0": "#P1", "p1": "4", "p2": 2}) == 4.0


def test_a_step_is_shown_with_the_range(write):
    parameters = problem_file.load(write(CONDITIONAL), {}).parameters()
    assert next(p.range for p in parameters if p.name == "p2") == "2 .. 8, steps of 2"


def test_a_problem_is_found_by_module_and_name_from_the_folder_one_is_in(
    write, monkeypatch, tmp_path
):
    write("", "__init__.py")
    path = write(CONDITIONAL, "tuned.py")
    monkeypatch.chdir(tmp_path)
    file = problem_file.read("tuned.Problem")
    assert (file.path, file.origin) == (Path(path), f"{path}:Problem")
    assert problem_file.load("tuned.Other", {}).objective({}) == 5.0
    monkeypatch.chdir("/")
    assert problem_file.load(f"{path}:Other", {}).objective({}) == 5.0


def test_a_problem_is_found_by_module_and_name_on_pythons_path(write, monkeypatch, tmp_path):
    (tmp_path / "deep" / "er").mkdir(parents=True)
    write(CONDITIONAL, "deep/er/tuned.py")
    monkeypatch.syspath_prepend(tmp_path)
    assert problem_file.load("deep.er.tuned.Problem", {}).name == "tuned"


def test_a_name_that_a_module_lacks_is_told_with_what_it_has(write, monkeypatch, tmp_path):
    write(CONDITIONAL, "tuned.py")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ProblemError, match="defines no Probelm: it defines NAMES, objective"):
        problem_file.load("tuned.Probelm", {})


def test_constraints_of_a_ytopt_problem_are_said_to_be_unused(write):
    text = YTOPT_SKOPT.replace("constraints=None", "constraints={'c1': 'E > 2'}")
    assert "constraints are kept and not enforced" in problem_file.load(write(text), {}).source


def test_any_object_with_a_space_and_an_objective_will_do(write):
    text = YTOPT_SKOPT.replace("Problem = TuningProblem(", "Problem = Mine(").replace(
        "def objective", "class Mine:\n    def __init__(self, **k): self.__dict__.update(k, "
        "input_space=k['parameter_space'])\n\ndef objective",
    )  # fmt: skip
    assert problem_file.load(write(text), {}).objective({"E": 1, "N": 0}) == 1


def test_a_ytopt_file_takes_no_options(write):
    with pytest.raises(InputError, match="takes no options, but was given flops"):
        problem_file.load(write(YTOPT_SKOPT), {"flops": "1"})


def test_neighbours_of_a_file_can_be_imported(write):
    write("OFFSET = 4.0\n", "a_neighbour_module.py")
    text = YTOPT_SKOPT.replace(
        "    return point", "    from a_neighbour_module import OFFSET\n    return OFFSET + point"
    )
    assert problem_file.load(write(text), {}).objective({"E": 1, "N": 0}) == 5.0


def test_two_files_of_one_name_do_not_mix(write, tmp_path):
    (tmp_path / "other").mkdir()
    here = problem_file.load(write(OURS), {})
    there = problem_file.load(write(OURS.replace("0.5", "0.0"), "other/bowl.py"), {})
    assert (here.objective({"x": 0.5}), there.objective({"x": 0.5})) == (0.0, 0.25)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "defines nothing"),
        ("def objective(x): return 1\nspace = 3\n", "it defines objective, space"),
        ("from autotune import Problem\n", "its Problem is a class"),
        ("class Problem: pass\n", "its Problem is a class"),
        ("Problem = 3\n", "int without an input_space"),
        ("def problem(): return 4\n", "int without an input_space"),
        ("def problem(flops=1): pass\n", "flops must be keyword-only"),
        ("def problem(*, flops: list = None): pass\n", "flops must be float, int, bool"),
        ("x = 1\ndef problem(:\n", r"bowl\.py:2: "),
        ("import os\nimport no_such_module\n", r"bowl\.py:2: ModuleNotFoundError"),
        ("def problem():\n    return 1 / 0\n", r"bowl\.py:2: ZeroDivisionError"),
        ("raise SystemExit(3)\n", r"bowl\.py:1: SystemExit: 3"),
        (YTOPT_SKOPT.replace("space=input_space", "space=[1]"), "dimension X_0 is a int"),
        (YTOPT_SKOPT.replace("space=input_space", "space=7"), "its input_space is a int"),
        (YTOPT_SKOPT.replace("objective=objective,", ""), "TuningProblem needs"),
    ],
)
def test_a_file_without_a_usable_problem_says_why_and_where(write, text, says):
    with pytest.raises(ProblemError, match=says):
        problem_file.load(write(text), {})


def test_a_required_option_is_asked_for_with_its_doc(write):
    text = 'def problem(*, size: int):\n    """P.\n\n    Args:\n        size: How big.\n    """\n'
    with pytest.raises(InputError, match=r"needs the option size \(How big\.\): --set size="):
        problem_file.load(write(text), {})


def test_an_unknown_name_lists_where_it_was_looked_for_and_what_there_is():
    with pytest.raises(InputError, match=r"moe_budgt.*problems.*moe_budget"):
        problem_file.load("moe_budgt", {})


def test_what_a_file_prints_does_not_mix_with_results(write, capsys):
    problem_file.load(write("print('hello from the file')\n" + YTOPT_SKOPT), {})
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "hello from the file" in printed.err
