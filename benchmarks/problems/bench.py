"""A tuning problem with a known optimum, as searches are compared on it."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from autotune.problem import Problem
from autotune.types import Value


class UnavailableError(Exception):
    """What a problem is made from cannot be had here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """A problem, what is added to its values, and what about it is not real.

    Attributes:
        name: Its name in tables.
        problem: Without noise and failures; its `best_known` is the optimum.
        noise: Standard deviation that is added to every value.
        failures: Share of the evaluations that fail, wherever they are.
        caveat: What is invented or left out; shown wherever the problem is.
    """

    name: str
    problem: Problem
    noise: float = 0.0
    failures: float = 0.0
    caveat: str = ""

    @property
    def optimum(self) -> float:
        """The least value without noise."""
        known = self.problem.best_known()
        assert known is not None, self.name
        return known.value

    def true(self, config: dict[str, Value]) -> float:
        """The value of a configuration without noise."""
        answer = self.problem.objective(config)
        return float(answer["objective"] if isinstance(answer, Mapping) else answer)

    def measured(self, true: float, *, seed: int, number: int) -> float | None:
        """What evaluation `number` of a run shows of a true value; None if it fails.

        Noise and failures depend on the seed and the number alone, so every search meets the
        same ones.
        """
        rng = np.random.default_rng((seed, number))
        if rng.random() < self.failures:
            return None
        return true + self.noise * float(rng.standard_normal())
