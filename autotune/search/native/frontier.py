"""What is worth proposing next while nothing new is told: candidates that follow what is asked."""

from dataclasses import replace

import numpy as np

from autotune.search.native.pool import Pool
from autotune.search.native.proposal import Landscape, ranked
from autotune.types import Floats

POOLED = 384


class Frontier:
    """Points by falling score, of a surrogate that takes in running trials as they start.

    The first search for points is thorough. Those after it, until an outcome comes, choose among
    the points found first, and climb from the best of them: a batch costs little more than a
    single proposal.

    Attributes:
        incumbents: The best points told, shape (i, d).
    """

    def __init__(self, landscape: Landscape, lie: float | None, incumbents: Floats) -> None:
        self._landscape = landscape
        self._lie = lie
        self.incumbents = incumbents
        self._taken = 0
        self._pool: Pool | None = None

    @property
    def landscape(self) -> Landscape:
        """With the running trials in its surrogate."""
        return self._landscape

    def take(self, pending: Floats) -> None:
        """Take in running trials, oldest first, shape (p, d); those already in are left out."""
        added = self._landscape.codec.features(pending[self._taken :])
        model = self._landscape.model.with_pending(added, self._lie)
        self._landscape = replace(self._landscape, model=model)
        self._taken = len(pending)

    def best(self, rng: np.random.Generator) -> Floats:
        """Snapped points by falling score, the best first, shape (m, d)."""
        if self._pool is None:
            found = ranked(self._landscape, self.incumbents, rng)
            kept = found[:POOLED]
            features = self._landscape.codec.features(kept)
            model = self._landscape.model
            self._pool = Pool.of(kept, features, model.log_success(features), model.process)
            return found
        self._pool = self._pool.grown(self._landscape.model.process)
        points = self._pool.points[np.argsort(-self._scores(self._pool), kind="stable")]
        top = self._landscape.legal(points, 1)
        if not len(top):
            return points
        improved, _ = self._landscape.improve(top[0], turns=1)
        return np.concatenate([improved[None, :], points])

    def _scores(self, pool: Pool) -> Floats:
        deviation = pool.deviation(self._landscape.model.process)
        score, _, _ = self._landscape.gain(pool.mean, deviation)
        return np.asarray(score + pool.chance)
