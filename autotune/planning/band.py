"""How flat the optimum is: everything whose loss is within a tolerance of the best."""

import math
from dataclasses import dataclass

import numpy as np

from autotune.planning import roots
from autotune.planning.surface import Surface
from autotune.types import Interval

SAMPLES = 200


@dataclass(frozen=True, slots=True)
class Band:
    """The near-optimal set along the plan's own free direction, inside the constraints.

    Attributes:
        tolerance: Relative excess of the loss at the ends, unless a constraint comes first.
        n_active: Fewest and most active parameters.
        tokens: Fewest and most training tokens.
        sparsity: Lowest and highest sparsity; it varies where tokens or n_total are held.
    """

    tolerance: float
    n_active: Interval
    tokens: Interval
    sparsity: Interval


def near_optimal(curve: Surface, best: float, *, within: Interval, threshold: float) -> Interval:
    """The interval around `best` on which a curve does not exceed `threshold`.

    On a curve that is not convex it is the piece that contains `best`.
    """
    low = _end(curve, best, limit=within[0], threshold=threshold)
    high = _end(curve, best, limit=within[1], threshold=threshold)
    return low, high


def _end(curve: Surface, best: float, *, limit: float, threshold: float) -> float:
    """The first crossing of the threshold between `best` and `limit`, or the limit."""
    if limit == best:
        return limit
    if curve.convex:
        if float(curve.value(np.asarray(limit), np.zeros(()))) <= threshold:
            return limit
        bracket = (best, limit)
    else:
        points = np.linspace(best, limit, SAMPLES + 1)
        above = np.flatnonzero(curve.value(points, np.zeros_like(points)) > threshold)
        if not above.size:
            return limit
        if above[0] == 0:
            return best
        bracket = (float(points[above[0] - 1]), float(points[above[0]]))

    def excess(x: float) -> float:
        return float(curve.value(np.asarray(x), np.zeros(()))) - threshold

    return roots.bracketed(excess, bracket) if math.isfinite(threshold) else limit
