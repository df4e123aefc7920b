"""Spaces and records that go wrong: a clear word or a sensible search, in bounded work."""

import math

import numpy as np
import pytest
from ConfigSpace import Categorical, ConfigurationSpace, Float, ForbiddenEqualsClause, Integer

from autotune.errors import InfeasibleError, ProblemError
from autotune.problem import Constraint, Problem
from autotune.search import factory
from autotune.search.codec import key
from autotune.search.sampling import TRIES
from autotune.search.settings import SearchSettings
from autotune.trials import Completed, Failed, FailureKind, Timing, Trial

NOW = Timing(0.0, "w0", 0.0, 0.0)
SEARCHES = [
    ("native", "random"),
    ("native", "GP"),
    pytest.param("skopt", "RF", marks=pytest.mark.long),
]
every = pytest.mark.parametrize(("engine", "learner"), SEARCHES, ids=str)


def problem(space, *rules, objective=lambda _: 0.0):
    constraints = tuple(Constraint(text, holds) for text, holds in rules)
    return Problem(
        name="bad", summary="", space=space, objective=objective, constraints=constraints
    )


def plane(n=2):
    space = ConfigurationSpace()
    space.add(*(Float(name, (0.0, 1.0)) for name in "xyzw"[:n]))
    return space


def integers(most, n=2):
    space = ConfigurationSpace()
    space.add(*(Integer(name, (1, most)) for name in "xyzw"[:n]))
    return space


def start(made, engine, learner, n=4):
    return factory.search(
        made, SearchSettings(engine=engine, learner=learner, initial_points=n, seed=0)
    )


def play(search, n, value=lambda i: float(i % 5)):
    configs = []
    for i in range(n):
        config = search.ask()
        if config is None:
            break
        configs.append(config)
        search.tell(Completed(Trial(str(i), config), value(i), NOW))
    return configs


class Counted:
    """A rule that counts how often it was asked."""

    def __init__(self, holds):
        self.holds = holds
        self.asked = 0

    def __call__(self, config):
        self.asked += 1
        return self.holds(config)


@pytest.mark.parametrize(
    ("space", "found"),
    [
        (integers(5), "obeys its constraints .x > 9; y > 0.. Widen"),
        (integers(300), "obeys its constraints .x > 9; y > 0.. Widen"),
        (plane(), r"of \d+ tried, x > 9 held for 0, y > 0 held for \d+. Widen"),
    ],
    ids=["enumerated at once", "enumerated in the end", "sampled"],
)
def test_a_space_with_no_feasible_point_is_refused_with_the_rule_that_never_holds(space, found):
    rule = Counted(lambda c: c["x"] > 999)
    made = problem(space, ("x > 9", rule), ("y > 0", lambda c: c["y"] > 0))
    with pytest.raises(InfeasibleError, match=found):
        start(made, "native", "GP").ask()
    assert rule.asked <= TRIES + 300**2


def test_forbidden_clauses_that_leave_nothing_are_named():
    space = ConfigurationSpace()
    n, x = Integer("n", (1, 40_000)), Categorical("c", ["a", "b"])
    space.add(n, x)
    space.add(ForbiddenEqualsClause(x, "b"))
    made = problem(space, ("c is b", lambda c: c["c"] == "b"))
    with pytest.raises(InfeasibleError, match="c is b"):
        start(made, "native", "GP").ask()


@every
@pytest.mark.parametrize("most", [9, 30], ids=["a small grid", "a large grid"])
def test_exactly_one_feasible_point_is_found_and_then_nothing_is_left(engine, learner, most):
    made = problem(integers(most, 3), ("one", lambda c: (c["x"], c["y"], c["z"]) == (7, 2, 5)))
    search = start(made, engine, learner)
    assert play(search, 2) == [{"x": 7, "y": 2, "z": 5}]


@every
def test_a_band_of_a_ten_thousandth_of_the_volume_is_searched(engine, learner):
    band = Counted(lambda c: abs(c["x"] - c["y"]) < 5e-5)
    search = start(problem(plane(), ("x = y", band)), engine, learner)
    configs = play(search, 8)
    assert len({key(config) for config in configs}) == 8
    assert all(abs(c["x"] - c["y"]) < 5e-5 for c in configs)
    assert np.ptp([c["x"] for c in configs]) > 1e-3  # along the band, not around one point
    assert band.asked < 8 * TRIES


def test_a_corner_of_several_rules_is_found_by_breaking_fewer_and_fewer():
    """A volume of 1e-8: a hundred million uniform draws for one point."""
    rules = [(f"{name} near 0.3", lambda c, name=name: 0.3 <= c[name] <= 0.31) for name in "xyzw"]
    configs = play(start(problem(plane(4), *rules), "native", "random"), 6)
    assert len({key(config) for config in configs}) == 6
    assert all(0.3 <= value <= 0.31 for config in configs for value in config.values())


@every
def test_running_trials_of_a_thin_region_are_not_proposed_again(engine, learner):
    made = problem(plane(), ("x = y", lambda c: abs(c["x"] - c["y"]) < 5e-5))
    search = start(made, engine, learner)
    assert len({key(search.ask()) for _ in range(5)}) == 5


@every
def test_every_trial_failing_ends_nothing(engine, learner):
    search = start(problem(plane()), engine, learner)
    seen = set()
    for _ in range(7):
        config = search.ask()
        seen.add(key(config))
        search.tell(Failed(Trial("t", config), FailureKind.CRASHED, "boom", NOW))
    assert len(seen) == 7


@every
def test_a_constant_objective_is_searched_without_repetition(engine, learner):
    configs = play(start(problem(plane()), engine, learner), 7, value=lambda _: 1.0)
    assert len({key(config) for config in configs}) == 7


@every
def test_points_told_twice_with_other_values_are_all_learned_and_not_proposed(engine, learner):
    search = start(problem(plane()), engine, learner)
    config = {"x": 0.25, "y": 0.75}
    for i in range(12):
        search.tell(Completed(Trial(str(i), config), float(i), NOW))
    configs = play(search, 3)
    assert len({key(each) for each in configs} - {key(config)}) == 3


@every
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_value_that_is_no_number_in_the_record_is_a_failure(engine, learner, value):
    search = start(problem(plane()), engine, learner)
    configs = play(search, 7, value=lambda i: value if i % 3 == 0 else float(i))
    assert len({key(config) for config in configs}) == 7


@every
def test_two_hundred_categories_are_searched(engine, learner):
    space = ConfigurationSpace()
    space.add(Categorical("c", [f"c{i}" for i in range(200)]), Float("x", (0.0, 1.0)))
    made = problem(space)
    configs = play(start(made, engine, learner), 7)
    assert len({key(config) for config in configs}) == 7


def test_a_rule_that_raises_is_named_with_its_configuration():
    made = problem(plane(), ("z > 0", lambda c: c["z"] > 0))
    with pytest.raises(ProblemError, match=r"constraint 'z > 0' cannot be checked for .*KeyError"):
        start(made, "native", "GP").ask()
