"""Warps of the objective, chosen by how likely they make it as a Gaussian process."""

from dataclasses import dataclass

import numpy as np

from autotune.types import Floats

BENDS = (np.inf, 1.0, 0.1, 0.01, 0.001)
"""Where the logarithm sets in, in units of the values' spread; infinite for no warp."""
CLEAR = 10.0  # its slope falls by a tenth within one deviation of the noise


@dataclass(frozen=True, slots=True, kw_only=True)
class Warp:
    """log(1 + (y - least)/bend), or a straight line, then scaled to mean 0 and deviation 1.

    Below the least value it goes on straight.

    Attributes:
        least: The least value.
        bend: Where the logarithm sets in, in units of y; infinite for a line.
        centre: Mean of the bent values.
        scale: Their standard deviation.
    """

    least: float
    bend: float
    centre: float
    scale: float

    def __call__(self, y: Floats) -> Floats:
        """Warp values of any shape."""
        return np.asarray((_bent(y, self.least, self.bend) - self.centre) / self.scale)

    def inverse(self, warped: Floats) -> Floats:
        """Values from warped ones, of any shape."""
        bent = warped * self.scale + self.centre
        if not np.isfinite(self.bend):
            return np.asarray(bent)
        over = np.expm1(np.maximum(bent, 0.0)) + np.minimum(bent, 0.0)
        return np.asarray(self.least + self.bend * over)

    def slope(self, y: Floats) -> Floats:
        """The derivative by values of any shape."""
        if not np.isfinite(self.bend):
            return np.full(np.shape(y), 1.0 / self.scale)
        return np.asarray(1.0 / (self.bend + np.maximum(y - self.least, 0.0)) / self.scale)

    @property
    def unit(self) -> float:
        """What one unit of warped value is worth in y, just above the least value."""
        return self.scale * (self.bend if np.isfinite(self.bend) else 1.0)

    def log_slope(self, y: Floats) -> float:
        """Sum of the logarithms of the derivative, up to what all bends share."""
        total = -len(y) * np.log(self.scale)
        if np.isfinite(self.bend):
            total -= float(np.log(self.bend + (y - self.least)).sum())
        return float(total)


def warps(y: Floats, noise: float = 0.0) -> list[Warp]:
    """The candidates for values of shape (n,), the line first.

    No logarithm sets in nearer than the noise, a standard deviation, times `CLEAR`: what it
    would tell apart is noise, and its slope changes within it.
    """
    least, spread = _scale(y)
    if spread == 0:
        return [_line(least)]
    bends = [max(bend * spread, CLEAR * noise) for bend in BENDS]
    return [_fitted(y, least, bend) for bend in dict.fromkeys(bends)]


def bent(y: Floats, bend: float) -> Warp:
    """The candidate whose logarithm sets in at one of `BENDS`; a line for equal values."""
    least, spread = _scale(y)
    return _fitted(y, least, bend * spread) if spread else _line(least)


def _line(least: float) -> Warp:
    """For values that are all equal."""
    return Warp(least=least, bend=np.inf, centre=least, scale=1.0)


def _scale(y: Floats) -> tuple[float, float]:
    """The least value, and the spread of the values; 0 if they are all equal."""
    least = float(y.min())
    low, high = np.quantile(y, [0.25, 0.75])
    return least, float(high - low) or float(y.max() - least)


def _fitted(y: Floats, least: float, bend: float) -> Warp:
    bent = _bent(y, least, bend)
    return Warp(least=least, bend=bend, centre=float(bent.mean()), scale=float(bent.std()) or 1.0)


def _bent(y: Floats, least: float, bend: float) -> Floats:
    if not np.isfinite(bend):
        return np.asarray(y, dtype=np.float64)
    over = (y - least) / bend
    return np.asarray(np.log1p(np.maximum(over, 0.0)) + np.minimum(over, 0.0))
