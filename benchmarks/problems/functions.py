"""Test functions of the field, as problems: Branin, Hartmann in six dimensions, Ackley in ten.

References:
    Surjanovic & Bingham, Virtual Library of Simulation Experiments: branin, hart6, ackley.
"""

import math

import numpy as np
from ConfigSpace import Categorical, ConfigurationSpace, Float, Integer

from autotune.problem import Problem, Reference
from autotune.types import Value

PUBLISHED = "published minimum"

WEIGHTS = np.array([1.0, 1.2, 3.0, 3.2])
STEEPNESS = np.array(
    [
        [10, 3, 17, 3.5, 1.7, 8],
        [0.05, 10, 17, 0.1, 8, 14],
        [3, 3.5, 1.7, 10, 17, 8],
        [17, 8, 0.05, 10, 0.1, 14],
    ]
)
CENTRES = 1e-4 * np.array(
    [
        [1312, 1696, 5569, 124, 8283, 5886],
        [2329, 4135, 8307, 3736, 1004, 9991],
        [2348, 1451, 3522, 2883, 3047, 6650],
        [4047, 8828, 8732, 5743, 1091, 381],
    ]
)
HARTMANN6_AT = (0.20168952, 0.15001069, 0.47687398, 0.27533243, 0.31165162, 0.65730053)

FLOATS, INTEGERS, CHOICES = 5, 3, 2
OFF_CENTRE, INTEGER_OFF_CENTRE = 7.3, 4
LETTERS = {"a": 0.0, "b": -10.0, "c": 5.0, "d": 17.0, "e": 30.0}


def branin() -> Problem:
    """Branin's function of two real parameters, with three equal minima."""

    def objective(config: dict[str, Value]) -> float:
        x, y = float(config["x"]), float(config["y"])
        valley = y - 5.1 / (4 * math.pi**2) * x**2 + 5 / math.pi * x - 6
        return valley**2 + 10 * (1 - 1 / (8 * math.pi)) * math.cos(x) + 10

    space = ConfigurationSpace(name="branin")
    space.add(Float("x", (-5.0, 10.0)), Float("y", (0.0, 15.0)))
    known = Reference(10 / (8 * math.pi), {"x": math.pi, "y": 2.275}, PUBLISHED)
    return Problem(
        name="branin",
        summary="Branin's function.",
        space=space,
        objective=objective,
        best_known=lambda: known,
    )


def hartmann6() -> Problem:
    """Hartmann's function of six real parameters: the second-best of its minima is 0.119 up."""
    names = [f"x{i}" for i in range(6)]

    def objective(config: dict[str, Value]) -> float:
        x = np.array([float(config[name]) for name in names])
        return -float(WEIGHTS @ np.exp(-(STEEPNESS * (x - CENTRES) ** 2).sum(axis=1)))

    space = ConfigurationSpace(name="hartmann6")
    space.add(*(Float(name, (0.0, 1.0)) for name in names))
    known = Reference(-3.322368011415515, dict(zip(names, HARTMANN6_AT, strict=True)), PUBLISHED)
    return Problem(
        name="hartmann6",
        summary="Hartmann's function in six dimensions.",
        space=space,
        objective=objective,
        best_known=lambda: known,
    )


def ackley10() -> Problem:
    """Ackley's function of five real, three integer and two categorical parameters.

    The minimum, 0, lies off the centre of every range.
    """
    floats, integers, choices = (
        [f"{letter}{i}" for i in range(count)]
        for letter, count in (("x", FLOATS), ("n", INTEGERS), ("c", CHOICES))
    )

    def objective(config: dict[str, Value]) -> float:
        z = np.array(
            [float(config[name]) - OFF_CENTRE for name in floats]
            + [float(config[name]) - INTEGER_OFF_CENTRE for name in integers]
            + [LETTERS[str(config[name])] for name in choices]
        )
        ripples = np.exp(np.cos(2 * np.pi * z).mean())
        return float(-20 * np.exp(-0.2 * np.sqrt((z**2).mean())) - ripples + 20 + math.e)

    space = ConfigurationSpace(name="ackley10")
    space.add(
        *(Float(name, (-20.0, 40.0)) for name in floats),
        *(Integer(name, (-20, 40)) for name in integers),
        *(Categorical(name, list(LETTERS)) for name in choices),
    )
    at: dict[str, Value] = dict.fromkeys(floats, OFF_CENTRE)
    at |= dict.fromkeys(integers, INTEGER_OFF_CENTRE) | dict.fromkeys(choices, "a")
    return Problem(
        name="ackley10",
        summary="Ackley's function of five real, three integer and two categorical parameters.",
        space=space,
        objective=objective,
        best_known=lambda: Reference(0.0, at, "0 by construction"),
    )
