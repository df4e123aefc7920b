"""Two objectives, both minimised: the Pareto front, its reference point and its hypervolume."""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from autotune.types import Floats

Ints: TypeAlias = NDArray[np.intp]

MARGIN = 0.1


def front(values: Floats) -> Ints:
    """Which rows of values (n, 2) no other row beats, by rising first value.

    A row is beaten by one that is nowhere worse and somewhere better; of equal rows the first
    stays. Rows that hold a not-a-number are on no front.
    """
    order = np.lexsort((values[:, 1], values[:, 0]))  # stable, not-a-numbers last
    order = order[np.isfinite(values[order]).all(axis=1)]
    second = values[order, 1]
    before = np.concatenate([[np.inf], np.minimum.accumulate(second)[:-1]])
    return np.asarray(order[second < before[: len(order)]])


def reference(values: Floats) -> Floats:
    """The point that a hypervolume is measured against: the front's nadir and a tenth beyond.

    The nadir has the worst value of each objective on the front; the margin is `MARGIN` of the
    front's range in that objective. Where the front has no range, that of all values counts;
    where they have none either, the size of the value, or 1.

    Args:
        values: Both objectives, shape (n, 2), at least one row of it without a not-a-number.

    Returns:
        The reference point, shape (2,).
    """
    best, known = values[front(values)], values[np.isfinite(values).all(axis=1)]
    nadir = best.max(axis=0)
    width = nadir - best.min(axis=0)
    width = np.where(width > 0, width, np.ptp(known, axis=0))
    width = np.where(width > 0, width, np.abs(nadir))
    return np.asarray(nadir + MARGIN * np.where(width > 0, width, 1.0))


def hypervolume(values: Floats, against: Floats) -> float:
    """The area that values (n, 2) dominate inside a reference point (2,), exactly.

    The front cuts it into one rectangle per point; n log n, for the sort.
    """
    inside = values[(values < against).all(axis=1)]
    best = inside[front(inside)]
    heights = np.concatenate([against[1:], best[:, 1]])
    return float(((against[0] - best[:, 0]) * (heights[:-1] - heights[1:])).sum())
