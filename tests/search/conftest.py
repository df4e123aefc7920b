import pytest
from ConfigSpace import (
    Categorical,
    ConfigurationSpace,
    Constant,
    EqualsCondition,
    Float,
    ForbiddenAndConjunction,
    ForbiddenEqualsClause,
    GreaterThanCondition,
    Integer,
)

from autotune.problem import Constraint, Problem


def mixed_space():
    """Every kind of parameter, a chain of conditions, and a forbidden combination."""
    space = ConfigurationSpace()
    rate = Float("rate", (1e-5, 1e-1), log=True)
    width = Integer("width", (1, 300), log=True)
    kind = Categorical("kind", ["plain", "gated", 3])
    gate = Float("gate", (-1.0, 1.0))
    depth = Integer("depth", (2, 9))
    size = Categorical("size", ["s", "m", "l"], ordered=True)
    space.add(rate, width, kind, gate, depth, size, Constant("version", 7))
    space.add(EqualsCondition(gate, kind, "gated"), GreaterThanCondition(depth, gate, 0.0))
    space.add(
        ForbiddenAndConjunction(
            ForbiddenEqualsClause(kind, "plain"), ForbiddenEqualsClause(size, "l")
        )
    )
    return space


def small_problem(**changes):
    """Three parameters of three kinds, a constraint that forbids half of the space."""
    space = ConfigurationSpace()
    space.add(Float("x", (0.0, 1.0)), Integer("n", (1, 20)), Categorical("c", ["a", "b"]))
    fields = {
        "name": "small",
        "summary": "A bowl with a fence.",
        "space": space,
        "objective": lambda c: (c["x"] - 0.3) ** 2 + (c["n"] - 7) ** 2 / 50 + (c["c"] == "a"),
        "constraints": (Constraint("n x <= 4", lambda c: c["n"] * c["x"] <= 4),),
    }
    return Problem(**(fields | changes))


@pytest.fixture
def mixed():
    return mixed_space()


@pytest.fixture
def small():
    return small_problem()
