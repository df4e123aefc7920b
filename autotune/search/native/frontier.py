"""What is worth proposing next: candidates that follow what is asked and, for a while, told."""

from dataclasses import replace

import numpy as np

from autotune.search.native.acquisition import Acquisition
from autotune.search.native.gaussian import GaussianProcess
from autotune.search.native.pool import Pool
from autotune.search.native.proposal import CLIMB_ROUNDS, Landscape, narrowed, ranked
from autotune.search.native.since import Grown, Since
from autotune.types import Floats

POOLED = 384


class Frontier:
    """Points by falling score, of a surrogate that takes in running trials as they start.

    The first search for points is thorough. Those after it choose among the points found first,
    and climb from the best of them: a batch costs little more than a single proposal.

    Attributes:
        incumbents: The best points told, shape (i, d).
        start: The landscape that points are found in; what was learned there stays.
    """

    def __init__(self, landscape: Landscape, lie: float | None, incumbents: Floats) -> None:
        self.start = self._landscape = landscape
        self._lie = lie
        self.incumbents = incumbents
        self._taken = 0
        self._pool: Pool | None = None

    @property
    def landscape(self) -> Landscape:
        """With the running trials in its surrogate."""
        return self._landscape

    def take(self, told: Floats, values: Floats, pending: Floats) -> None:
        """Take in running trials, oldest first, shape (p, d); those already in are left out.

        Args:
            told: Trials told since the candidates were looked for, shape (k, d): none here.
            values: What was told, not-a-number where a trial failed, shape (k,).
            pending: All running trials.
        """
        del told, values
        added = self._landscape.codec.features(pending[self._taken :])
        model = self._landscape.model.with_pending(added, self._lie)
        self._landscape = replace(self._landscape, model=model)
        self._taken = len(pending)

    def best(self, rng: np.random.Generator) -> Floats:
        """Snapped points by falling score, the best first, shape (m, d)."""
        if self._pool is None:
            found = ranked(self._landscape, self.incumbents, rng)
            self._pool = pooled(self._landscape, found)
            return found
        self._pool = self._pool.grown(self._landscape.model.process)
        return climbed(self._landscape, by_score(self._pool, self._landscape))

    def promise(self, best: Floats) -> float:
        """Score of the first of what `best` found."""
        return float(self.landscape.score(best[:1])[0])

    def climbed(self, points: Floats) -> Floats:
        """What `best` found, after what a climb from the first of them reaches."""
        return points


class LaggingFrontier(Frontier):
    """Points found for one record, and ranked anew as outcomes are added to it.

    They follow from that record, and their order from the trials that were told or started
    since, not from when it was asked: a resumed search goes on as it would have.
    """

    def __init__(
        self,
        landscape: Landscape,
        lie: float | None,
        incumbents: Floats,
        rng: np.random.Generator,
        *,
        rounds: int,
    ) -> None:
        super().__init__(landscape, lie, incumbents)
        self._rounds = rounds
        first = pooled(landscape, np.concatenate(narrowed(landscape, incumbents, rng)))
        self._since = Since(landscape.model, first, lie)
        self._grown = Grown(first, landscape.model.best, landscape.model.process, None)
        self._scores = first.mean  # until the first `take`
        self._whole = False

    @property
    def landscape(self) -> Landscape:
        """With the running trials in its surrogate, which most proposals can do without."""
        if not self._whole:
            process, best = self._grown.full(), self._grown.best
            model = replace(self.start.model, process=process, best=best)
            self._landscape, self._whole = replace(self.start, model=model), True
        return self._landscape

    def take(self, told: Floats, values: Floats, pending: Floats) -> None:
        """Take in the outcomes since the record, and the running trials."""
        base = self.start
        features, warp = base.codec.features, base.model.warp
        ended = np.isfinite(values)
        points = features(np.concatenate([told[ended], pending]))
        n = int(ended.sum())
        grown = self._since.grown(points[:n], warp(values[ended]), points[n:])
        self._scores = scored(grown.pool, base.gain(best=grown.best), grown.process)
        self._grown, self._whole = grown, False

    def best(self, rng: np.random.Generator) -> Floats:
        """Snapped points by falling score, shape (m, d); nobody has climbed from them yet."""
        del rng
        return self._grown.pool.points[np.argsort(-self._scores, kind="stable")]

    def promise(self, best: Floats) -> float:
        """Score of the first of what `best` found."""
        del best
        return float(self._scores.max())

    def climbed(self, points: Floats) -> Floats:
        """What `best` found, after what a climb from the first of them reaches."""
        return climbed(self.landscape, points, self._rounds)


def pooled(landscape: Landscape, found: Floats) -> Pool:
    """The posterior of the best of points by falling score, shape (m, d)."""
    kept = found[:POOLED]
    features = landscape.codec.features(kept)
    return Pool.of(kept, features, landscape.model.log_success(features), landscape.model.process)


def scored(pool: Pool, acquisition: Acquisition, process: GaussianProcess) -> Floats:
    """Scores of the points of a pool, the chance of success included, shape (m,)."""
    score, _, _ = acquisition(pool.mean, pool.deviation(process))
    return np.asarray(score + pool.chance)


def by_score(pool: Pool, landscape: Landscape) -> Floats:
    """Points of a pool by falling score, shape (m, d)."""
    scores = scored(pool, landscape.acquisition, landscape.model.process)
    return np.asarray(pool.points[np.argsort(-scores, kind="stable")])


def climbed(landscape: Landscape, points: Floats, rounds: int = CLIMB_ROUNDS) -> Floats:
    """Points, shape (m, d), after what a climb from the first legal one reaches."""
    top = landscape.legal(points, 1)
    if not len(top):
        return points
    improved, _ = landscape.improve(top[0], turns=1, rounds=rounds)
    return np.concatenate([improved[None, :], points])
