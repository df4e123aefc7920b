"""Draws legal configurations that were not proposed before: Sobol, uniform, or all that is left."""

from collections.abc import Iterator

import numpy as np
from scipy.stats import qmc

from autotune.errors import InfeasibleError
from autotune.problem import Problem
from autotune.search.codec import Codec, Key, key
from autotune.search.memory import Memory
from autotune.types import Floats, Value

GRID_LIMIT = 20_000
TRIES = 50_000
BATCH = 512


class Sampler:
    """The legal part of a problem's space, less what a memory has seen.

    Finite spaces of up to `GRID_LIMIT` points are enumerated once, so running out of them is
    noticed exactly; in larger ones `TRIES` rejected draws in a row count as running out.
    """

    def __init__(self, problem: Problem, codec: Codec, memory: Memory) -> None:
        self._problem = problem
        self._codec = codec
        self._memory = memory
        self._left: dict[Key, Floats] | None = None
        if codec.size is not None and codec.size <= GRID_LIMIT:
            rows = ((codec.decode(point), point) for point in codec.grid())
            self._left = {key(config): point for config, point in rows if self.legal(config)}

    def legal(self, config: dict[str, Value]) -> bool:
        """Whether forbidden clauses and constraints allow a configuration."""
        return self._codec.legal(config) and self._problem.allows(config)

    def fresh(self, config: dict[str, Value]) -> bool:
        """Whether a configuration is legal and was neither told nor is pending."""
        return not self._memory.seen(config) and self.legal(config)

    def remaining(self) -> Floats | None:
        """All fresh points of a small finite space, shape (m, d); None if it is not small."""
        if self._left is None:
            return None
        for gone in self._left.keys() & self._memory.seen_keys:
            del self._left[gone]
        return np.array(list(self._left.values())).reshape(-1, len(self._codec.names))

    def sobol(self, seed: int) -> dict[str, Value] | None:
        """The first fresh configuration of the Sobol sequence, shifted by a seed."""
        return self._first(_sobol(len(self._codec.names), seed))

    def uniform(self, rng: np.random.Generator) -> dict[str, Value] | None:
        """A fresh configuration, uniform in the unit cube; None if there is none left."""
        remaining = self.remaining()
        if remaining is not None and len(remaining):
            return self._codec.decode(remaining[rng.integers(len(remaining))])
        return self._first(_uniform(len(self._codec.names), rng))

    def _first(self, batches: Iterator[Floats]) -> dict[str, Value] | None:
        remaining = self.remaining()
        if remaining is not None and not len(remaining):
            self._check_feasible()
            return None
        for _ in range(TRIES // BATCH):
            for point in self._codec.snap(next(batches)):
                config = self._codec.decode(point)
                if self.fresh(config):
                    return config
            if remaining is not None:
                return self._codec.decode(remaining[0])
        self._check_feasible()
        return None

    def _check_feasible(self) -> None:
        if self._memory.size == 0:
            rules = "; ".join(rule.text for rule in self._problem.constraints)
            raise InfeasibleError(
                f"no configuration of {self._problem.name} obeys its constraints"
                f" ({rules or 'forbidden clauses of the space'}). Widen a bound or drop one."
            )


def _sobol(dimension: int, seed: int) -> Iterator[Floats]:
    # A random shift modulo 1 instead of scipy's scrambling, whose seeding differs by version.
    shift = np.random.default_rng(seed).random(dimension)
    engine = qmc.Sobol(dimension, scramble=False)
    while True:
        yield (engine.random(BATCH) + shift) % 1.0


def _uniform(dimension: int, rng: np.random.Generator) -> Iterator[Floats]:
    while True:
        yield rng.random((BATCH, dimension))


def around(centres: Floats, count: int, step: Floats | float, rng: np.random.Generator) -> Floats:
    """Draw points around centres: normal steps in about half of the coordinates, clipped."""
    chosen = centres[rng.integers(len(centres), size=count)]
    shape = chosen.shape
    moved = rng.random(shape) < 0.5
    moved[np.arange(count), rng.integers(shape[1], size=count)] = True
    return np.clip(chosen + np.where(moved, rng.normal(size=shape) * step, 0.0), 0.0, 1.0)
