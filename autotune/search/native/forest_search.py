"""Bayesian search with forests of our own."""

import numpy as np

from autotune.problem import Problem
from autotune.search.base import ModelSearch
from autotune.search.candidates import Candidates, Score
from autotune.search.codec import Codec
from autotune.search.memory import Memory
from autotune.search.native import acquisition
from autotune.search.native.forest_belief import COUNTED_ON, ForestBelief
from autotune.search.sampling import Sampler
from autotune.search.settings import SearchSettings
from autotune.types import Floats

INCUMBENTS = 5
WIDE = 256  # candidates from the whole cube
TIE = 1e-9  # of a score: less is no difference, and chance decides


class ForestProposals:
    """Ranks points by an acquisition function on a forest, under a warp drawn per proposal.

    A failed trial makes trials nearby less likely, and has no value.
    """

    def __init__(
        self, codec: Codec, memory: Memory, sampler: Sampler, settings: SearchSettings, learner: str
    ) -> None:
        self._codec, self._memory, self._sampler = codec, memory, sampler
        self._settings = settings
        self._belief = ForestBelief(codec, settings, learner)

    def pick(self, points: Floats, rng: np.random.Generator) -> Floats:
        """The best of fresh points (m, d), shape (d,)."""
        return np.asarray(points[np.argmin(self._score(rng)(points))])

    def ranked(self, rng: np.random.Generator) -> Floats:
        """Snapped points by falling score, shape (m, d)."""
        score, rows = self._score(rng), self._belief.rows
        order = np.argsort(self._memory.values[rows], kind="stable")  # not-a-number comes last
        best = rows[order[: min(INCUMBENTS, self._memory.n_completed)]]
        candidates = Candidates(self._codec, self._sampler, WIDE)
        return candidates.best(score, self._memory.points[best], rng)

    def _score(self, rng: np.random.Generator) -> Score:
        points, values = self._memory.points, self._memory.values
        pending = np.array(self._memory.pending).reshape(-1, points.shape[1])
        model = self._belief.model(points, values, pending, float(rng.choice(COUNTED_ON)))
        gain = acquisition.named(
            str(self._settings.acq), best=model.best, kappa=self._settings.kappa, rng=rng
        )

        def score(candidates: Floats) -> Floats:
            value = gain(*model.predict(candidates))[0] + model.log_success(candidates)
            return np.asarray(TIE * rng.random(len(candidates)) - value)

        return score


class ForestSearch(ModelSearch):
    """Proposes the legal, new configuration that an acquisition on a forest likes best."""

    def __init__(self, problem: Problem, settings: SearchSettings) -> None:
        super().__init__(problem, settings)
        self._proposals = ForestProposals(
            self._codec, self._memory, self._sampler, settings, settings.learner
        )

    def _pick(self, points: Floats, rng: np.random.Generator) -> Floats:
        return self._proposals.pick(points, rng)

    def _ranked(self, rng: np.random.Generator) -> Floats:
        return self._proposals.ranked(rng)
