"""Bootstrap draws of the coefficients: every resample descends from the estimate, side by side."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from autotune.fitting.descend import Bools, descend_batches
from autotune.fitting.model import Model
from autotune.fitting.objective import Objective
from autotune.fitting.resamples import Resamples
from autotune.types import Floats

ROUNDS, INNER = 60, 2
"""Steps of a descent, and iterations for the linear coefficients after each."""

SWAPS, GAIN = 4, 1e-6
"""Rounds of trying each other's estimates, and the relative gain that makes one worth it."""

OFFERED = 64
"""Estimates of other resamples that each may try."""

WIDER = 10.0
"""How much wider the quadratic part of the smoother objective is."""


def bootstrap(
    model: Model, objective: Objective, basins: Floats, resamples: Resamples
) -> tuple[Floats, Bools]:
    """Fit every resample.

    A resample may prefer another minimum than the runs do. Each descends from the best two
    basins for its own runs, from the minimum of a smoother objective, and from another
    resample's estimate that suits it better. Where every start agreed, one descent is enough.

    Args:
        model: The form on its table.
        objective: What to minimise.
        basins: Minima of the objective on the runs, the estimate first, shape (basins, k).
        resamples: What to fit.

    Returns:
        Coordinates (count, k), and which resamples settled (count,).
    """
    order = np.argsort(_across(model, objective, basins, resamples), axis=1, kind="stable")
    found = _descend(model, objective, basins[order[:, 0]], resamples)
    if len(basins) > 1:
        _improve(model, objective, found, resamples, basins[order[:, 1]])
        smooth = replace(objective, delta=objective.delta * WIDER)
        start, _, _ = _descend(model, smooth, found[0], resamples)
        _improve(model, objective, found, resamples, start)
    z, value, settled = found
    for _ in range(SWAPS):
        across = _across(model, objective, z[:OFFERED], resamples)
        better = np.flatnonzero(across.min(axis=1) < value * (1 - GAIN))
        if not better.size:
            break
        part = (z[better], value[better], settled[better])
        nearest = across[better].argmin(axis=1)
        _improve(model, objective, part, resamples.take(better), z[nearest])
        z[better], value[better], settled[better] = part
    return z, settled


def _improve(
    model: Model,
    objective: Objective,
    found: tuple[Floats, Floats, Bools],
    resamples: Resamples,
    starts: Floats,
) -> None:
    """Descend from other starts and keep what is lower, in place."""
    new = _descend(model, objective, starts, resamples)
    better = new[1] < found[1]
    for kept, other in zip(found, new, strict=True):
        kept[better] = other[better]


def _across(model: Model, objective: Objective, z: Floats, resamples: Resamples) -> Floats:
    """The objective of each of m estimates on each resample, shape (count, m)."""
    fitted = model.residual(z) + model.log_loss
    columns: list[NDArray[np.float64]] = [
        objective.sum(row - resamples.log_loss, resamples.weight) for row in fitted
    ]
    return np.stack(columns, axis=1)


def _descend(
    model: Model, objective: Objective, starts: Floats, resamples: Resamples
) -> tuple[Floats, Floats, Bools]:
    own = replace(model, log_loss=resamples.log_loss)
    return descend_batches(
        own, objective, starts, weight=resamples.weight, rounds=ROUNDS, inner=INNER
    )
