"""The parabola of the loss in ln N at one budget, and its vertex."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from autotune.types import Floats

FLAT = 1e-9
"""Relative rise of the loss from the middle to the ends that counts as none: rounding."""


@dataclass(frozen=True, slots=True)
class Parabola:
    """Least squares of the loss on 1, t and t^2, where t is ln N from -1/2 to 1/2.

    Attributes:
        middle: ln N at t = 0, halfway between the smallest and the largest.
        width: ln of the largest N over the smallest.
        solver: From losses to coefficients, shape (3, n).
        design: From coefficients to losses, shape (n, 3).
    """

    middle: float
    width: float
    solver: Floats
    design: Floats

    @classmethod
    def on(cls, log_n: Floats, weight: Floats) -> "Parabola":
        """Pose it on sizes of at least three values.

        Args:
            log_n: ln N of the runs, shape (n,).
            weight: Their weights, shape (n,).
        """
        low, high = float(log_n.min()), float(log_n.max())
        middle, width = (low + high) / 2, high - low
        t = (log_n - middle) / width
        design = np.stack([np.ones_like(t), t, t**2], axis=1)
        root = np.sqrt(weight)[:, None]
        solver = np.asarray(np.linalg.pinv(root * design) * root.T, dtype=np.float64)
        return cls(middle, width, solver, design)

    def fit(self, loss: Floats) -> Floats:
        """Coefficients, shape (..., 3), of losses of shape (..., n)."""
        return loss @ self.solver.T

    @property
    def leverage(self) -> Floats:
        """How much of each run's loss its own fitted value is made of, shape (n,)."""
        values: Floats = np.einsum("ij,ji->i", self.design, self.solver)
        return values

    def vertex(self, coefficients: Floats) -> Floats:
        """The ln N of the minimum, shape (...,); not-a-number if the parabola has none."""
        c0, c1, c2 = np.moveaxis(coefficients, -1, 0)
        bends = c2 / 4 > FLAT * np.abs(c0)
        t = np.where(bends, -c1 / np.where(bends, 2 * c2, 1.0), np.nan)
        return self.middle + self.width * t

    def inside(self, log_n: Floats) -> NDArray[np.bool_]:
        """Whether ln N lies within the sampled sizes, in the shape of the argument."""
        return np.asarray(np.abs(log_n - self.middle) <= self.width / 2)

    def least(self, coefficients: Floats) -> Floats:
        """The loss at the vertex, shape (...,)."""
        c0, c1, c2 = np.moveaxis(coefficients, -1, 0)
        return np.asarray(c0 - c1**2 / (4 * c2))
