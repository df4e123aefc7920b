"""Random search: a Sobol start, then uniform draws; the baseline every learner must beat."""

import numpy as np

from autotune.problem import Problem
from autotune.search.codec import Codec
from autotune.search.memory import Memory
from autotune.search.sampling import Sampler
from autotune.search.settings import SearchSettings
from autotune.trials import Outcome
from autotune.types import Value


class RandomSearch:
    """Proposes legal configurations without looking at their values."""

    def __init__(self, problem: Problem, settings: SearchSettings) -> None:
        codec = Codec(problem.space)
        self._settings = settings
        self._memory = Memory(codec)
        self._sampler = Sampler(problem, codec, self._memory)

    def ask(self) -> dict[str, Value] | None:
        """Propose a configuration never proposed before; None if there is none left."""
        seed, size = self._settings.seed, self._memory.size
        if size < self._settings.initial_points:
            config = self._sampler.sobol(seed)
        else:
            config = self._sampler.uniform(np.random.default_rng((seed, size)))
        if config is not None:
            self._memory.propose(config)
        return config

    def tell(self, outcome: Outcome) -> None:
        """Note that a configuration was evaluated."""
        self._memory.tell(outcome)
