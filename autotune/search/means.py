"""Configurations by the mean of what was measured of each, where noise is known."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from autotune.search.codec import Key, key
from autotune.search.native.replicates import levels, variances
from autotune.search.noise import Noise
from autotune.trials import Completed


@dataclass(frozen=True, slots=True)
class Mean:
    """What was measured of one configuration.

    Attributes:
        trials: Its trials, the earliest first.
        value: Mean of their values, by precision.
        error: Standard error of the mean; not-a-number if no trial's noise is known.
    """

    trials: tuple[Completed, ...]
    value: float
    error: float


def means(completed: Sequence[Completed], noise: Noise) -> list[Mean]:
    """Every configuration once, by rising mean; a trial of unknown noise is as noisy as the median.

    Args:
        completed: Trials with a value, the earliest first.
        noise: What is known of their noise.
    """
    rows: dict[Key, list[int]] = {}
    for i, each in enumerate(completed):
        rows.setdefault(key(each.trial.config), []).append(i)
    point = np.zeros((len(completed), 1))
    for number, row in enumerate(rows.values()):
        point[row] = number
    deviations = np.array([noise.of(each) for each in completed])
    values = levels(point, np.array([each.value for each in completed]), deviations)
    known = variances(deviations)
    found = []
    for row in rows.values():
        with np.errstate(divide="ignore"):  # a value without noise leaves no error
            error = np.nan if known is None else np.sqrt(1 / (1 / known[row]).sum())
        trials = tuple(completed[i] for i in row)
        found.append(Mean(trials, float(values[row[0]]), float(error)))
    return sorted(found, key=lambda each: each.value)
