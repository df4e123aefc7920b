"""Bayesian search with forests of our own."""

from functools import partial

import numpy as np

from autotune.problem import Problem
from autotune.search.base import ModelSearch
from autotune.search.candidates import STEPS, Candidates, Score
from autotune.search.codec import Codec
from autotune.search.memory import Memory
from autotune.search.native import acquisition
from autotune.search.native.acquisition import Acquisition
from autotune.search.native.forest_belief import COUNTED_ON, ForestBelief, ForestModel
from autotune.search.native.forest_pool import Pool, pooled
from autotune.search.sampling import Sampler
from autotune.search.settings import SearchSettings
from autotune.types import Floats

INCUMBENTS = 5
WIDE = 256  # candidates from the whole cube
TIE = 1e-9  # of a score: less is no difference, and chance decides
MANY = 16  # running trials from which on proposals share candidates, for several outcomes
STEPS_OF_MANY = 2  # random steps from the best of a pool, against six without one


class ForestProposals:
    """Ranks points by an acquisition function on a forest, under a warp drawn per proposal.

    A failed trial makes trials nearby less likely, and has no value.
    """

    def __init__(
        self, codec: Codec, memory: Memory, sampler: Sampler, settings: SearchSettings, learner: str
    ) -> None:
        self._codec, self._memory, self._sampler = codec, memory, sampler
        self._settings = settings
        self._plant = partial(ForestBelief, codec, settings, learner)
        self._belief = self._plant()
        self._candidates = Candidates(codec, sampler.fresh, WIDE)
        self._legal = Candidates(codec, sampler.legal, WIDE)
        self._pool: Pool | None = None

    def pick(self, points: Floats, rng: np.random.Generator) -> Floats:
        """The best of fresh points (m, d), shape (d,)."""
        return np.asarray(points[np.argmin(self._score(rng)(points))])

    def ranked(self, rng: np.random.Generator) -> Floats:
        """Snapped points by falling score, shape (m, d)."""
        if len(self._memory.pending) >= MANY:
            return self._ranked_of_many(rng)
        return self._candidates.best(self._score(rng), self._incumbents(), rng)

    def _ranked_of_many(self, rng: np.random.Generator) -> Floats:
        """The same from a pool, whose candidates follow from the outcomes alone.

        So a search that is resumed with the same trials running goes on as it would have.
        """
        pool = self._pool_of_record()
        model, gain = self._model_and_gain(self._bend(len(self._memory.values)), rng)
        value = gain(*pool.predict(model))[0] + pool.log_success(model)
        scores = TIE * rng.random(len(value)) - value
        steps = np.sort(rng.choice(STEPS, STEPS_OF_MANY, replace=False))[::-1]
        score = self._score_by(model, gain, rng)
        return self._candidates.refined(pool.points, scores, score, rng, steps=steps)

    def _pool_of_record(self) -> Pool:
        """All candidates of a search without running trials, by most of the record."""
        n = pooled(self._memory.values)
        if self._pool is None or self._pool.told != n:
            if self._belief.told > n:
                self._belief = self._plant()
            points, values = self._memory.points[:n], self._memory.values[:n]
            rng = np.random.default_rng((self._settings.seed, n, 4))
            model = self._belief.without_lies(points, values, self._bend(n))
            score = self._score_by(model, self._gain(model, rng), rng)
            seen: list[Floats] = []

            def noted(candidates: Floats) -> Floats:
                seen.append(candidates)
                return score(candidates)

            self._legal.best(noted, self._incumbents(), rng)
            self._pool = Pool(np.concatenate(seen), told=n)
        return self._pool

    def _bend(self, told: int) -> float:
        """Of the warp for a record, which many proposals share: counting lies anew takes long."""
        rng = np.random.default_rng((self._settings.seed, told, 3))
        return float(rng.choice(COUNTED_ON))

    def _incumbents(self) -> Floats:
        """The best points told that the forest rests on, shape (at most `INCUMBENTS`, d)."""
        rows = self._belief.rows
        values = self._memory.values[rows]
        order = np.argsort(values, kind="stable")  # not-a-number comes last
        best = rows[order[: min(INCUMBENTS, int(np.isfinite(values).sum()))]]
        return self._memory.points[best]

    def _score(self, rng: np.random.Generator) -> Score:
        model, gain = self._model_and_gain(float(rng.choice(COUNTED_ON)), rng)
        return self._score_by(model, gain, rng)

    def _model_and_gain(
        self, bend: float, rng: np.random.Generator
    ) -> tuple[ForestModel, Acquisition]:
        """The forest with all running trials, and how it values what it predicts."""
        points, values = self._memory.points, self._memory.values
        pending = np.array(self._memory.pending).reshape(-1, points.shape[1])
        model = self._belief.model(points, values, pending, bend)
        return model, self._gain(model, rng)

    def _gain(self, model: ForestModel, rng: np.random.Generator) -> Acquisition:
        name = acquisition.drawn(str(self._settings.acq), rng)
        return acquisition.named(name, best=model.best, kappa=self._settings.kappa)

    def _score_by(self, model: ForestModel, gain: Acquisition, rng: np.random.Generator) -> Score:
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
