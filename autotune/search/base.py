"""What every search shares: a Sobol start, then proposals that are legal and new."""

from abc import ABC, abstractmethod

import numpy as np

from autotune.problem import Problem
from autotune.search.codec import Codec
from autotune.search.memory import Memory
from autotune.search.noise import Noise
from autotune.search.one_thread import one_thread
from autotune.search.prior import Prior
from autotune.search.sampling import Sampler
from autotune.search.settings import SearchSettings
from autotune.trials import Outcome, Trial
from autotune.types import Floats, Value


class BaseSearch(ABC):
    """Proposes from the seed, the outcomes in the order they were told, and what is pending."""

    def __init__(
        self, problem: Problem, settings: SearchSettings, prior: Prior | None = None
    ) -> None:
        self._settings = settings
        self._codec = Codec(problem.space, prior)
        self._memory = Memory(self._codec, Noise.parse(problem.noise))
        self._sampler = Sampler(problem, self._codec, self._memory)

    def ask(self) -> dict[str, Value] | None:
        """Propose a configuration never proposed before; None if there is none left."""
        seed, size = self._settings.seed, self._memory.size
        if size < self._settings.n_initial:
            config = self._start(size) or self._sampler.sobol(seed)
        else:
            with one_thread():
                config = self._next(np.random.default_rng((seed, size)))
        if config is not None:
            self._memory.propose(config)
        return config

    def tell(self, outcome: Outcome) -> None:
        """Learn an outcome, be it of an own configuration or of somebody else's."""
        self._memory.tell(outcome)

    def pending(self, trial: Trial) -> None:
        """Learn that a trial which this search did not propose runs; pending until it is told."""
        self._memory.pend(trial)

    def _start(self, size: int) -> dict[str, Value] | None:
        """What to begin with, if not with the Sobol sequence."""
        del size
        return None

    @abstractmethod
    def _next(self, rng: np.random.Generator) -> dict[str, Value] | None:
        """Propose after the start; None if nothing fresh is left."""


class ModelSearch(BaseSearch):
    """A search that ranks configurations by a model of the outcomes, once there are two values.

    A small finite space is ranked whole; a larger one is left to candidates.
    """

    def _next(self, rng: np.random.Generator) -> dict[str, Value] | None:
        remaining = self._sampler.remaining()
        if self._memory.n_completed < 2 or self._codec.n_features == 0:
            return self._sampler.uniform(rng)
        if remaining is not None:
            return self._codec.decode(self._pick(remaining, rng)) if len(remaining) else None
        for point in self._ranked(rng):
            config = self._codec.decode(point)
            if self._sampler.fresh(config):
                return config
        return self._sampler.uniform(rng)

    def _allowed(self, point: Floats) -> bool:
        """Whether the problem allows the configuration at a snapped point, shape (d,)."""
        return self._sampler.legal(self._codec.decode(point))

    @abstractmethod
    def _pick(self, points: Floats, rng: np.random.Generator) -> Floats:
        """The best of fresh points (m, d), shape (d,)."""

    @abstractmethod
    def _ranked(self, rng: np.random.Generator) -> Floats:
        """Snapped points by falling score, shape (m, d); stale and illegal ones are skipped."""
