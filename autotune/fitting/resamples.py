"""Resamples of finished runs: the same runs with other noise, or other runs of the same kind."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from autotune.fitting.model import Model
from autotune.fitting.noise import Noise
from autotune.types import Floats


@dataclass(frozen=True, slots=True)
class Resamples:
    """What each resample is fitted to.

    Attributes:
        log_loss: Observed log losses, shape (count, n).
        weight: Weights of the runs, shape (count, n).
    """

    log_loss: Floats
    weight: Floats

    def __len__(self) -> int:
        return len(self.weight)

    def take(self, which: NDArray[np.int64]) -> "Resamples":
        """Some of the resamples."""
        return Resamples(self.log_loss[which], self.weight[which])


def row_weights(
    weight: Floats, groups: NDArray[np.int64] | None, *, count: int, seed: int
) -> Floats:
    """Weights of runs drawn with replacement, shape (count, n): how often each was drawn.

    Args:
        weight: The runs' own weights, shape (n,).
        groups: Labels of clusters that are drawn whole, shape (n,), or None for single runs.
        count: Resamples.
        seed: Seed of the draws.
    """
    n = len(weight)
    clusters = np.arange(n) if groups is None else np.unique(groups, return_inverse=True)[1].ravel()
    size = int(clusters.max()) + 1
    times = np.random.default_rng(seed).multinomial(size, np.full(size, 1 / size), count)
    drawn: Floats = times[:, clusters] * weight
    return drawn


def by_rows(model: Model, groups: NDArray[np.int64] | None, *, count: int, seed: int) -> Resamples:
    """Runs, or whole groups of them, drawn with replacement: see `row_weights`."""
    weight = row_weights(model.weight, groups, count=count, seed=seed)
    return Resamples(np.broadcast_to(model.log_loss, weight.shape), weight)


def by_residuals(model: Model, z: Floats, noise: Noise, *, count: int, seed: int) -> Resamples:
    """What the same runs would have shown under an estimate z (k,), with fresh noise."""
    shape = (count, len(model.weight))
    fitted = model.residual(z[None, :])[0] + model.log_loss
    observed = fitted - noise.draw(shape, seed)  # a residual is fitted minus observed
    return Resamples(observed, np.broadcast_to(model.weight, shape))
