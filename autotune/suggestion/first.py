"""The first runs of a study, before any law can be fitted: cheap ones, far apart."""

import numpy as np

from autotune.errors import InputError
from autotune.fitting.runs import RunTable
from autotune.types import Floats

FIRST = 10
SHARE = 0.4
"""Of the spend, what the first runs may cost together."""


def first_runs(offered: RunTable, spend: float, *, count: int = FIRST) -> list[int]:
    """Choose runs that cover sizes and tokens, by farthest points from the cheapest one.

    A run that costs more than its part of `SHARE` of the spend is left out, unless fewer than
    `count` do not; then the cheapest are taken.

    Args:
        offered: What can be trained.
        spend: FLOPs of the whole study.
        count: How many.

    Returns:
        Indices of the runs.

    Raises:
        InputError: If the spend does not pay for that many.
    """
    order = np.argsort(offered.flops, kind="stable")
    cheap = order[offered.flops[order] <= SHARE * spend / count]
    if len(cheap) < count:
        cheap = order[:count]
    if len(cheap) < count or offered.flops[cheap[:count]].sum() > spend:
        raise InputError(
            f"the {count} cheapest of {len(offered)} runs cost "
            f"{offered.flops[order[:count]].sum():.3g} FLOPs, and {spend:.3g} may be spent. "
            "Raise --spend, or offer cheaper runs."
        )
    return [int(cheap[i]) for i in _spread(_places(offered.take(cheap)), count)]


def _places(runs: RunTable) -> Floats:
    found: Floats = np.log(np.stack([runs.n_active, runs.tokens, runs.n_total], axis=1))
    return found


def _spread(places: Floats, count: int) -> list[int]:
    """Farthest-point sampling (Gonzalez 1985), from the first place on."""
    chosen = [0]
    distance = ((places - places[0]) ** 2).sum(axis=1)
    while len(chosen) < count:
        chosen.append(int(np.argmax(distance)))
        distance = np.minimum(distance, ((places - places[chosen[-1]]) ** 2).sum(axis=1))
    return chosen
