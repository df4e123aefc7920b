"""Bootstrap draws of the coefficients: every resample descends from the estimate, side by side."""

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autotune.fitting.descend import Bools, descend
from autotune.fitting.model import Model
from autotune.fitting.objective import Objective
from autotune.types import Floats

CELLS = 4_000_000
"""Most entries of the largest array of a batch: resamples x coordinates^2 x runs."""

ROUNDS = 60
SWAPS, GAIN = 4, 1e-6
"""Rounds of trying each other's estimates, and the relative gain that makes one worth it."""

WIDER = 10.0
"""How much wider the quadratic part of the smoother objective is."""

UNUSABLE = 1e30


def resample_weights(
    weight: Floats, groups: NDArray[np.int64] | None, count: int, seed: int
) -> Floats:
    """Weights of the runs in each resample, shape (count, n): how often it was drawn.

    Args:
        weight: The runs' own weights, shape (n,).
        groups: Labels of clusters that are drawn whole, shape (n,), or None for single runs.
        count: Resamples.
        seed: Seed of the draws.
    """
    if groups is None:
        clusters = np.arange(len(weight))
    else:
        clusters = np.unique(groups, return_inverse=True)[1].ravel()
    size = int(clusters.max()) + 1
    times = np.random.default_rng(seed).multinomial(size, np.full(size, 1 / size), count)
    return times[:, clusters] * weight


def bootstrap(
    model: Model, objective: Objective, basins: Floats, weights: Floats
) -> tuple[Floats, Bools]:
    """Fit every resample.

    A resample may prefer another minimum than the runs do. Each descends from the best two
    basins for its own weights, from the minimum of a smoother objective, and from any other
    resample's estimate that suits it better. Where every start agreed, one descent is enough.

    Args:
        model: The form on its table.
        objective: What to minimise.
        basins: Minima of the objective on the runs, the estimate first, shape (basins, k).
        weights: Weights of the runs in each resample, shape (count, n).

    Returns:
        Coordinates (count, k), and which resamples settled (count,).
    """
    order = np.argsort(_across(model, objective, basins, weights), axis=1, kind="stable")
    z, value, settled = _descend(model, objective, basins[order[:, 0]], weights)
    if len(basins) > 1:
        _improve(model, objective, (z, value, settled), weights, basins[order[:, 1]])
        smooth = replace(objective, delta=objective.delta * WIDER)
        start, _, _ = _descend(model, smooth, z, weights)
        _improve(model, objective, (z, value, settled), weights, start)
    for _ in range(SWAPS):
        across = _across(model, objective, z, weights)
        nearest = across.argmin(axis=1)
        better = np.flatnonzero(across.min(axis=1) < value * (1 - GAIN))
        if not better.size:
            break
        part = (z[better], value[better], settled[better])
        _improve(model, objective, part, weights[better], z[nearest[better]])
        z[better], value[better], settled[better] = part
    return z, settled


def _improve(
    model: Model,
    objective: Objective,
    found: tuple[Floats, Floats, Bools],
    weights: Floats,
    starts: Floats,
) -> None:
    """Descend from other starts and keep what is lower, in place."""
    for kept, new, better in _lower(found, _descend(model, objective, starts, weights)):
        kept[better] = new[better]


def _lower(
    old: tuple[Floats, Floats, Bools], new: tuple[Floats, Floats, Bools]
) -> list[tuple[NDArray[Any], NDArray[Any], Bools]]:
    better = new[1] < old[1]
    return [(kept, other, better) for kept, other in zip(old, new, strict=True)]


def _across(model: Model, objective: Objective, z: Floats, weights: Floats) -> Floats:
    """The objective of each of m estimates on each resample, shape (count, m)."""
    each = objective.each(model.residual(z))
    return weights @ np.where(np.isfinite(each), each, UNUSABLE).T


def _descend(
    model: Model, objective: Objective, starts: Floats, weights: Floats
) -> tuple[Floats, Floats, Bools]:
    """Descend in batches that fit into the cache."""
    batch = max(1, CELLS // (starts.shape[1] ** 2 * weights.shape[1]))
    parts = [
        descend(
            model, objective, starts[i : i + batch], weight=weights[i : i + batch], rounds=ROUNDS
        )
        for i in range(0, len(weights), batch)
    ]
    z, value, settled = (np.concatenate(each) for each in zip(*parts, strict=True))
    return z, value, settled
