"""A Gaussian process while outcomes are few, then a forest, which rests on all of them."""

import numpy as np

from autotune.problem import Problem
from autotune.search.native.forest_search import ForestProposals
from autotune.search.native.search import NativeSearch
from autotune.search.settings import SearchSettings
from autotune.types import Floats

FOREST = "ET"
PROCESS_UNTIL = 500  # outcomes; more cost a process that knows them all too much


def learner(told: int) -> str:
    """The surrogate after so many outcomes: `GP` or `FOREST`."""
    return FOREST if told > PROCESS_UNTIL else "GP"


class AutoSearch(NativeSearch):
    """Proposes by the surrogate that `learner` names for the number of outcomes told."""

    def __init__(self, problem: Problem, settings: SearchSettings) -> None:
        super().__init__(problem, settings)
        self._forest = ForestProposals(self._codec, self._memory, self._sampler, settings, FOREST)

    def _pick(self, points: Floats, rng: np.random.Generator) -> Floats:
        return self._forest.pick(points, rng) if self._grown else super()._pick(points, rng)

    def _ranked(self, rng: np.random.Generator) -> Floats:
        return self._forest.ranked(rng) if self._grown else super()._ranked(rng)

    @property
    def _grown(self) -> bool:
        return learner(len(self._memory.points)) == FOREST
