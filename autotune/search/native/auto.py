"""A Gaussian process while trials are few, then a forest."""

import numpy as np

from autotune.problem import Problem
from autotune.search.native.forest_search import ForestProposals
from autotune.search.native.search import NativeSearch
from autotune.search.settings import SearchSettings
from autotune.types import Floats

FOREST = "ET"
PROCESS_UNTIL = 500  # outcomes and running trials; more cost a process too much


def learner(trials: int) -> str:
    """The surrogate for so many outcomes and running trials: `GP` or `FOREST`."""
    return FOREST if trials > PROCESS_UNTIL else "GP"


class AutoSearch(NativeSearch):
    """Proposes by the surrogate that `learner` names for the trials told and running."""

    def __init__(self, problem: Problem, settings: SearchSettings) -> None:
        super().__init__(problem, settings)
        self._forest = ForestProposals(self._codec, self._memory, self._sampler, settings, FOREST)

    def _pick(self, points: Floats, rng: np.random.Generator) -> Floats:
        return self._forest.pick(points, rng) if self._grown else super()._pick(points, rng)

    def _ranked(self, rng: np.random.Generator) -> Floats:
        return self._forest.ranked(rng) if self._grown else super()._ranked(rng)

    @property
    def _grown(self) -> bool:
        return learner(self._memory.size) == FOREST
