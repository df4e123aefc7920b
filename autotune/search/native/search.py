"""Bayesian search with a Gaussian process of our own."""

from dataclasses import replace

import numpy as np

from autotune.problem import Problem
from autotune.search.base import ModelSearch
from autotune.search.native import acquisition
from autotune.search.native.belief import Belief
from autotune.search.native.frontier import Frontier
from autotune.search.native.path import drawn
from autotune.search.native.places import middles, outside
from autotune.search.native.proposal import INCUMBENTS, Landscape, ranked
from autotune.search.native.replicates import levels, rows
from autotune.search.native.swaps import untried
from autotune.search.prior import Prior
from autotune.search.prior_start import best
from autotune.search.settings import THOMPSON, SearchSettings
from autotune.trials import Outcome
from autotune.types import Floats, Value

ENOUGH = 1e-3  # an expected gain not worth the next trial, over the spread of the values
ENOUGH_THERE = 1e-2  # the same in a place that is not the best
SETTLED = 100  # deviations of known noise that count as spread: a gain of a tenth is enough
RETURN = 4  # of so many trials after that, one still goes to the best place
PLACES = 3
SWAP = 4  # of so many trials, one tries a category that is new where the best trial is
TINY = 1e-300


class NativeSearch(ModelSearch):
    """Proposes the legal, new configuration that an acquisition function likes best.

    Every fourth trial is the best one with a category changed, while one is left that was not
    tried near it. Once little more is to be gained around the best place, most trials go to the
    next best. A failed trial makes trials nearby less likely, and has no value.
    """

    def __init__(
        self, problem: Problem, settings: SearchSettings, prior: Prior | None = None
    ) -> None:
        super().__init__(problem, settings, prior)
        self._prior = prior
        self._belief = Belief(self._codec, settings)
        self._frontiers: dict[int, Frontier] = {}  # by how many of the best places they leave out

    def tell(self, outcome: Outcome) -> None:
        """Learn an outcome; a failed one makes trials nearby less likely, and has no value."""
        super().tell(outcome)
        self._frontiers = {}

    def _start(self, size: int) -> dict[str, Value] | None:
        """The prior's own optimum comes first."""
        if self._prior is None or size:
            return None
        return best(self._prior, self._codec, self._sampler, self._settings.seed)

    def _pick(self, points: Floats, rng: np.random.Generator) -> Floats:
        landscape = self._sampled(self._everywhere(rng).landscape, rng)
        return np.asarray(points[np.argmax(landscape.score(points))])

    def _ranked(self, rng: np.random.Generator) -> Floats:
        """Points of the best place; once little is to be gained there, most often of another."""
        frontier, swapped = self._everywhere(rng), self._swapped()
        if len(swapped):
            order = np.argsort(-frontier.landscape.score(swapped), kind="stable")
            return np.concatenate([swapped[order], frontier.best(rng)])
        if self._settings.acq == THOMPSON:
            return ranked(self._sampled(frontier.landscape, rng), frontier.incumbents, rng)
        found = []
        for left_out in range(PLACES + 1):
            outer = self._frontier(left_out, rng)
            if outer is None:
                break
            found.append(outer.best(rng))
            enough = ENOUGH_THERE if left_out else ENOUGH
            least = 0.0 if left_out else SETTLED * self._memory.known_noise
            more = self._promise(outer.landscape, found[-1][0], least) > enough
            if more or self._memory.size % RETURN == 0:
                return np.concatenate([found[-1], found[0]])
        return found[0]

    def _swapped(self) -> Floats:
        """The best point with another category, if it is time for one, shape (m, d)."""
        memory, names = self._memory, self._codec.names
        best = memory.points[int(np.nanargmin(self._levels()))]
        active = self._codec.decode(best)
        unordered = {i: n for i, n in self._codec.unordered.items() if names[i] in active}
        if not unordered or memory.size % SWAP != SWAP - 1:
            return best[None, :][:0]
        points = np.array([*memory.points, *memory.pending])
        return self._codec.snap(untried(best, points, unordered))

    def _everywhere(self, rng: np.random.Generator) -> Frontier:
        """Candidates of the whole space."""
        frontier = self._frontier(0, rng)
        assert frontier is not None  # only a place left out can leave too little
        return frontier

    def _frontier(self, left_out: int, rng: np.random.Generator) -> Frontier | None:
        """Candidates outside of so many of the best places; None if too little is known there."""
        if left_out not in self._frontiers:
            points, values = np.array(self._memory.points), np.array(self._memory.values)
            features = self._codec.features(points)
            own = features[:, : self._codec.n_features]
            level = self._levels()
            avoided = middles(own, level, left_out) if left_out else None
            if left_out and avoided is None:
                return None
            noise = np.array(self._memory.noise)
            model, lie = self._belief.posterior(features, values, noise, left_out=left_out)
            name, kappa = str(self._settings.acq), self._settings.kappa
            gain = acquisition.named(name, best=model.best, kappa=kappa, rng=rng)
            landscape = Landscape(self._codec, model, gain, self._allowed, avoided)
            known = outside(own, avoided) if avoided is not None else np.isfinite(values)
            incumbents = _best(points[known], level[known])
            self._frontiers[left_out] = Frontier(landscape, lie, incumbents)
        frontier = self._frontiers[left_out]
        frontier.take(np.array(self._memory.pending).reshape(-1, len(self._codec.names)))
        return frontier

    def _levels(self) -> Floats:
        """Values told, at their mean where one configuration has several, shape (n,)."""
        memory = self._memory
        return levels(np.array(memory.points), np.array(memory.values), np.array(memory.noise))

    def _sampled(self, landscape: Landscape, rng: np.random.Generator) -> Landscape:
        """With a path of its process, for Thompson sampling; unchanged for the others."""
        if self._settings.acq != THOMPSON:
            return landscape
        path = drawn(landscape.model.process, rng)
        return replace(landscape, model=replace(landscape.model, process=path))

    def _promise(self, landscape: Landscape, point: Floats, least_spread: float) -> float:
        """The expected improvement at a point over the spread of the values, if not less."""
        if self._settings.acq != "EI":
            return np.inf
        low, high = np.nanquantile(self._memory.values, [0.25, 0.75])
        gain = np.exp(float(landscape.score(point[None, :])[0])) * landscape.model.warp.unit
        return float(gain / max(high - low, least_spread, TINY))


def _best(points: Floats, values: Floats) -> Floats:
    """The best points told, best first, shape (m, d)."""
    order = np.argsort(values, kind="stable")  # not-a-number comes last
    found = points[order[: int(np.isfinite(values).sum())]]
    row = rows(found)
    if row is not None:
        found = found[np.unique(row, return_index=True)[1]]
    return np.asarray(found[:INCUMBENTS])
