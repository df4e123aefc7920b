"""Which runs share a budget: stretches of near-equal compute that hold enough sizes."""

import numpy as np
from numpy.typing import NDArray

from autotune.fitting.identify import SAME
from autotune.types import Floats

FEWEST_SIZES = 3
"""A parabola has three coefficients."""

SAME_COMPUTE = 1e-5
"""Runs whose computes are relatively no further apart had the same one. Six printed digits are up
to 5e-6 off, whole tokens and products of floats less; and over 1e-5 of compute a loss falls by
less than 1e-6, a thousandth of the noise of a run."""

_ROUNDING = 1e-9


def distinct(size: Floats) -> Floats:
    """The different sizes, ascending: each the least of those up to 2 % above it."""
    ordered = np.sort(size)
    found = []
    at = 0
    while at < len(ordered):
        found.append(ordered[at])
        at = int(np.searchsorted(ordered, SAME * ordered[at], side="right"))
    return np.array(found)


def numbered(log: Floats, reach: float) -> NDArray[np.int64]:
    """Number values ascending from 0; those up to `reach` above the first of a number share it."""
    values, back = np.unique(log, return_inverse=True)
    number = np.zeros(len(values), dtype=np.int64)
    first = values[0]
    for i in range(1, len(values)):
        starts = values[i] - first > reach
        first = values[i] if starts else first
        number[i] = number[i - 1] + starts
    return number[back.ravel()]


def budgets(flops: Floats, size: Floats, tolerance: float) -> list[NDArray[np.int64]]:
    """Divide runs into budgets.

    The FLOPs of a budget lie within `1 + tolerance` of their middle, so the largest is at most
    `(1 + tolerance)^2` times the least. Among overlapping stretches the one with the most sizes
    is taken first, then the one with the most runs, then the narrowest; what is left on either side
    is divided likewise.

    Args:
        flops: Training compute, shape (n,).
        size: N, shape (n,).
        tolerance: As above.

    Returns:
        Indices of the runs of each budget of at least three sizes, least compute first. A run in
        none of them shares its compute with too few.
    """
    order = np.argsort(flops, kind="stable")
    log_c = np.log(flops[order])
    reach = 2 * np.log1p(tolerance) + _ROUNDING
    found, left = [], [(0, len(order))]
    while left:
        start, stop = left.pop()
        window = _best(log_c[start:stop], size[order[start:stop]], reach)
        if window is not None:
            i, j = start + window[0], start + window[1]
            found.append((i, j))
            left += [(start, i), (j, stop)]
    return [order[i:j] for i, j in sorted(found)]


def _best(log_c: Floats, size: Floats, reach: float) -> tuple[int, int] | None:
    """The stretch of a sorted run of compute that holds the most sizes, as start and stop."""
    stops = np.searchsorted(log_c, log_c + reach, side="right")
    best: tuple[int, int] | None = None
    most: tuple[float, ...] = (FEWEST_SIZES,)
    for i, j in enumerate(stops):
        if i and j == stops[i - 1]:
            continue  # part of the stretch before
        rank = (len(distinct(size[i:j])), j - i, log_c[i] - log_c[j - 1])
        if rank > most:
            most, best = rank, (i, int(j))
    return best
