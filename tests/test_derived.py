"""Derived quantities: computed when asked for, used by rules, recorded with every trial."""

import csv
import json

import pytest
from cli_run import run
from ConfigSpace import ConfigurationSpace, Float, Integer
from hypothesis import given
from hypothesis import strategies as st

from autotune.derived import Known
from autotune.errors import ProblemError
from autotune.problem import Constraint, Problem

FILE = '''
"""Width and depth under a cap on parameters."""
from ConfigSpace import ConfigurationSpace, Integer
from autotune.problem import Constraint, Problem

space = ConfigurationSpace()
space.add(Integer("width", (1, 64)), Integer("depth", (1, 32)))
problem = Problem(
    name="net", summary="A net.", space=space, objective=lambda c: 1 / (c["width"] * c["depth"]),
    units={"n_total": "parameters"},
    derived={"n_total": lambda c: 12 * c["depth"] * c["width"] ** 2,
             "memory": lambda c: 2 * c["n_total"]},
    constraints=(Constraint("memory <= 1e5", lambda c: c["memory"] <= 1e5),),
)
'''


def made(**changes):
    space = ConfigurationSpace()
    space.add(Float("n", (1.0, 10.0)), Integer("k", (1, 4)))
    given = {
        "name": "p",
        "summary": "",
        "space": space,
        "objective": lambda c: c["n"],
        "derived": {"tokens": lambda c: 100 / c["n"], "cost": lambda c: 2 * c["tokens"] * c["k"]},
    }
    return Problem(**(given | changes))


@given(n=st.floats(1, 10), k=st.integers(1, 4))
def test_quantities_follow_from_parameters_and_from_each_other(n, k):
    assert made().quantities({"n": n, "k": k}) == {"tokens": 100 / n, "cost": 2 * (100 / n) * k}


def test_a_quantity_is_computed_once_and_only_if_asked_for():
    asked = []
    rules = {
        "a": lambda c: asked.append("a") or c["x"],
        "b": lambda c: asked.append("b") or c["a"] + c["a"],
        "c": lambda _: 1 / 0,
    }
    known = Known({"x": 2.0}, rules)
    assert (known["b"], known["a"]) == (4.0, 2.0)
    assert asked == ["b", "a"]
    assert list(known) == ["x", "b", "a", "c"] or set(known) == {"x", "a", "b", "c"}
    assert len(known) == 4
    assert "c" in known
    assert known.get("d") is None


def test_constraints_may_use_derived_quantities():
    rule = Constraint("cost <= 50", lambda c: c["cost"] <= 50)
    problem = made(constraints=(rule,))
    assert problem.allows({"n": 10.0, "k": 2})
    assert problem.broken({"n": 10.0, "k": 4}) == [rule]


def test_the_answer_of_an_evaluation_has_the_quantities_beside_the_objective():
    config = {"n": 10.0, "k": 1}
    assert made().evaluate(config) == {"tokens": 10.0, "cost": 20.0, "objective": 10.0}
    mapping = made(objective=lambda c: {"objective": c["n"], "tokens": 7.0, "beyond": 1.0})
    answer = mapping.evaluate(config)
    assert answer == {"tokens": 7.0, "cost": 20.0, "objective": 10.0, "beyond": 1.0}
    assert made(derived={}).evaluate(config) == 10.0


def test_a_quantity_that_cannot_be_computed_is_named():
    with pytest.raises(ProblemError, match="derived quantity a cannot be computed: ZeroDivision"):
        made(derived={"a": lambda _: 1 / 0}).quantities({"n": 1.0, "k": 1})


def test_quantities_that_need_each_other_are_named_in_their_order():
    circle = {"a": lambda c: c["b"], "b": lambda c: c["a"]}
    with pytest.raises(ProblemError, match="derived quantity a needs itself: a -> b -> a"):
        made(derived=circle).quantities({"n": 1.0, "k": 1})


@pytest.mark.parametrize("name", ["n", "objective"])
def test_a_name_that_is_taken_is_refused(name):
    with pytest.raises(ProblemError, match=f"derived quantity {name} has the name of something"):
        made(derived={name: lambda _: 1.0})


def test_they_are_shown_with_the_problem_recorded_with_trials_and_exported(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "net.py").write_text(FILE)
    shown = run("problems", "show", "net.py").stdout
    assert "derived:    n_total (parameters)" in shown
    assert json.loads(run("problems", "show", "net.py", "--json").stdout)["derived"] == {
        "n_total": "parameters",
        "memory": "",
    }
    tune = ("tune", "net.py", "--max-evals", "4", "--learner", "random")
    assert run(*tune, "--workers", "0").returncode == 0
    assert run(*tune, "--workers", "1", "--study", "other").returncode == 0
    for study in ("net", "other"):
        rows = list(csv.DictReader(run("results", "export", study).stdout.splitlines()))
        assert len(rows) == 4
        for row in rows:
            n_total = 12 * int(row["p:depth"]) * int(row["p:width"]) ** 2
            assert float(row["m:n_total"]) == n_total
            assert float(row["m:memory"]) == 2 * n_total <= 1e5
    best = run("results", "best", "net").stdout
    assert "n_total" in best
    assert "memory" in best
