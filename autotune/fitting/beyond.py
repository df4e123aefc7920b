"""Whether a fit beyond a profile's limit is good enough after all: searched for afresh.

A profile follows valleys from the minima that the search kept. Where terms exchange roles another
valley may pass under the ceiling beyond a limit, and none of those minima lie in it.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from autotune.errors import FitError
from autotune.fitting.minimum import Effort, minimise
from autotune.fitting.model import Model
from autotune.fitting.objective import Objective
from autotune.fitting.profile import Side
from autotune.types import Floats

SHARES = (0.05, 0.15, 0.4, 1.0)
"""How far beyond a limit is looked, in widths of the interval."""

EFFORT = Effort(screened=256, refined=32, rounds=20)


def under(
    model: Model,
    objective: Objective,
    sides: Sequence[Side],
    limits: Floats,
    *,
    ceiling: float,
    seed: int,
) -> Floats:
    """Minima under the ceiling with a coordinate held beyond its limits, shape (found, k).

    Args:
        model: The form on its table.
        objective: What to minimise.
        sides: Pairs of them, downwards and upwards, for each coordinate.
        limits: Where each side's profile reaches the ceiling, shape (sides,).
        ceiling: The objective up to which a fit is good enough.
        seed: Of the searches.
    """
    found = [np.empty((0, len(model.free)))]
    for at, value in _places(model, sides, limits):
        name = model.free[at]
        held = model.hold({name: float(np.exp(value)) if model.is_log[at] else value})
        try:
            best = minimise(held, objective, seed=seed, effort=EFFORT)
        except FitError:
            continue
        if best.value <= ceiling:
            found.append(np.insert(best.z, at, value)[None, :])
    return np.concatenate(found)


def _places(model: Model, sides: Sequence[Side], limits: Floats) -> Iterator[tuple[int, float]]:
    """Coordinates, and values beyond their limits."""
    for i, side in enumerate(sides):
        pair = limits[i - i % 2 : i - i % 2 + 2]
        if not np.isfinite(pair).all():
            continue
        low, high = model.low[side.at], model.high[side.at]
        reach = np.sign(side.spread) * (pair[1] - pair[0])
        for share in SHARES:
            value = float(np.clip(limits[i] + share * reach, low, high))
            if abs(value - limits[i]) > 0.5 * share * abs(reach):
                yield side.at, value
