"""Places: trials that lie on the way down to one best trial, and the regions around them."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from autotune.search.native.kernel import squared_distances
from autotune.types import Floats

Ints = NDArray[np.int64]

APART = 0.2  # how far a trial is linked and its place reaches, in units of the longest distance
FEWEST = 6  # values in a region, for its points to be looked for
OPEN = np.iinfo(np.int64).max - 1  # the rank of what is in no place


@dataclass(frozen=True, slots=True)
class Region:
    """The places of ranks from `first` up to but without `end`; what is in no place comes last."""

    first: int
    end: int = OPEN + 1


EVERYWHERE: Final = Region(0)
HOME: Final = Region(0, 1)


@dataclass(frozen=True, slots=True)
class Places:
    """Trials by the place they belong to.

    A trial belongs to the place of the nearest trial that is better, if that is within `APART`
    (nearest-better clustering: Preuss 2010, "Niching the CMA-ES via nearest-better clustering").
    So a place takes in what is tried on the way down to its best trial, and two valleys are two
    places as long as no trial on the ridge between them links them.

    Attributes:
        points: Features of the trials with a value, shape (n, f).
        rank: Of each, the rank of its place: 0 for that of the least value, shape (n,).
    """

    points: Floats
    rank: Ints

    @staticmethod
    def of(features: Floats, values: Floats) -> "Places":
        """Cluster trials, features (n, f) in the unit cube and values (n,); not-a-number failed."""
        told = np.flatnonzero(np.isfinite(values))
        points = features[told[np.argsort(values[told], kind="stable")]]
        far = squared_distances(points, points)
        far[np.triu_indices(len(far))] = np.inf  # only the better ones, which come first
        nearest, linked = far.argmin(axis=1), far.min(axis=1) <= _reach(features)
        rank = np.cumsum(~linked) - 1
        for i in np.flatnonzero(linked):
            rank[i] = rank[nearest[i]]
        return Places(points, rank)

    def within(self, features: Floats, region: Region) -> NDArray[np.bool_]:
        """Which of features (m, f) lie in a region, shape (m,).

        A point lies in the place of the nearest trial, if that is within `APART`.
        """
        if region == EVERYWHERE:
            return np.ones(len(features), dtype=bool)
        far = squared_distances(features, self.points)
        nearest = far.argmin(axis=1)
        close = far[np.arange(len(far)), nearest] <= _reach(features)
        rank = np.where(close, self.rank[nearest], OPEN)
        return np.asarray((region.first <= rank) & (rank < region.end))

    def known(self, region: Region) -> bool:
        """Whether a region has values enough to look for points by."""
        inside = (region.first <= self.rank) & (self.rank < region.end)
        return region == EVERYWHERE or int(inside.sum()) >= FEWEST


def _reach(features: Floats) -> float:
    return float(APART**2 * features.shape[1])
