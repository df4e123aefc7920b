"""The best places of a record, and what lies outside them."""

import numpy as np
from numpy.typing import NDArray

from autotune.search.native.kernel import squared_distances
from autotune.types import Floats

APART = 0.2  # radius of a place, in units of the longest distance there is
FEWEST = 6  # values outside, for a place there to be looked for


def radius(features: Floats) -> float:
    """How far a place reaches, for features (n, f) in the unit cube."""
    return float(APART * np.sqrt(features.shape[1]))


def outside(features: Floats, middles: Floats) -> NDArray[np.bool_]:
    """Which of features (n, f) lie outside the places around middles (p, f), shape (n,)."""
    near = squared_distances(features, middles) <= radius(features) ** 2
    return np.asarray(~near.any(axis=1))


def middles(features: Floats, values: Floats, count: int) -> Floats | None:
    """The best point, the best outside its place, and so on; None if too few values are left.

    Args:
        features: Of the trials, shape (n, f).
        values: Not-a-number where a trial failed, shape (n,).
        count: How many places, at least one.

    Returns:
        Features of their middles, shape (count, f).
    """
    found = features[[np.nanargmin(values)]]
    while True:
        away = outside(features, found)
        if np.isfinite(values[away]).sum() < FEWEST:
            return None
        if len(found) == count:
            return np.asarray(found)
        best = np.flatnonzero(away)[np.nanargmin(values[away])]
        found = np.concatenate([found, features[[best]]])
