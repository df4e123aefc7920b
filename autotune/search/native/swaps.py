"""Categories that were never tried near the best trial.

A surrogate learns what a category does from the trials that differ in it, and these are far away
at first. Where values are flat there, it takes the category for one that does nothing.
"""

from collections.abc import Mapping

import numpy as np

from autotune.search.native.places import APART
from autotune.types import Floats


def untried(best: Floats, points: Floats, unordered: Mapping[int, int]) -> Floats:
    """The best point with one category changed, once for each value that nothing near it has.

    Points are near within `APART` of the cube's diagonal in the other parameters; another category
    there is one unit away.

    Args:
        best: The best point told, shape (d,).
        points: All points told or running, shape (n, d).
        unordered: Axes of values without order, and how many each has.

    Returns:
        Snapped points, shape (m, d).
    """
    off, axes = np.abs(points - best), list(unordered)
    off[:, axes] = off[:, axes] > 0
    squared = np.square(off)
    reach = APART**2 * points.shape[1]
    found = [best[None, :][:0]]
    for axis, count in unordered.items():
        near = squared.sum(axis=1) - squared[:, axis] <= reach
        middles = (np.arange(count) + 0.5) / count
        left = middles[~np.isclose(middles[:, None], points[near, axis]).any(axis=1)]
        swapped = np.tile(best, (len(left), 1))
        swapped[:, axis] = left
        found.append(swapped)
    return np.concatenate(found)
