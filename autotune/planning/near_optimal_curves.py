"""Curves of the loss over one number of a shape: their best value, and how flat they are there.

The three forms of arXiv:2603.21862; a band is where the loss is within a share of its least.
"""

import math
from dataclasses import dataclass

from autotune.architecture.sparse_constants import TRAINING_FLOPS
from autotune.errors import InputError
from autotune.types import Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Parabola:
    """Loss over the hidden size, `least + k (d - best)^2`."""

    least: float
    k: float
    best: float

    def band(self, tolerance: float) -> Interval:
        """Values whose loss is within a share `tolerance` of the least."""
        _refuse({"least": self.least, "k": self.k})
        half = math.sqrt(tolerance * self.least / self.k)
        return self.best - half, self.best + half


@dataclass(frozen=True, slots=True, kw_only=True)
class DensityCurve:
    """Loss over M/N_a, `a/(x - 6) + b x + c`."""

    a: float
    b: float
    c: float

    def loss(self, x: float) -> float:
        """The loss at M/N_a of x > 6."""
        return self.a / (x - TRAINING_FLOPS) + self.b * x + self.c

    @property
    def best(self) -> float:
        """The x of least loss."""
        _refuse({"a": self.a, "b": self.b})
        return TRAINING_FLOPS + math.sqrt(self.a / self.b)

    def band(self, tolerance: float) -> Interval:
        """With u = x - 6, the ends solve b u^2 - (2 sqrt(a b) + tolerance least) u + a = 0."""
        allowed = tolerance * self.loss(self.best)
        middle = 2 * math.sqrt(self.a * self.b) + allowed
        low, high = _roots(self.b, middle, self.a)
        return TRAINING_FLOPS + low, TRAINING_FLOPS + high


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpansionCurve:
    """Loss over N/N_a, `a/(x - 1) + b/(limit - x) + c` with limit (E + shared)/(K + shared)."""

    a: float
    b: float
    c: float
    limit: float

    def loss(self, x: float) -> float:
        """The loss at N/N_a between 1 and the limit."""
        return self.a / (x - 1) + self.b / (self.limit - x) + self.c

    @property
    def best(self) -> float:
        """The x of least loss."""
        _refuse({"a": self.a, "b": self.b, "limit - 1": self.limit - 1})
        ratio = math.sqrt(self.b / self.a)
        return (self.limit + ratio) / (1 + ratio)

    def band(self, tolerance: float) -> Interval:
        """With u = x - 1, w = limit - 1 and t the loss allowed less c, the ends solve a quadratic.

        It is t u^2 - (t w + a - b) u + a w = 0, the curve times both of its poles.
        """
        t = (1 + tolerance) * self.loss(self.best) - self.c
        w = self.limit - 1
        low, high = _roots(t, t * w + self.a - self.b, self.a * w)
        return 1 + low, 1 + high


def _roots(square: float, middle: float, rest: float) -> Interval:
    """Both roots of square u^2 - middle u + rest = 0, all three positive."""
    far = (middle + math.sqrt(max(0.0, middle * middle - 4 * square * rest))) / 2
    return rest / far, far / square


def _refuse(values: dict[str, float]) -> None:
    for name, value in values.items():
        if not (value > 0 and math.isfinite(value)):
            raise InputError(f"{name} is {value:g}: the curve has a minimum only where it is > 0.")
