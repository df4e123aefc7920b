"""A wider search from what many starts found: their differences say how far to step, and where.

Differential evolution (Storn and Price 1997) whose every proposal descends to a minimum. Minima
along a valley that the exponents share lie in line, so their differences point along it.
"""

from dataclasses import dataclass

import numpy as np

from autotune.fitting.descend import Bools, descend
from autotune.fitting.linear import solve_linear
from autotune.fitting.model import Model
from autotune.fitting.objective import Objective
from autotune.types import Floats

PARENTS, PROPOSED = 16, 32
ROUNDS, INNER, SOLVED = 30, 4, 12
GENERATIONS = 12

SAME, BETTER = 1e-9, 1e-7
"""Relative differences of the objective: of one minimum, and that count as progress."""

SHORTEST, LONGEST = 0.1, 3.0
"""Of a difference between parents, the least and the largest multiple."""

LEAST_KICK, LARGEST_KICK = 1e-3, 0.3
"""Of a random change of each exponent, the least and the largest size beside the exponent."""


@dataclass(frozen=True, slots=True)
class Found:
    """Estimates, side by side.

    Attributes:
        z: Coordinates, shape (m, k).
        value: The objective there, shape (m,).
        settled: Whether each is a minimum to machine precision, shape (m,).
    """

    z: Floats
    value: Floats
    settled: Bools

    def __add__(self, other: "Found") -> "Found":
        """All of both, in order."""
        return Found(
            np.concatenate([self.z, other.z]),
            np.concatenate([self.value, other.value]),
            np.concatenate([self.settled, other.settled]),
        )


def recombine(
    model: Model, objective: Objective, found: Found, *, seed: int, patience: int
) -> Found:
    """Add what descents from combinations of the lowest minima find.

    Args:
        model: The form on its table.
        objective: What to minimise.
        found: Where the starts ended.
        seed: Seed of the combinations.
        patience: How many generations without a better minimum end the search.

    Returns:
        `found` and the further minima.
    """
    rng = np.random.default_rng((seed, len(found.z)))
    idle, best = 0, found.value.min()
    weight = np.broadcast_to(model.weight, (PROPOSED, len(model.weight)))
    for _ in range(GENERATIONS):
        z = _proposals(model, found.z[_different(found.value)], rng)
        z = solve_linear(model, objective, z, weight=weight, rounds=SOLVED)
        found += Found(*descend(model, objective, z, weight=weight, rounds=ROUNDS, inner=INNER))
        idle = 0 if found.value.min() < best * (1 - BETTER) else idle + 1
        best = found.value.min()
        if idle == patience:
            break
    return found


def _different(value: Floats) -> list[int]:
    """The lowest minima, one for each value of the objective, best first."""
    chosen: list[int] = []
    for i in np.argsort(value, kind="stable"):
        if not np.isfinite(value[i]) or len(chosen) == PARENTS:
            break
        if not chosen or value[i] > value[chosen[-1]] * (1 + SAME):
            chosen.append(int(i))
    return chosen


def _proposals(model: Model, parents: Floats, rng: np.random.Generator) -> Floats:
    """Half a parent plus a multiple of the difference of two, half a parent with a kick."""
    m, half = len(parents), PROPOSED // 2
    base = parents[np.minimum(*rng.integers(0, m, (2, PROPOSED)))]  # lower ones more often
    one, other = rng.integers(0, m, (2, half))
    factor = np.exp(rng.uniform(np.log(SHORTEST), np.log(LONGEST), half))
    size = np.exp(rng.uniform(np.log(LEAST_KICK), np.log(LARGEST_KICK), half))
    kick = size[:, None] * rng.standard_normal((half, parents.shape[1]))
    z = base.copy()
    z[:half] += factor[:, None] * (parents[one] - parents[other])
    z[half:] += np.where(model.is_linear, 0.0, kick * np.maximum(np.abs(base[half:]), 0.1))
    return np.clip(z, model.low, model.high)
