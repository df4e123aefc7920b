"""Bootstrap draws of the coefficients: every resample descends from the estimate, side by side."""

import numpy as np
from numpy.typing import NDArray

from autotune.fitting.descend import descend
from autotune.fitting.model import Model
from autotune.fitting.objective import Objective
from autotune.types import Floats

CELLS = 4_000_000
"""Most entries of the largest array of a batch: resamples x coordinates^2 x runs."""

ROUNDS = 60


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
    model: Model, objective: Objective, z: Floats, weights: Floats
) -> tuple[Floats, NDArray[np.bool_]]:
    """Fit every resample.

    Args:
        model: The form on its table.
        objective: What to minimise.
        z: The estimate, shape (k,).
        weights: Weights of the runs in each resample, shape (count, n).

    Returns:
        Coordinates (count, k), and which resamples settled (count,).
    """
    batch = max(1, CELLS // (max(len(z), 1) ** 2 * weights.shape[1]))
    draws, settled = [], []
    for begin in range(0, len(weights), batch):
        part = weights[begin : begin + batch]
        start = np.repeat(z[None, :], len(part), axis=0)
        found, _, done = descend(model, objective, start, weight=part, rounds=ROUNDS)
        draws.append(found)
        settled.append(done)
    return np.concatenate(draws), np.concatenate(settled)
