"""Hartmann-6 that sleeps: a trial takes a log-normal time drawn from its own configuration."""

import hashlib
import json
import math
import time
from collections.abc import Mapping

import numpy as np
from ConfigSpace import ConfigurationSpace, Float

from autotune.problem import Problem
from autotune.types import Value

SIGMA = 1.0


def problem(*, mean: float = 1.0) -> Problem:
    """Six real parameters whose trials sleep.

    Args:
        mean: Seconds a trial sleeps on average; 0 for not at all.
    """
    space = ConfigurationSpace()
    space.add([Float(f"x{i}", (0.0, 1.0)) for i in range(6)])

    def objective(config: Mapping[str, Value]) -> float:
        if mean:
            time.sleep(mean * math.exp(SIGMA * _normal(config) - SIGMA**2 / 2))
        return hartmann6(np.array([config[f"x{i}"] for i in range(6)], dtype=float))

    return Problem(name="sleeping", summary="Hartmann-6.", space=space, objective=objective)


def _normal(config: Mapping[str, Value]) -> float:
    digest = hashlib.sha256(json.dumps(dict(config), sort_keys=True).encode()).digest()
    return float(np.random.default_rng(int.from_bytes(digest[:8], "big")).normal())


A = np.array(
    [
        [10, 3, 17, 3.5, 1.7, 8],
        [0.05, 10, 17, 0.1, 8, 14],
        [3, 3.5, 1.7, 10, 17, 8],
        [17, 8, 0.05, 10, 0.1, 14],
    ]
)
P = 1e-4 * np.array(
    [
        [1312, 1696, 5569, 124, 8283, 5886],
        [2329, 4135, 8307, 3736, 1004, 9991],
        [2348, 1451, 3522, 2883, 3047, 6650],
        [4047, 8828, 8732, 5743, 1091, 381],
    ]
)
C = np.array([1.0, 1.2, 3.0, 3.2])


def hartmann6(x: np.ndarray) -> float:
    """Its least value is -3.32237."""
    return -float(C @ np.exp(-(A * (x - P) ** 2).sum(axis=1)))
