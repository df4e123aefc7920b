"""Bayesian search with a Gaussian process of our own."""

from dataclasses import replace
from functools import partial

import numpy as np

from autotune.problem import Problem
from autotune.search.base import ModelSearch
from autotune.search.native import acquisition
from autotune.search.native.belief import Belief
from autotune.search.native.frontier import Frontier, LaggingFrontier
from autotune.search.native.lag import Lag
from autotune.search.native.path import drawn
from autotune.search.native.places import EVERYWHERE, HOME, Region
from autotune.search.native.proposal import (
    CLIMB_ROUNDS,
    CROWDED_ROUNDS,
    INCUMBENTS,
    Landscape,
    ranked,
)
from autotune.search.native.region import Box, of_use, side
from autotune.search.native.replicates import levels, rows
from autotune.search.native.swaps import untried
from autotune.search.prior import Prior
from autotune.search.prior_start import best
from autotune.search.settings import THOMPSON, SearchSettings
from autotune.types import Floats, Value

ENOUGH = 1e-3  # an expected gain not worth the next trial, over the spread of the values
ENOUGH_THERE = 1e-2  # the same in a place that is not the best
SETTLED = 100  # deviations of known noise that count as spread: a gain of a tenth is enough
PLACES = 3
TURNS = 4  # of so many trials, one stays in the best place once little more is expected
STALLED, GAINED = 12, 1e-5  # so many trials without a gain of that share of the spread
PATIENCE = 3  # the same in trials a parameter, in a trust region
NOISY, TOLD = 1e-4, 10  # noise variance over the signal's, and values a parameter, to believe it
SWAP = 4  # of so many trials, one tries a category that is new where the best trial is
KEPT = 3  # records that candidates are kept for: as running trials come and go, the lag alternates
TINY = 1e-300


