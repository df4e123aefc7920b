"""Whether a fit beyond a profile's limit is good enough after all: searched for afresh.

A profile follows valleys from the minima that the search kept. Where terms exchange roles another
valley may pass under the ceiling beyond a limit, and none of those minima lie in it.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from autotune.fitting.descend import BATCH_CELLS, descend_batches
from autotune.fitting.model import Model
from autotune.fitting.objective import Objective
from autotune.fitting.profile import Side
from autotune.fitting.search import project, refine, starts
from autotune.types import Floats

SHARES = (0.05, 0.15, 0.4, 1.0)
"""How far beyond a limit is looked, in widths of the interval."""

SCREENED, REFINED, DESCENDED = 128, 6, 2
"""Starts at each place, and how many of the best go on."""

REFINE_ROUNDS, ROUNDS, INNER = 12, 40, 4


def under(
    model: Model,
    objective: Objective,
    sides: Sequence[Side],
    limits: Floats,
    *,
    ceiling: float,
    seed: int,
) -> Floats:
    """The lowest minimum under the ceiling beyond each limit, a coordinate held; (found, k).

    Args:
        model: The form on its table.
        objective: What to minimise.
        sides: Pairs of them, downwards and upwards, for each coordinate.
        limits: Where each side's profile reaches the ceiling, shape (sides,).
        ceiling: The objective up to which a fit is good enough.
        seed: Of the starts.
    """
    places = list(_places(model, sides, limits))
    if not places:
        return np.empty((0, len(model.free)))
    axis = np.array([sides[side].at for side, _ in places])
    z = np.concatenate([_started(model, sides[side].at, value, seed) for side, value in places])
    weight = np.broadcast_to(model.weight, (len(z), len(model.weight)))
    axis = np.repeat(axis, DESCENDED)
    pinned = model.pin(axis, z[np.arange(len(z)), axis])
    z, value, _ = descend_batches(pinned, objective, z, weight=weight, rounds=ROUNDS, inner=INNER)
    order = np.argsort(value, kind="stable")
    _, lowest = np.unique(
        np.repeat([side for side, _ in places], DESCENDED)[order], return_index=True
    )
    rows = order[lowest]
    return z[rows[value[rows] <= ceiling]]


def _started(model: Model, at: int, value: float, seed: int) -> Floats:
    """The best of many starts with a coordinate held, as `minimise` finds them."""
    z = starts(model, SCREENED, seed)
    z[:, at] = value

    def pinned(rows: Floats) -> Model:
        return model.pin(np.full(len(rows), at), rows[:, at])

    size = max(1, BATCH_CELLS // (z.shape[1] * len(model.weight)))
    parts = np.split(z, range(size, len(z), size))
    z, quality = _joined([project(pinned(part), part) for part in parts])
    z = z[np.argsort(quality, kind="stable")[:REFINED]]
    z, quality = refine(pinned(z), z, REFINE_ROUNDS)
    return z[np.argsort(quality, kind="stable")[:DESCENDED]]


def _joined(parts: Sequence[tuple[Floats, Floats]]) -> tuple[Floats, Floats]:
    z, quality = (np.concatenate(each) for each in zip(*parts, strict=True))
    return z, quality


def _places(model: Model, sides: Sequence[Side], limits: Floats) -> Iterator[tuple[int, float]]:
    """Indices of sides, and values of their coordinates beyond the limits."""
    for i, side in enumerate(sides):
        pair = limits[i - i % 2 : i - i % 2 + 2]
        if not np.isfinite(pair).all():
            continue
        low, high = model.low[side.at], model.high[side.at]
        reach = np.sign(side.spread) * (pair[1] - pair[0])
        for share in SHARES:
            value = float(np.clip(limits[i] + share * reach, low, high))
            if abs(value - limits[i]) > 0.5 * share * abs(reach):
                yield i, value
