"""Curves of the loss over one number of a shape: their best value, and how flat they are there.

The three forms of arXiv:2603.21862; a band is where the loss is within a share of its least.
Coefficients are arrays of one shape, of no dimension for one curve.
"""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from autotune.architecture.sparse_constants import TRAINING_FLOPS
from autotune.errors import InputError
from autotune.types import Floats

Ends: TypeAlias = tuple[Floats, Floats]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parabola:
    """Loss over the hidden size d, or over ln M: `least + k (x - best)^2`."""

    least: Floats
    k: Floats
    best: Floats

    def band(self, tolerance: float) -> Ends:
        """Values whose loss is within a share `tolerance` of the least."""
        _refuse({"least": self.least, "k": self.k})
        half = np.sqrt(tolerance * self.least / self.k)
        return self.best - half, self.best + half


@dataclass(frozen=True, slots=True, kw_only=True)
class DensityCurve:
    """Loss over M/N_a, `a/(x - 6) + b x + c`."""

    a: Floats
    b: Floats
    c: Floats

    def loss(self, x: Floats) -> Floats:
        """The loss at M/N_a of x > 6."""
        return self.a / (x - TRAINING_FLOPS) + self.b * x + self.c

    @property
    def best(self) -> Floats:
        """The x of least loss."""
        _refuse({"a": self.a, "b": self.b})
        return TRAINING_FLOPS + np.sqrt(self.a / self.b)

    def band(self, tolerance: float) -> Ends:
        """With u = x - 6, the ends solve b u^2 - (2 sqrt(a b) + tolerance least) u + a = 0."""
        allowed = tolerance * self.loss(self.best)
        middle = 2 * np.sqrt(self.a * self.b) + allowed
        low, high = _roots(self.b, middle, self.a)
        return TRAINING_FLOPS + low, TRAINING_FLOPS + high


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpansionCurve:
    """Loss over N/N_a, `a/(x - 1) + b/(limit - x) + c` with limit (E + shared)/(K + shared)."""

    a: Floats
    b: Floats
    c: Floats
    limit: float

    def loss(self, x: Floats) -> Floats:
        """The loss at N/N_a between 1 and the limit."""
        return self.a / (x - 1) + self.b / (self.limit - x) + self.c

    @property
    def best(self) -> Floats:
        """The x of least loss."""
        _refuse({"a": self.a, "b": self.b, "limit - 1": np.asarray(self.limit - 1)})
        ratio = np.sqrt(self.b / self.a)
        return np.asarray((self.limit + ratio) / (1 + ratio))

    def band(self, tolerance: float) -> Ends:
        """With u = x - 1, w = limit - 1 and t the loss allowed less c, the ends solve a quadratic.

        It is t u^2 - (t w + a - b) u + a w = 0, the curve times both of its poles.
        """
        t = (1 + tolerance) * self.loss(self.best) - self.c
        w = self.limit - 1
        low, high = _roots(t, t * w + self.a - self.b, self.a * w)
        return 1 + low, 1 + high


def _roots(square: Floats, middle: Floats, rest: Floats) -> Ends:
    """Both roots of square u^2 - middle u + rest = 0, all three positive."""
    far = (middle + np.sqrt(np.maximum(0.0, middle * middle - 4 * square * rest))) / 2
    return rest / far, far / square


def _refuse(values: dict[str, Floats]) -> None:
    for name, value in values.items():
        bad = ~((np.asarray(value) > 0) & np.isfinite(value))
        if bad.any():
            first = np.asarray(value)[bad].flat[0]
            raise InputError(f"{name} is {first:g}: the curve has a minimum only where it is > 0.")
