"""Several values of one point, of known noise or not: what a process needs of them."""

from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from autotune.types import Floats

Ints: TypeAlias = NDArray[np.intp]

LEAST_SHARE = 1e-12  # of the largest variance: a value without noise outweighs the others


@dataclass(frozen=True, slots=True)
class Pooled:
    """The means of what was told of each point; variances are over the signal's.

    Attributes:
        y: Means by precision, shape (g,).
        noise: Noise variances of the means, shape (g,).
        apart: Sum of squares of the values' distances to their means, over their noise variances.
        log_det: Log determinant of the values' covariance beyond that of the means.
    """

    y: Floats
    noise: Floats
    apart: float = 0.0
    log_det: float = 0.0


@dataclass(frozen=True, slots=True)
class Replicates:
    """Which point each of n values is of, and what is known of its noise.

    Attributes:
        row: Of the g points, shape (n,); every point has a value.
        known: Variance of each value's noise as far as it is known, shape (n,), in the unit of
            values squared; None if nothing is.
    """

    row: Ints
    known: Floats | None = None

    def scaled(self, slope: Floats) -> "Replicates":
        """Of values that were warped with slopes of shape (n,)."""
        return self if self.known is None else replace(self, known=self.known * slope**2)

    def ratios(self, noise: float, variance: float | None) -> Floats:
        """Noise variances over the signal's, estimated and known together, shape (n,)."""
        if self.known is None or variance is None:
            return np.full(len(self.row), noise)
        return np.asarray(noise + self.known / variance)

    def pooled(self, y: Floats, ratios: Floats) -> Pooled:
        """What a process needs of values (n,): no less than the values themselves.

        The product of N(y; f, r) over the values of a point is N(mean; f, 1 / sum 1/r) times
        what does not depend on f.
        """
        precision = np.bincount(self.row, 1 / ratios)
        mean = np.bincount(self.row, y / ratios) / precision
        apart = float((np.square(y - mean[self.row]) / ratios).sum())
        log_det = float(np.log(ratios).sum() + np.log(precision).sum())
        return Pooled(mean, 1 / precision, apart, log_det)

    def pull(
        self, y: Floats, ratios: Floats, *, inverse: Floats, weights: Floats, variance: float
    ) -> Floats:
        """The diagonal of K^-1 - w w^T / variance of all values, shape (n,), from the points'.

        With the posterior of a point's f under all values, of variance v over the signal's and
        mean m, w = (y - m) / r and K^-1 = 1/r - v / r^2 for each of its values.

        Args:
            y: Values, shape (n,).
            ratios: Their noise variances over the signal's, shape (n,).
            inverse: Diagonal of the points' K^-1, shape (g,).
            weights: The points' w = K^-1 (y - mean), shape (g,).
            variance: Signal variance.
        """
        pooled = self.pooled(y, ratios)
        v = (pooled.noise - inverse * pooled.noise**2)[self.row]
        m = (pooled.y - pooled.noise * weights)[self.row]
        return np.asarray(1 / ratios - v / ratios**2 - ((y - m) / ratios) ** 2 / variance)


def rows(points: Floats) -> Ints | None:
    """The row of each point (n, d) among the different ones, first come first; None if all are."""
    found: dict[bytes, int] = {}
    row = [found.setdefault(point.tobytes(), len(found)) for point in points]
    return None if len(found) == len(row) else np.array(row)


def variances(deviations: Floats) -> Floats | None:
    """Noise variances from standard deviations, shape (n,); None if none is known.

    Where the deviation is not-a-number, the median of the others stands for it.
    """
    known = deviations[np.isfinite(deviations)]
    if not len(known):
        return None
    return np.square(np.where(np.isfinite(deviations), deviations, np.median(known)))


def levels(points: Floats, values: Floats, deviations: Floats | None = None) -> Floats:
    """Values (n,) of points (n, d), the mean by precision in the place of those of one point.

    Args:
        points: Of the trials told.
        values: Not-a-number where a trial failed; it stays so.
        deviations: Known standard deviations, not-a-number where unknown, shape (n,).
    """
    row = rows(points)
    if row is None:
        return values
    told = np.isfinite(values)
    known = None if deviations is None else variances(deviations[told])
    ratios = np.ones(int(told.sum()))
    if known is not None and known.any():
        ratios = np.maximum(known / known.max(), LEAST_SHARE)
    precision = np.bincount(row[told], 1 / ratios, len(row))
    mean = np.bincount(row[told], values[told] / ratios, len(row)) / np.maximum(precision, 1e-300)
    return np.where(told, mean[row], np.nan)
