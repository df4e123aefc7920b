"""Categories that were never tried near the best trial.

A surrogate learns what a category does from the trials that differ in it, and these are far away
at first. Where values are flat there, it takes the category for one that does nothing.
"""

import numpy as np

from autotune.search.codec import Codec
from autotune.search.native.places import APART
from autotune.types import Floats

SAME = 1e-9


def untried(best: Floats, points: Floats, codec: Codec) -> Floats:
    """The best point with one category changed, once for each value that nothing near it has.

    Points are near within `APART` of the cube's diagonal; another category is one unit away. What
    a changed category switches on or off changes with it, and one that is off stays as it is.

    Args:
        best: The best point told, shape (d,).
        points: All points told or running, the best included, shape (n, d).
        codec: Of the space.

    Returns:
        Snapped points, shape (m, d).
    """
    unordered = codec.unordered
    reach = APART**2 * points.shape[1]
    found = [best[None, :][:0]]
    for axis, count in unordered.items():
        swapped = np.tile(best, (count, 1))
        swapped[:, axis] = (np.arange(count) + 0.5) / count
        swapped = codec.snap(swapped)
        off = np.abs(points - swapped[:, None, :])
        off[:, :, list(unordered)] = off[:, :, list(unordered)] > SAME
        near = (np.square(off).sum(axis=2) <= reach) & (off[:, :, axis] == 0)
        found.append(swapped[~near.any(axis=1)])
    return np.concatenate(found)
