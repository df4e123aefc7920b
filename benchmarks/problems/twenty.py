"""Test functions of twenty real parameters, as problems: Ackley, Rosenbrock and Levy.

References:
    Surjanovic & Bingham, Virtual Library of Simulation Experiments: ackley, rosen, levy.
"""

import math
from collections.abc import Callable

import numpy as np
from ConfigSpace import ConfigurationSpace, Float

from autotune.problem import Problem, Reference
from autotune.types import Floats, Value

PARAMETERS = 20
OFF_CENTRE = 7.3  # of Ackley's function: at the centre a search would begin


def ackley20() -> Problem:
    """Ackley's function: ripples on a funnel, the minimum off the centre of every range."""
    return _problem("ackley20", _ackley, (-20.0, 40.0), OFF_CENTRE)


def rosenbrock20() -> Problem:
    """Rosenbrock's function: a bent valley."""
    return _problem("rosenbrock20", _rosenbrock, (-5.0, 10.0), 1.0)


def levy20() -> Problem:
    """Levy's function: waves on a bowl."""
    return _problem("levy20", _levy, (-10.0, 10.0), 1.0)


def _ackley(x: Floats) -> float:
    z = x - OFF_CENTRE
    ripples = np.exp(np.cos(2 * np.pi * z).mean())
    return float(-20 * np.exp(-0.2 * np.sqrt((z**2).mean())) - ripples + 20 + math.e)


def _rosenbrock(x: Floats) -> float:
    return float((100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum())


def _levy(x: Floats) -> float:
    w = 1 + (x - 1) / 4
    waves = (w[:-1] - 1) ** 2 * (1 + 10 * np.sin(np.pi * w[:-1] + 1) ** 2)
    last = (w[-1] - 1) ** 2 * (1 + np.sin(2 * np.pi * w[-1]) ** 2)
    return float(np.sin(np.pi * w[0]) ** 2 + waves.sum() + last)


def _problem(
    name: str, function: Callable[[Floats], float], ends: tuple[float, float], at: float
) -> Problem:
    names = [f"x{i}" for i in range(PARAMETERS)]

    def objective(config: dict[str, Value]) -> float:
        return function(np.array([float(config[name]) for name in names]))

    space = ConfigurationSpace(name=name)
    space.add(*(Float(each, ends) for each in names))
    known = Reference(0.0, dict.fromkeys(names, at), "0 by construction")
    return Problem(
        name=name,
        summary=f"{name.rstrip('20').capitalize()}'s function in twenty dimensions.",
        space=space,
        objective=objective,
        best_known=lambda: known,
    )
