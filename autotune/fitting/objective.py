"""The objectives of a fit as functions of the residuals of log loss."""

from dataclasses import dataclass

import numpy as np

from autotune.fitting.settings import FitSettings
from autotune.types import Floats

MAE_DELTA = 1e-9


@dataclass(frozen=True, slots=True)
class Objective:
    """Huber's loss with threshold `delta`; squares for infinite `delta`.

    Attributes:
        delta: Where it turns from r^2/2 to delta (|r| - delta/2).
        scale: What the reported sum is multiplied with.
    """

    delta: float
    scale: float = 1.0

    def each(self, residual: Floats) -> Floats:
        """The loss of each residual."""
        size = np.abs(residual)
        if not np.isfinite(self.delta):
            return np.asarray(0.5 * size**2)
        inside = np.minimum(size, self.delta)
        return np.asarray(inside * (size - 0.5 * inside))

    def sum(self, residual: Floats, weight: Floats) -> Floats:
        """Weighted sum over the runs (the last axis); infinite where a residual is not finite."""
        total = np.einsum("...n,...n->...", self.each(residual), weight)
        return np.where(np.isfinite(total), total, np.inf)

    def slope(self, residual: Floats) -> Floats:
        """Derivative by the residual."""
        return np.clip(residual, -self.delta, self.delta)

    def curvature(self, residual: Floats, smooth: Floats) -> Floats:
        """Second derivative, raised outside to `smooth` times that of the majoriser."""
        return self.curvatures(residual, smooth)[1]

    def curvatures(self, residual: Floats, smooth: Floats) -> tuple[Floats, Floats]:
        """The second derivative of the majoriser, and `curvature`."""
        size = np.abs(residual)
        if not np.isfinite(self.delta):
            return np.ones_like(size), np.ones_like(size)
        majorised = self.delta / np.maximum(size, self.delta)
        return majorised, np.where(size > self.delta, smooth * majorised, 1.0)


def objective_of(settings: FitSettings) -> Objective:
    """The objective that the settings name."""
    if settings.objective == "mse":
        return Objective(np.inf, 2.0)
    if settings.objective == "mae":
        return Objective(MAE_DELTA, 1 / MAE_DELTA)
    return Objective(settings.delta)
