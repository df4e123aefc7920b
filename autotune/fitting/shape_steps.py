"""Learning rates and batches of the runs that came near the least loss of their budget."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from autotune.types import Floats

NEAR_BEST = 1.002
"""Loss over the least of its budget up to which a setting counts as near the best one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NearBest:
    """The settings near the best at one budget.

    Attributes:
        rows: Indices of the runs near the least loss.
        n_values: Different settings that were tried at the budget.
        ends: Geometric middle, lowest and highest setting near the best, shape (3,).
        draws: The same for runs drawn with replacement, shape (count, 3).
    """

    rows: NDArray[np.int64]
    n_values: int
    ends: Floats
    draws: Floats


def near_best(
    setting: Floats,
    loss: Floats,
    rows: NDArray[np.int64],
    *,
    count: int,
    rng: np.random.Generator,
) -> NearBest:
    """Find the settings whose loss is near the least.

    Args:
        setting: Learning rate or batch of all runs.
        loss: Their losses.
        rows: Indices of those of the budget.
        count: Resamples.
        rng: Draws them.
    """
    here, size = np.log(setting[rows]), len(rows)
    drawn = rng.multinomial(size, np.full(size, 1 / size), count) > 0
    every = np.vstack([np.ones((1, size), dtype=bool), drawn])
    least = np.where(every, loss[rows], np.inf).min(axis=1, keepdims=True)
    near = every & (loss[rows] <= NEAR_BEST * least)
    low = np.where(near, here, np.inf).min(axis=1)
    high = np.where(near, here, -np.inf).max(axis=1)
    ends = np.exp(np.stack([(low + high) / 2, low, high], axis=1))
    return NearBest(rows=rows[near[0]], n_values=len(np.unique(here)), ends=ends[0], draws=ends[1:])
