"""The forms of arXiv:2603.21862 for the loss over one number of a shape, as columns of a matrix."""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from autotune.architecture.sparse_constants import TRAINING_FLOPS
from autotune.planning.near_optimal_curves import DensityCurve, ExpansionCurve, Parabola
from autotune.types import Floats

Curve: TypeAlias = Parabola | DensityCurve | ExpansionCurve


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """Two columns beside the constant: of ln M or d, moved and scaled; of M/N_a or N/N_a, as it is.

    Attributes:
        number: `M`, `density`, `expansion` or `width`.
        limit: Upper bound of N/N_a.
        middle: What ln M or d is moved by.
        length: What it is scaled by.
    """

    number: str
    limit: float
    middle: float
    length: float

    @classmethod
    def on(cls, number: str, x: Floats, *, limit: float) -> "Basis":
        """The columns for values of which two differ."""
        z = np.log(x) if number == "M" else x
        low, high = float(z.min()), float(z.max())
        return cls(number=number, limit=limit, middle=(low + high) / 2, length=high - low)

    def columns(self, x: Floats) -> Floats:
        """Both columns, shape (..., 2), at values of shape (...)."""
        if self.number == "density":
            return np.stack([1 / (x - TRAINING_FLOPS), x], axis=-1)
        if self.number == "expansion":
            return np.stack([1 / (x - 1), 1 / (self.limit - x)], axis=-1)
        t = ((np.log(x) if self.number == "M" else x) - self.middle) / self.length
        return np.stack([t, t**2], axis=-1)

    def bends(self, constant: Floats, pair: Floats) -> NDArray[np.bool_]:
        """Where a curve has a minimum at a loss above 0; arrays of shape (n,) and (n, 2)."""
        if self.number in ("density", "expansion"):
            return np.asarray((pair > 0).all(axis=1))
        with np.errstate(divide="ignore", invalid="ignore"):
            least = constant - pair[:, 0] ** 2 / (4 * pair[:, 1])
        return np.asarray((pair[:, 1] > 0) & (least > 0))

    def curve(self, constant: Floats, pair: Floats) -> Curve:
        """Curves of the same arrays, all of which bend."""
        one, two = pair.T
        if self.number == "density":
            return DensityCurve(a=one, b=two, c=constant)
        if self.number == "expansion":
            return ExpansionCurve(a=one, b=two, c=constant, limit=self.limit)
        return Parabola(
            least=constant - one**2 / (4 * two), k=two / self.length**2,
            best=self.middle - self.length * one / (2 * two),
        )  # fmt: skip

    def ends(self, constant: Floats, pair: Floats, *, tolerance: float) -> Floats:
        """Best value and both ends of the band, shape (n, 3); not-a-number without a minimum."""
        found = np.full((len(pair), 3), np.nan)
        good = self.bends(constant, pair)
        if good.any():
            curve = self.curve(constant[good], pair[good])
            found[good] = np.stack([curve.best, *curve.band(tolerance)], axis=1)
        return np.exp(found) if self.number == "M" else found
