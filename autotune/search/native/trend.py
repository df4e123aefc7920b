"""The mean that a prior gives a process: its predictions, warped as the values are."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from autotune.search.native.warp import Warp, warps
from autotune.types import Floats

SLOPE_VARIANCE = 1.0  # of a column's slope, over the variance of what the trend leaves


@dataclass(frozen=True, slots=True)
class Trend:
    """Columns t_j = warp_j(m_j) of predictions m_j, whose slopes are expected to be 1/k.

    A column has mean 0 and deviation 1 over the values told, as these have: predictions in
    another unit, or of losses at another budget, serve as well.

    Attributes:
        warps: One per column.
    """

    warps: tuple[Warp, ...]

    @property
    def share(self) -> float:
        """The expected slope of each column."""
        return 1.0 / max(len(self.warps), 1)

    def __call__(self, predictions: Floats) -> Floats:
        """The columns, shape (m, k) to (m, k); without a prior none, whatever is given."""
        columns = [warp(predictions[:, j]) for j, warp in enumerate(self.warps)]
        return np.stack(columns, axis=1) if columns else predictions[:, :0]

    def slope(self, predictions: Floats) -> Floats:
        """Derivatives of the columns by the predictions, shape (m, k)."""
        columns = [warp.slope(predictions[:, j]) for j, warp in enumerate(self.warps)]
        return np.stack(columns, axis=1) if columns else predictions[:, :0]

    def expected(self, columns: Floats) -> Floats:
        """The mean before any value is told, shape (m, k) to (m,)."""
        return np.asarray(self.share * columns.sum(axis=1))


FLAT: Final = Trend(())


def trends(predictions: Floats) -> list[Trend]:
    """One per bend of `warp.warps`, of predictions (n, k)."""
    each = [warps(column) for column in predictions.T]
    most = max(map(len, each), default=0)
    return [Trend(tuple(some[min(i, len(some) - 1)] for some in each)) for i in range(most)]