class NativeSearch(ModelSearch):
    """Proposes the legal, new configuration that an acquisition function likes best.

    Every fourth trial is the best one with a category changed, while one is left that was not
    tried near it. Once little more is expected, or nothing was gained for a while, trials take
    turns: some polish the best place, the others look outside of it and the next best ones, by
    surrogates that know only what lies there. A failed trial makes trials nearby less likely,
    and has no value.
    """

    def __init__(
        self, problem: Problem, settings: SearchSettings, prior: Prior | None = None
    ) -> None:
        super().__init__(problem, settings, prior)
        self._prior = prior
        self._belief = Belief(self._codec, settings)
        self._boxed = settings.trust_region and of_use(self._codec)
        self._lag = Lag(0, lags=False)
        self._leveled = np.empty(0)
        self._spread_of = 0, TINY  # outcomes, and what their values spread over
        self._frontiers: dict[Lag, dict[tuple[Region, Region], Frontier]] = {}

    def _start(self, size: int) -> dict[str, Value] | None:
        """The prior's own optimum comes first."""
        if self._prior is None or size:
            return None
        return best(self._prior, self._codec, self._sampler, self._settings.seed)

    def _pick(self, points: Floats, rng: np.random.Generator) -> Floats:
        landscape = self._sampled(self._everywhere(rng).landscape, rng)
        return np.asarray(points[np.argmax(landscape.score(points))])

    def _ranked(self, rng: np.random.Generator) -> Floats:
        """Points by falling score, those of the region whose turn it is first."""
        frontier, swapped = self._everywhere(rng), self._swapped()
        if len(swapped):
            order = np.argsort(-frontier.landscape.score(swapped), kind="stable")
            return np.concatenate([swapped[order], frontier.climbed(frontier.best(rng))])
        if self._settings.acq == THOMPSON:
            return ranked(self._sampled(frontier.landscape, rng), frontier.incumbents, rng)
        best = frontier.best(rng)
        if self._settings.acq != "EI":
            return frontier.climbed(best)
        least = SETTLED * self._memory.known_noise
        promise = self._promise(frontier, best, least)
        turn = self._turn(promise, rng, stalled=self._stalled(frontier))
        if turn is None:
            return frontier.climbed(best)
        return np.concatenate([turn.climbed(turn.best(rng)), best])

    def _turn(self, promise: float, rng: np.random.Generator, *, stalled: bool) -> Frontier | None:
        """Whose turn it is, given what the best point of the whole space promises; None for that.

        What a surrogate of several deep valleys promises is often wrong, and where nothing was
        gained for a while it has no say.
        """
        turn = self._memory.size % TURNS
        if self._boxed and not stalled:
            return None
        if promise > ENOUGH and not (stalled and turn in (0, 1, 3)):
            return None
        knows = HOME if stalled else EVERYWHERE
        if turn == 0:
            return self._frontier(HOME, rng, knows)
        outer, enough = self._elsewhere(rng)
        return outer if enough or (stalled and turn != 2) else self._frontier(HOME, rng, knows)

    def _elsewhere(self, rng: np.random.Generator) -> tuple[Frontier | None, bool]:
        """The first region outside the best places that promises enough; or else the most."""
        found, most = None, -np.inf
        for count in range(1, PLACES + 1):
            outer = self._frontier(Region(count), rng, Region(count))
            if outer is None:
                break
            promise = self._promise(outer, outer.best(rng))
            if promise > most:
                found, most = outer, promise
            if promise > ENOUGH_THERE:
                break
        return found, most > ENOUGH_THERE

    def _stalled(self, frontier: Frontier) -> bool:
        """Whether the latest trials gained next to nothing on those before them."""
        values = self._believed(frontier)
        patience = PATIENCE * self._codec.n_parameters if self._boxed else STALLED
        before = values[:-patience]
        if not np.isfinite(before).any():
            return False
        least = max(GAINED * self._spread(), ENOUGH * SETTLED * self._memory.known_noise)
        return float(np.nanmin(before) - np.nanmin(values)) <= least

    def _believed(self, frontier: Frontier) -> Floats:
        """The values told, or the posterior means in their place if they are noisy, shape (n,).

        The least of noisy values is a lucky one, on which little gains. Of few values, ripples
        look like noise: then only noise that is known counts.
        """
        values, memory = self._levels(), self._memory
        enough = memory.n_completed >= TOLD * self._codec.n_parameters
        noisy = enough and frontier.start.model.process.hyper.noise > NOISY
        if not (noisy or memory.known_noise > 0):
            return values
        medians = frontier.landscape.model.medians(self._codec.features(np.array(memory.points)))
        return np.where(np.isfinite(values), medians, np.nan)

    def _spread(self) -> float:
        """The interquartile range of the values told."""
        values = self._memory.values
        if self._spread_of[0] != len(values):
            low, high = np.nanquantile(values, [0.25, 0.75])
            self._spread_of = len(values), max(float(high - low), TINY)
        return self._spread_of[1]

    def _swapped(self) -> Floats:
        """The best point with another category, if it is time for one, shape (m, d)."""
        memory = self._memory
        if memory.size % SWAP != SWAP - 1:
            return memory.points[:0]
        best: Floats = memory.points[int(np.nanargmin(self._levels()))]
        return untried(best, np.array([*memory.points, *memory.pending]), self._codec)

    def _everywhere(self, rng: np.random.Generator) -> Frontier:
        """Candidates of the whole space."""
        frontier = self._frontier(EVERYWHERE, rng, EVERYWHERE)
        assert frontier is not None  # only a part of the space can hold too few values
        return frontier

    def _frontier(self, region: Region, rng: np.random.Generator, knows: Region) -> Frontier | None:
        """Candidates of a region, by what is known in another; None if too little is."""
        self._lag = lag = self._lag_due()
        found = self._frontiers.setdefault(lag, {})
        if (region, knows) not in found:
            new = self._found(region, rng, knows)
            if new is None:
                return None
            found[region, knows] = new
        self._frontiers = dict(list(self._frontiers.items())[-KEPT:])
        frontier = found[region, knows]
        memory, since = self._memory, slice(lag.base, None)
        pending = np.array(memory.pending).reshape(-1, len(self._codec.names))
        frontier.take(memory.points[since], memory.values[since], pending)
        return frontier

    def _lag_due(self) -> Lag:
        """How far candidates may lag; not at all while the first outcomes have no two values."""
        values = self._memory.values
        running = max(len(self._memory.pending), self._settings.workers)
        lag = Lag.of(len(values), running)
        enough = np.isfinite(values[: lag.base]).sum() >= 2
        return lag if enough else Lag(len(values), lags=False)

    def _found(self, region: Region, rng: np.random.Generator, knows: Region) -> Frontier | None:
        """Candidates of a region by the record up to the lag's base."""
        record, n = self._memory, self._lag.base
        points, values, noise = record.points[:n], record.values[:n], record.noise[:n]
        features = self._codec.features(points)
        places = self._belief.places(features, values, noise)
        if not places.known(region):
            return None
        model, lie = self._belief.posterior(features, values, noise, region=knows, lag=self._lag)
        own = features[:, : self._codec.n_features]
        known = np.isfinite(values) & places.within(own, region)
        incumbents = _best(points[known], levels(points, values, noise)[known])
        if self._lag.lags:
            rng = np.random.default_rng((self._settings.seed, n, region.first))
        name = acquisition.drawn(str(self._settings.acq), rng)
        gain = partial(acquisition.named, name, kappa=self._settings.kappa)
        box = Box.whole(points.shape[1])
        if region == EVERYWHERE and self._boxed:
            width = side(values, self._settings.n_initial, self._codec.n_parameters)
            box = Box.about(incumbents[0], width, self._codec)
        landscape = Landscape(self._codec, model, gain, self._allowed, places, box, region)
        if self._lag.lags:
            rounds = CROWDED_ROUNDS if self._lag.crowded else CLIMB_ROUNDS
            return LaggingFrontier(landscape, lie, incumbents, rng, rounds=rounds)
        return Frontier(landscape, lie, incumbents)

    def _levels(self) -> Floats:
        """Values told, at their mean where one configuration has several, shape (n,)."""
        memory = self._memory
        if len(self._leveled) != len(memory.values):
            points, values = np.array(memory.points), np.array(memory.values)
            self._leveled = levels(points, values, np.array(memory.noise))
        return self._leveled

    def _sampled(self, landscape: Landscape, rng: np.random.Generator) -> Landscape:
        """With a path of its process, for Thompson sampling; unchanged for the others."""
        if self._settings.acq != THOMPSON:
            return landscape
        path = drawn(landscape.model.process, rng)
        return replace(landscape, model=replace(landscape.model, process=path))

    def _promise(self, frontier: Frontier, best: Floats, least_spread: float = 0.0) -> float:
        """The expected improvement at the best point over the values' spread, if not less."""
        spread = max(self._spread(), least_spread)
        return float(np.exp(frontier.promise(best))) * frontier.start.model.warp.unit / spread


def _best(points: Floats, values: Floats) -> Floats:
    """The best points told, best first, shape (m, d)."""
    order = np.argsort(values, kind="stable")  # not-a-number comes last
    found = points[order[: int(np.isfinite(values).sum())]]
    row = rows(found)
    if row is not None:
        found = found[np.unique(row, return_index=True)[1]]
    return np.asarray(found[:INCUMBENTS])
