"""Profile likelihood: how far a coefficient may move before the best fit grows too bad."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from autotune.fitting.descend import descend_batches
from autotune.fitting.linear import solve_linear
from autotune.fitting.model import Model
from autotune.fitting.objective import Objective
from autotune.types import Floats

Ints: TypeAlias = NDArray[np.int64]

STEPS = np.array([0.25, 0.5, 0.75, 1, 1.25, 1.5, 1.75, 2, 2.5, 3, 4, 6, 10, 30, 100, 1000])
"""Where a side is looked at first, in units of its spread; beyond the last there is no limit."""

ZOOM, ZOOMS = 6, 3
"""Points between the two that enclose a limit, and how often the search closes in on it."""

ROUNDS, INNER, SOLVED = 60, 4, 12
PASSES, GAIN = 8, 1e-6
"""How often a minimum may pass to its neighbours, and the relative gain that lets it go on."""

UNSOLVED_PASSES = 2


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
        basins: Minima of the objective, the estimate first, shape (basins, k).
        draws: Coordinates of bootstrap draws, shape (count, k): further starts.
    """

    model: Model
    objective: Objective
    basins: Floats
    draws: Floats

    @property
    def best(self) -> Floats:
        """The estimate, shape (k,)."""
        estimate: Floats = self.basins[0]
        return estimate

    def limits(self, sides: Sequence[Side], ceiling: float) -> tuple[Floats, Floats]:
        """Where each side's profile reaches the ceiling, and what the rest is there.

        All sides descend side by side. A limit given by the user ends a side. Beyond points
        over the ceiling there may be others under it, in another basin: the outermost counts.

        Returns:
            The limits, shape (sides,), infinite if nowhere; and the last coordinates found
            under the ceiling, shape (sides, k).
        """
        at = np.array([side.at for side in sides])
        spread = np.array([side.spread for side in sides])
        held = self._looked_at(at, spread)
        value, z = self._profile(at, held, ceiling)
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

    def _looked_at(self, at: Ints, spread: Floats) -> Floats:
        """Steps from the estimate and the other basins on that side, outwards."""
        best, sign = self.best[at, None], np.sign(spread)[:, None]
        others = self.basins[1:, at].T
        beyond = np.isfinite(others) & ((others - best) * sign > 0)
        held = np.concatenate(
            [best + spread[:, None] * STEPS, np.where(beyond, others, best)], axis=1
        )
        held = np.clip(held, self.model.low[at, None], self.model.high[at, None])
        return np.asarray(sign * np.sort(sign * held, axis=1))

    def _zoom(
        self, at: Ints, held: Floats, z: Floats, value: Floats, ceiling: float
    ) -> tuple[Floats, Floats, Floats]:
        """Look closer between the last point under the ceiling and the next one.

        The next one is tried again as well: where a valley leads there, it was over the ceiling
        only because the descents to it began too far away.
        """
        rows = np.arange(len(held))[:, None]
        last = _last_under(value, ceiling)[:, None]
        share = np.arange(1, ZOOM + 2) / (ZOOM + 1)
        low, high = held[rows, last], held[rows, last + 1]
        inner = np.where(share == 1, high, low + (high - low) * share)
        before = np.maximum(last - 1, 0)
        here, gap = z[rows, last], low - held[rows, before]
        slope = (here - z[rows, before]) / np.where(gap == 0, np.inf, gap)[:, :, None]
        ahead = here + slope * (inner - low)[:, :, None]
        found, points = self._profile(
            at, inner, ceiling, starts=[np.broadcast_to(here, ahead.shape), ahead]
        )
        place = np.broadcast_to(np.arange(held.shape[1]), held.shape)
        order = np.argsort(np.concatenate([place, last + share], axis=1), axis=1, kind="stable")
        held, value = (
            np.take_along_axis(np.concatenate(each, axis=1), order, axis=1)
            for each in ((held, inner), (value, found))
        )
        z = np.take_along_axis(np.concatenate([z, points], axis=1), order[:, :, None], axis=1)
        return held, z, value

    def _profile(
        self, at: Ints, held: Floats, ceiling: float, *, starts: Sequence[Floats] = ()
    ) -> tuple[Floats, Floats]:
        """Least objective (sides, points) with a coordinate held, and where (sides, points, k)."""
        k = len(self.best)
        every = np.stack([np.repeat(at, held.shape[1]), held.ravel()], axis=1)
        pairs, first, back = np.unique(every, axis=0, return_index=True, return_inverse=True)
        axis, where = pairs[:, 0].astype(np.int64), np.asarray(pairs[:, 1], dtype=np.float64)
        own = [start.reshape(-1, k)[first] for start in starts]
        own += [np.broadcast_to(basin, (len(axis), k)) for basin in self.basins]
        value, z = self._least(axis, where, [*own, self._nearest_draws(axis, where)])
        if not starts and len(self.basins) > 1:
            other, there = self._unsolved(axis, where)
            better = other < value
            value[better], z[better] = other[better], there[better]
        self._pass_on(axis, where, ceiling, value=value, z=z)
        back = back.ravel()
        return value[back].reshape(held.shape), z[back].reshape(*held.shape, k)

    def _unsolved(self, axis: Ints, where: Floats) -> tuple[Floats, Floats]:
        """The same from the estimate and the draws, coefficients as they are.

        Of two valleys that both lead on, solving for the linear coefficients takes a descent into
        one, and leaving them as they are often into the other.
        """
        estimate = np.broadcast_to(self.best, (len(axis), len(self.best)))
        starts = [estimate, self._nearest_draws(axis, where)]
        value, z = self._least(axis, where, starts, solve=False)
        new = {shift: np.ones(len(axis), dtype=bool) for shift in (1, -1)}
        for shift in (1, -1) * UNSOLVED_PASSES:
            rows = np.flatnonzero((np.roll(axis, shift) == axis) & np.roll(new[shift], shift))
            new[shift][:] = False  # the same start would end in the same minimum
            if rows.size:
                gained = self._take_over(axis, where, (rows, shift), value=value, z=z, solve=False)
                new[1][gained] = new[-1][gained] = True
        return value, z

    def _pass_on(
        self, axis: Ints, where: Floats, ceiling: float, *, value: Floats, z: Floats
    ) -> None:
        """Start neighbours from points under the ceiling as long as that gains; in place."""
        new = np.ones(len(axis), dtype=bool)
        for _ in range(PASSES):
            gained = np.zeros(len(axis), dtype=bool)
            for shift in (1, -1):
                source = np.roll(new & (value <= ceiling), shift)
                rows = np.flatnonzero(source & (np.roll(axis, shift) == axis))
                if rows.size:
                    gained[self._take_over(axis, where, (rows, shift), value=value, z=z)] = True
            if not gained.any():
                break
            new = gained

    def _take_over(
        self,
        axis: Ints,
        where: Floats,
        passed: tuple[Ints, int],
        *,
        value: Floats,
        z: Floats,
        solve: bool = True,
    ) -> Ints:
        """Descend at some rows from their neighbours' minima, keep what is lower, in place.

        Returns:
            The rows that became lower by more than `GAIN`.
        """
        rows, shift = passed
        moved = np.roll(z, shift, axis=0)[rows]
        other, there = self._least(axis[rows], where[rows], [moved], solve=solve)
        before = value[rows]
        lower = other < before
        value[rows[lower]], z[rows[lower]] = other[lower], there[lower]
        return np.asarray(rows[other < before * (1 - GAIN)])

    def _nearest_draws(self, axis: Ints, where: Floats) -> Floats:
        if not len(self.draws):
            return np.broadcast_to(self.best, (len(axis), len(self.best)))
        off = np.abs(self.draws[:, axis] - where)
        nearest: Floats = self.draws[np.where(np.isfinite(off), off, np.inf).argmin(axis=0)]
        return nearest

    def _least(
        self, axis: Ints, where: Floats, starts: list[Floats], *, solve: bool = True
    ) -> tuple[Floats, Floats]:
        """Descend from the best of several starts, with a coordinate of each row held.

        Where an exponent is held elsewhere, the linear coefficients of a start no longer fit: as
        it passes 0 they run to infinity and come back with the other sign. So they are solved
        for before starts are compared, and after each step, unless `solve` says otherwise.
        """
        rows = np.arange(len(axis))
        weight = np.broadcast_to(self.model.weight, (len(rows), len(self.model.weight)))
        pinned = self.model.pin(axis, where)
        held = [start.copy() for start in starts]
        for each in held:
            each[rows, axis] = where
        if solve:
            held = [
                solve_linear(pinned, self.objective, each, weight=weight, rounds=SOLVED)
                for each in held
            ]
        values = [self.objective.sum(self.model.residual(each), weight) for each in held]
        z = np.stack(held)[np.argmin(values, axis=0), rows]
        inner = INNER if solve else 0
        z, value, _ = descend_batches(
            pinned, self.objective, z, weight=weight, rounds=ROUNDS, inner=inner
        )
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
