"""Profile likelihood: how far a coefficient may move before the best fit grows too bad."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from autotune.fitting.descend import descend_batches
from autotune.fitting.model import Model
from autotune.fitting.objective import Objective
from autotune.types import Floats

Ints: TypeAlias = NDArray[np.int64]

STEPS = np.array([0.25, 0.5, 0.75, 1, 1.25, 1.5, 1.75, 2, 2.5, 3, 4, 6, 10, 30, 100, 1000])
"""Where a side is looked at first, in units of its spread; beyond the last there is no limit."""

ZOOM, ZOOMS = 6, 2
"""Points between the two that enclose a limit, and how often the search closes in on it."""

ROUNDS = 60
PASSES = 2


@dataclass(frozen=True, slots=True)
class Side:
    """One coordinate in one direction.

    Attributes:
        at: Index of the coordinate.
        spread: A step of about one standard error, with its sign.
    """

    at: int
    spread: float


@dataclass(frozen=True, slots=True)
class Profiler:
    """The objective minimised over all coordinates but one, which is held.

    Attributes:
        model: The form on its table.
        objective: What to minimise.
        best: The estimate, shape (k,).
        draws: Coordinates of bootstrap draws, shape (count, k): further starts.
    """

    model: Model
    objective: Objective
    best: Floats
    draws: Floats

    def limits(self, sides: Sequence[Side], ceiling: float) -> tuple[Floats, Floats]:
        """Where each side's profile reaches the ceiling, and what the rest is there.

        All sides descend side by side. A limit given by the user ends a side.

        Returns:
            The limits, shape (sides,), infinite if nowhere; and the last coordinates found
            under the ceiling, shape (sides, k).
        """
        at = np.array([side.at for side in sides])
        spread = np.array([side.spread for side in sides])
        held = self.best[at, None] + spread[:, None] * STEPS
        held = np.clip(held, self.model.low[at, None], self.model.high[at, None])
        value, z = self._profile(at, held, None)
        start = np.broadcast_to(self.best, (len(at), 1, len(self.best)))
        held = np.concatenate([self.best[at, None], held], axis=1)
        z = np.concatenate([start, z], axis=1)
        value = np.concatenate([np.full((len(at), 1), -np.inf), value], axis=1)
        bound = np.where(spread > 0, self.model.high[at], self.model.low[at])
        endless = (value[:, -1] <= ceiling) & (held[:, -1] != bound)
        for _ in range(ZOOMS):
            held, z, value = self._zoom(at, held, z, value, ceiling)
        limit = _crossing(held, value, ceiling)
        under = z[np.arange(len(at)), _last_under(value, ceiling)]
        return np.where(endless, np.sign(spread) * np.inf, limit), under

    def _zoom(
        self, at: Ints, held: Floats, z: Floats, value: Floats, ceiling: float
    ) -> tuple[Floats, Floats, Floats]:
        """Look closer between the last point under the ceiling and the next one."""
        rows = np.arange(len(held))
        last = _last_under(value, ceiling)
        share = np.arange(1, ZOOM + 1) / (ZOOM + 1)
        low, high = held[rows, last], held[rows, last + 1]
        inner = low[:, None] + (high - low)[:, None] * share
        start = np.repeat(z[rows, last][:, None, :], ZOOM, axis=1)
        found, points = self._profile(at, inner, start)
        ends = (rows[:, None], np.stack([last, last + 1], axis=1))
        held = np.concatenate([held[ends][:, :1], inner, held[ends][:, 1:]], axis=1)
        value = np.concatenate([value[ends][:, :1], found, value[ends][:, 1:]], axis=1)
        z = np.concatenate([z[ends][:, :1], points, z[ends][:, 1:]], axis=1)
        return held, z, value

    def _profile(self, at: Ints, held: Floats, start: Floats | None) -> tuple[Floats, Floats]:
        """Least objective (sides, points) with a coordinate held, and where (sides, points, k)."""
        sides, points = held.shape
        k = len(self.best)
        axis = np.repeat(at, points)
        where = held.ravel()
        starts = [np.broadcast_to(self.best, (len(axis), k)), self._nearest_draws(axis, where)]
        if start is not None:
            starts.append(start.reshape(-1, k))
        value, z = self._least(axis, where, starts)
        for _ in range(PASSES if start is None else 0):
            for shift in (1, -1):
                moved = np.roll(z.reshape(sides, points, k), shift, axis=1).reshape(-1, k)
                other, there = self._least(axis, where, [moved])
                better = other < value
                value, z = np.where(better, other, value), np.where(better[:, None], there, z)
        return value.reshape(sides, points), z.reshape(sides, points, k)

    def _nearest_draws(self, axis: Ints, where: Floats) -> Floats:
        if not len(self.draws):
            return np.broadcast_to(self.best, (len(axis), len(self.best)))
        off = np.abs(self.draws[:, axis] - where)
        nearest: Floats = self.draws[np.where(np.isfinite(off), off, np.inf).argmin(axis=0)]
        return nearest

    def _least(self, axis: Ints, where: Floats, starts: list[Floats]) -> tuple[Floats, Floats]:
        """Descend from the best of several starts, with a coordinate of each row held."""
        rows = np.arange(len(axis))
        weight = np.broadcast_to(self.model.weight, (len(rows), len(self.model.weight)))
        held = [start.copy() for start in starts]
        for each in held:
            each[rows, axis] = where
        values = [self.objective.sum(self.model.residual(each), weight) for each in held]
        z = np.stack(held)[np.argmin(values, axis=0), rows]
        low, high = (np.tile(end, (len(rows), 1)) for end in (self.model.low, self.model.high))
        low[rows, axis] = high[rows, axis] = where
        pinned = replace(self.model, low=low, high=high)
        z, value, _ = descend_batches(pinned, self.objective, z, weight=weight, rounds=ROUNDS)
        return value, z


def _last_under(value: Floats, ceiling: float) -> Ints:
    """The last point of each row under the ceiling, the one before the end at most."""
    under = value <= ceiling
    last = under.shape[1] - 1 - np.argmax(under[:, ::-1], axis=1)
    return np.asarray(np.minimum(last, under.shape[1] - 2))


def _crossing(held: Floats, value: Floats, ceiling: float) -> Floats:
    """Linear interpolation between the points that enclose the ceiling."""
    rows = np.arange(len(held))
    last = _last_under(value, ceiling)
    low, high = value[rows, last], value[rows, last + 1]
    with np.errstate(all="ignore"):
        share = np.clip((ceiling - low) / (high - low), 0.0, 1.0)
    share = np.where(np.isfinite(low) & np.isfinite(high), share, 0.0)
    share = np.where(high <= ceiling, 1.0, share)
    return np.asarray(held[rows, last] + share * (held[rows, last + 1] - held[rows, last]))
