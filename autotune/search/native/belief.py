"""What outcomes and running trials make a search believe: a surrogate, learned now and then."""

from dataclasses import dataclass

import numpy as np

from autotune.search.codec import Codec
from autotune.search.native.gaussian import Data
from autotune.search.native.surrogate import (
    MOST,
    MOST_LEARNED,
    Shape,
    Surrogate,
    kept,
    learn,
    surrogate,
)
from autotune.search.settings import BELIEVER, SearchSettings
from autotune.types import Floats

OFTEN = 20  # outcomes until which hyperparameters are learned after each; then every tenth part
LATELY, MOST_FAILURES = 8, 2  # more failures than that among the latest trials make it cautious


@dataclass(frozen=True, slots=True)
class Known:
    """A surrogate, and how many outcomes and running trials are in it."""

    told: int
    pending: int
    model: Surrogate
    lie: float | None


class Belief:
    """Surrogates of one growing record.

    Hyperparameters are learned from the first outcomes up to a milestone, so that they depend on
    the record alone; in between, the posterior takes in every outcome.
    """

    def __init__(self, codec: Codec, settings: SearchSettings) -> None:
        self._codec = codec
        self._settings = settings
        self._learned: tuple[int, Shape] | None = None
        self._known: Known | None = None

    def model(self, points: Floats, values: Floats, pending: Floats) -> Surrogate:
        """The posterior with running trials in it; asked for again, it grows by the new ones.

        Args:
            points: Points told, in their order, shape (n, d).
            values: Their values, not-a-number where a trial failed, shape (n,).
            pending: Points of running trials, oldest first, shape (p, d).
        """
        if self._known is None or self._known.told != len(values):
            self._known = self._posterior(self._codec.features(points), values)
        known = self._known
        if len(pending) > known.pending:
            added = self._codec.features(pending[known.pending :])
            model = known.model.with_pending(added, known.lie)
            self._known = known = Known(known.told, len(pending), model, known.lie)
        return known.model

    def fresh(self, points: Floats, values: Floats) -> Surrogate:
        """The posterior of a record that shares nothing with the one before."""
        features = self._codec.features(points)
        shape = learn(*self._data(features, values, MOST_LEARNED))
        return surrogate(shape, *self._data(features, values, MOST), cautious=_cautious(values))[0]

    def _posterior(self, features: Floats, values: Floats) -> Known:
        shape = self._shape(features, values)
        data, trials = self._data(features, values, MOST)
        model, warp = surrogate(shape, data, trials, cautious=_cautious(values))
        lie = None if self._settings.liar == BELIEVER else self._lie(warp(data.y))
        return Known(len(values), 0, model, lie)

    def _data(self, features: Floats, values: Floats, most: int) -> tuple[Data, Data]:
        """Trials with a value, and all trials as 1 for those and 0 for the failed ones."""
        told = np.isfinite(values)
        x, y = features[told], values[told]
        rows = kept(y, most, self._settings.seed)
        owner, ended = self._codec.owners, told.astype(np.float64)
        trials = kept(-ended, most, self._settings.seed)
        return Data(x[rows], y[rows], owner), Data(features[trials], ended[trials], owner)

    def _shape(self, features: Floats, values: Floats) -> Shape:
        """Hyperparameters, learned from the first outcomes up to the last milestone."""
        n = len(values)
        milestone = n if n < OFTEN else n - n % max(1, n // 10)
        if np.isfinite(values[:milestone]).sum() < 2:
            milestone = n
        if self._learned is None or self._learned[0] != milestone:
            known = self._data(features[:milestone], values[:milestone], MOST_LEARNED)
            self._learned = (milestone, learn(*known))
        return self._learned[1]

    def _lie(self, warped: Floats) -> float:
        """The value that running trials are given."""
        lies = {"cl_min": warped.min(), "cl_mean": warped.mean(), "cl_max": warped.max()}
        return float(lies[str(self._settings.liar)])


def _cautious(values: Floats) -> bool:
    """Whether many of the latest trials failed."""
    return int(np.isnan(values[-LATELY:]).sum()) > MOST_FAILURES
