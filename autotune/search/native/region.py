"""A trust region: a box about the best trial, wider after a gain and narrower without one."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from autotune.search.codec import Codec
from autotune.search.sampling import GRID_LIMIT
from autotune.types import Floats

FIRST, WIDEST, NARROWEST = 0.8, 1.6, 0.5**7  # sides, in units of a parameter's range
GROWN = 2.0  # by a trial that gains; halved by as many that do not as there are parameters
SLACK = 1e-9  # what a value loses on the way to its parameter's scale and back


@dataclass(frozen=True, slots=True)
class Box:
    """A part of the unit cube.

    Attributes:
        low: Its least corner, shape (d,).
        high: Its largest corner, shape (d,).
    """

    low: Floats
    high: Floats

    @staticmethod
    def whole(d: int) -> "Box":
        """The unit cube."""
        return Box(np.zeros(d), np.ones(d))

    @staticmethod
    def about(centre: Floats, side: float, codec: Codec) -> "Box":
        """The part of a cube about a snapped point, shape (d,), that lies in the unit cube.

        A number on a grid may move to the next value either way, however narrow the box is, and
        an unordered one, or one that is off at the centre, to any.
        """
        near = codec.neighbours(centre)
        above = np.where(near > centre, near, np.inf).min(axis=0)
        below = np.where(near < centre, near, -np.inf).max(axis=0)
        low = np.minimum(centre - side / 2, np.where(np.isfinite(below), below, np.inf))
        high = np.maximum(centre + side / 2, np.where(np.isfinite(above), above, -np.inf))
        on = codec.decode(centre)
        free = ~np.array(codec.ordered) | [name not in on for name in codec.names]
        return Box(
            np.where(free, 0.0, np.maximum(low, 0.0)), np.where(free, 1.0, np.minimum(high, 1.0))
        )

    def drawn(self, count: int, rng: np.random.Generator) -> Floats:
        """Points uniform in the box, shape (count, d)."""
        return self.low + (self.high - self.low) * rng.random((count, len(self.low)))

    def clip(self, points: Floats) -> Floats:
        """The nearest points of the box, shape (..., d)."""
        return np.clip(points, self.low, self.high)

    def within(self, points: Floats) -> NDArray[np.bool_]:
        """Which of points (m, d) lie in the box, shape (m,)."""
        inside = (self.low - SLACK <= points) & (points <= self.high + SLACK)
        return np.asarray(inside.all(axis=1))


def side(values: Floats, first: int, parameters: int) -> float:
    """The side of the box, which follows from the values in the order told alone.

    It doubles with each gain and halves with as many trials without one as there are parameters.

    Args:
        values: Not-a-number where a trial failed, shape (n,).
        first: How many of them came before the first model.
        parameters: How many there are.
    """
    length, least, shrunk = FIRST, np.inf, 0.5 ** (1 / parameters)
    for i, value in enumerate(values):
        gained = value < least  # not-a-number gains nothing
        least = value if gained else least
        if i >= first:
            length = min(length * (GROWN if gained else shrunk), WIDEST)
            length = FIRST if length < NARROWEST else length
    return length


def of_use(codec: Codec) -> bool:
    """Whether a box narrows a space: one with numbers, and too large to be ranked whole."""
    large = codec.size is None or codec.size > GRID_LIMIT
    return large and any(codec.ordered)


def said(codec: Codec) -> str:
    """What a box does in a space, in a line."""
    if of_use(codec):
        return f"proposals come from a box about the best trial, {FIRST:g} of each range at first"
    return f"none; it needs a number, and more than {GRID_LIMIT} configurations"
