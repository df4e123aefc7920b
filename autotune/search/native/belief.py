"""What outcomes and running trials make a search believe: a surrogate, learned now and then."""

import numpy as np
from numpy.typing import NDArray

from autotune.search.codec import Codec
from autotune.search.native.hyper import Data
from autotune.search.native.input_warp import InputWarp
from autotune.search.native.lag import PROMPT, Lag
from autotune.search.native.milestones import BETWEEN, CROWDED, OFTEN, dense, doubled, sparse
from autotune.search.native.places import EVERYWHERE, Places, Region
from autotune.search.native.replicates import levels, variances
from autotune.search.native.surrogate import (
    MOST,
    MOST_LEARNED,
    Shape,
    Surrogate,
    kept,
    learn,
    moved,
    relearn,
    resting,
    surrogate,
)
from autotune.search.settings import BELIEVER, SearchSettings
from autotune.types import Floats

LATELY, MOST_FAILURES = 8, 2  # more failures than that among the latest trials make it cautious


class Belief:
    """Surrogates of one growing record.

    Hyperparameters are learned from the first outcomes up to a milestone, so that they depend on
    the record alone; in between, the posterior takes in every outcome. Milestones are dense, or
    sparse while many trials run.
    """

    def __init__(self, codec: Codec, settings: SearchSettings) -> None:
        self._codec = codec
        self._settings = settings
        self._learned: tuple[int, dict[Region, Shape]] = (0, {})
        self._inputs: dict[int, InputWarp | None] = {}
        self._sparing: dict[tuple[int, Region, bool], Shape] = {}

    def posterior(
        self,
        features: Floats,
        values: Floats,
        noise: Floats | None = None,
        *,
        region: Region = EVERYWHERE,
        lag: Lag = PROMPT,
    ) -> tuple[Surrogate, float | None]:
        """The surrogate of a record, and the lie that running trials are given in it.

        Args:
            features: Of the trials told, in their order, shape (n, f).
            values: Not-a-number where a trial failed, shape (n,).
            noise: Their standard deviations as far as they are known, not-a-number where not,
                shape (n,); None if nothing is.
            region: The surrogate knows nothing of what lies outside.
            lag: Where it lags, hyperparameters are learned at sparse milestones, near those of the
                last doubling.

        Returns:
            The lie is None where running trials take the surrogate's own mean.
        """
        noise = np.full(len(values), np.nan) if noise is None else noise
        record = features, values, noise, region
        shape = self._near(*record, crowded=lag.crowded) if lag.lags else self._shape(*record)
        known = self._within(features, values, noise, region)
        data, trials = self._data(features[known], values[known], noise[known], MOST)
        model = surrogate(shape, data, trials, cautious=_cautious(values))
        return model, None if self._settings.liar == BELIEVER else self._lie(model.warp(data.y))

    def _data(
        self, features: Floats, values: Floats, noise: Floats, most: int
    ) -> tuple[Data, Data]:
        """Trials with a value, and all trials as 1 for those and 0 for the failed ones."""
        told = np.isfinite(values)
        owner, ended = self._codec.owners, told.astype(np.float64)
        x, y, seed = features[told], values[told], self._settings.seed
        data = resting(x, y, owner, variances(noise[told]), most=most, seed=seed)
        trials = kept(-ended, most, seed)
        return data, Data(features[trials], ended[trials], owner)

    def _shape(self, features: Floats, values: Floats, noise: Floats, region: Region) -> Shape:
        """Hyperparameters, learned from the first outcomes up to the last milestone."""
        n = len(values)
        milestone = dense(n)
        if np.isfinite(values[:milestone]).sum() < 2:
            milestone = n
        if self._learned[0] != milestone:
            self._learned = (milestone, {})
        shapes = self._learned[1]
        if region not in shapes:
            first = features[:milestone], values[:milestone], noise[:milestone]
            shapes[region] = self._learned_at(*first, region)
        return shapes[region]

    def _learned_at(self, features: Floats, values: Floats, noise: Floats, region: Region) -> Shape:
        """Learn at a milestone; a warp of the inputs is looked for at each doubling, from all."""
        n, known = len(values), self._known(features, values, noise, region)
        last = doubled(n, OFTEN)
        if np.isfinite(values[:last]).sum() < 2:
            return learn(*known)
        if (n, region) == (last, EVERYWHERE):
            shape = moved(known[0], learn(*known))
            self._inputs[n] = shape.hyper.inputs
            return shape
        if last not in self._inputs:
            self._learned_at(features[:last], values[:last], noise[:last], EVERYWHERE)
        return learn(*known, self._inputs[last])

    def _near(
        self, features: Floats, values: Floats, noise: Floats, region: Region, *, crowded: bool
    ) -> Shape:
        """Hyperparameters learned seldom, each time near those of a shorter record."""
        n = sparse(len(values), CROWDED if crowded else BETWEEN)
        if np.isfinite(values[:n]).sum() < 2:
            n = len(values)
        found = self._sparing.get((n, region, crowded))
        if found is None:
            first = features[:n], values[:n], noise[:n]
            found = self._learned_near(*first, region, crowded=crowded)
            self._sparing[n, region, crowded] = found
        return found

    def _learned_near(
        self, features: Floats, values: Floats, noise: Floats, region: Region, *, crowded: bool
    ) -> Shape:
        """Learn near what all trials up to the last doubling say, at a doubling the one before.

        So only the first few trials are learned from at length. A resumed search learns at the
        doublings again, and comes to the same. Of a crowd, regions keep the warp they have.
        """
        n, known = len(values), self._known(features, values, noise, region)
        doubles = n == doubled(n)
        last = doubled(n - 1) if doubles else doubled(n)
        if np.isfinite(values[:last]).sum() < 2:
            return learn(*known)
        first = features[:last], values[:last], noise[:last]
        before = self._near(*first, region, crowded=crowded)
        return relearn(*known, before, screens=doubles and not (crowded and region != EVERYWHERE))

    def _known(
        self, features: Floats, values: Floats, noise: Floats, region: Region
    ) -> tuple[Data, Data]:
        """What hyperparameters are learned from."""
        known = self._within(features, values, noise, region)
        return self._data(features[known], values[known], noise[known], MOST_LEARNED)

    def places(self, features: Floats, values: Floats, noise: Floats) -> Places:
        """The places of a record, of as many of its trials as a process rests on."""
        own = features[:, : self._codec.n_features]
        level = levels(own, values, noise)
        told = np.flatnonzero(np.isfinite(level))
        rows = told[kept(level[told], MOST, self._settings.seed)]
        return Places.of(own[rows], level[rows])

    def _within(
        self, features: Floats, values: Floats, noise: Floats, region: Region
    ) -> NDArray[np.bool_]:
        """Which trials lie in a region, shape (n,); all if few values would be left."""
        if region == EVERYWHERE:
            return np.ones(len(values), dtype=bool)
        places = self.places(features, values, noise)
        own = features[:, : self._codec.n_features]
        return places.within(own, region if places.known(region) else EVERYWHERE)

    def _lie(self, warped: Floats) -> float:
        """The value that running trials are given."""
        lies = {"cl_min": warped.min(), "cl_mean": warped.mean(), "cl_max": warped.max()}
        return float(lies[str(self._settings.liar)])


def _cautious(values: Floats) -> bool:
    """Whether many of the latest trials failed."""
    return int(np.isnan(values[-LATELY:]).sum()) > MOST_FAILURES
