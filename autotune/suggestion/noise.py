"""How far one more run may lie from a law: noise between seeds, and misfit that seeds share."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from autotune.fitting.runs import RunTable
from autotune.types import Floats, FloatsLike

SAME = 0.01  # relative; sizes and tokens of replicates are rounded alike
SEED_SHARE = 0.5
"""The share of the variance around a law that is between seeds, where no replicate tells."""


@dataclass(frozen=True, slots=True)
class Noise:
    """Standard deviations of log loss.

    Attributes:
        seed: Between runs of one configuration.
        misfit: Of a configuration's mean around the law; replicates share it.
        drift: What the variance of the misfit grows by with each factor of ten that a run lies
            further off the target (`decades_off`): laws are approximations that change slowly.
    """

    seed: float
    misfit: float
    drift: float = 0.0

    def variance(
        self, replicates: NDArray[np.int64], added: int, *, decades: FloatsLike = 0.0
    ) -> Floats:
        """The noise of an independent observation as informative as further replicates.

        Replicates average the seeds' noise only, so where r runs of a configuration are known,
        `added` more raise the precision of its mean from 1/(misfit² + seed²/r) to
        1/(misfit² + seed²/(r + added)): a repeated run tells less than a new one.

        Args:
            replicates: Runs of each configuration so far, shape (n,).
            added: Further runs of each.
            decades: How much further off than the nearest finished run each lies, shape (n,).
        """
        shared = self.misfit**2 + self.drift * np.asarray(decades)
        after = shared + self.seed**2 / (replicates + added)
        before = shared + self.seed**2 / np.maximum(replicates, 1)
        precision = 1 / after - np.where(replicates > 0, 1 / before, 0.0)
        return np.asarray(1 / np.maximum(precision, 1e-300))


def split(sigma: float, seed: float | None, drift: float = 0.0) -> Noise:
    """Divide the deviation around a law into seeds' noise and misfit.

    Args:
        sigma: Standard deviation of log losses around the law.
        seed: That between seeds, None if no replicate tells.
        drift: Variance of the misfit for each factor of ten in compute.
    """
    if seed is None:
        seed = sigma * SEED_SHARE**0.5
    return Noise(min(seed, sigma), max(sigma**2 - seed**2, (0.1 * sigma) ** 2) ** 0.5, drift)


def seed_noise(table: RunTable) -> float | None:
    """Pooled standard deviation of log loss among replicates; None where there are none."""
    labels = same_configuration(table, table)
    squares, freedom = 0.0, 0
    for label in np.unique(labels):
        own = np.log(table.loss[labels == label])
        squares += float(((own - own.mean()) ** 2).sum())
        freedom += len(own) - 1
    return (squares / freedom) ** 0.5 if freedom and squares > 0 else None


def counted(table: RunTable, among: RunTable) -> NDArray[np.int64]:
    """How many finished runs each configuration has, shape (len(among),)."""
    labels = same_configuration(table, among)
    return np.array([(labels == i).sum() for i in range(len(among))], dtype=np.int64)


def same_configuration(table: RunTable, among: RunTable) -> NDArray[np.int64]:
    """For each run the first configuration that it is a run of, -1 for none, shape (n,)."""
    names = sorted(set(table.factors) & set(among.factors))
    sides = [
        np.log(np.stack([t.n_active, t.n_total, t.tokens, *(1 + t.factors[n] for n in names)]))
        for t in (table, among)
    ]
    if not len(among):
        return np.full(len(table), -1)
    near = (np.abs(sides[0][:, :, None] - sides[1][:, None, :]) < SAME).all(axis=0)
    return np.where(near.any(axis=1), near.argmax(axis=1), -1)
