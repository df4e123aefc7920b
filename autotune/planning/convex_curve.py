"""The minimum of a convex curve on an interval: in closed form, or by safeguarded Newton."""

import math

import numpy as np

from autotune.planning.surface import Surface
from autotune.types import Interval

MAX_STEPS = 200


def minimise(curve: Surface, within: Interval) -> float:
    """Find the n in `within` at which a convex curve is least.

    A curve of two opposed powers (every law with one exponent for size and one for data) has a
    closed form; clamping it is exact because the curve is convex.
    """
    low, high = within
    free = _two_powers(curve)
    if free is not None:
        return min(max(free, low), high)
    if _slope(curve, low)[0] >= 0:
        return low
    if _slope(curve, high)[0] <= 0:
        return high
    return _root_of_slope(curve, low, high)


def _two_powers(curve: Surface) -> float | None:
    """Where k1 p1 exp(p1 n) + k2 p2 exp(p2 n) = 0, if that is the whole slope."""
    varying = curve.p != 0
    if not curve.linear or varying.sum() != 2:
        return None
    k1, k2 = map(float, curve.k[varying])
    p1, p2 = map(float, curve.p[varying])
    if p1 * p2 >= 0:
        return None
    return math.log(-k1 * p1 / (k2 * p2)) / (p2 - p1)


def _root_of_slope(curve: Surface, low: float, high: float) -> float:
    """Newton's method on the slope, bisecting whenever it would leave the bracket."""
    n = (low + high) / 2
    for _ in range(MAX_STEPS):
        slope, curvature = _slope(curve, n)
        if slope == 0:
            return n
        low, high = (n, high) if slope < 0 else (low, n)
        step = n - slope / curvature if curvature > 0 else math.inf
        new = step if low < step < high else (low + high) / 2
        if abs(new - n) <= 4 * np.finfo(float).eps * abs(n):
            return new
        n = new
    return n


def _slope(curve: Surface, n: float) -> tuple[float, float]:
    jet = curve.jet(np.asarray(n), np.zeros(()))
    return float(jet.by_n), float(jet.by_nn)
