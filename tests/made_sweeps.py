"""Sweeps of learning rate and batch size around a known optimum."""

import numpy as np

from autotune.fitting.sweep import Sweep
from autotune.laws.catalogue import HYPERPARAMETERS

LR, BATCH = HYPERPARAMETERS["step2025-lr"], HYPERPARAMETERS["step2025-batch"]
CELLS = [(n, d) for n in (1e8, 2e8, 4e8, 8e8) for d in (2e9, 5e9, 1.2e10, 3e10, 8e10)]


def loss_at(n, d, lr, batch, *, noise=0.0, rng=None, skew=1.0, tilt=0.3):
    """A loss that is least at the Step Law, steeper above the best learning rate than below.

    In units of the least loss it rises by 0.6 % at a log learning rate of one too much, and by
    0.3 % at such a batch; `tilt` is how the best learning rate moves with the batch.
    """
    off = np.log(batch / BATCH.value(tokens=d))
    up = np.log(lr / LR.value(n_active=n, tokens=d)) - tilt * off
    rise = 2 * (np.expm1(skew * up) - skew * up) / skew**2 if skew else up**2
    best = 1.8 + 480 / n**0.35 + 2085 / d**0.366
    random = 0 if rng is None else noise * rng.standard_normal(np.shape(lr))
    return best * (1 + 0.006 * rise + 0.003 * off**2) + random


def sweep(*, noise=0.0, seed=0, cells=CELLS, shift=0.0, **shape):
    """A grid of steps of sqrt 2 in learning rate and 2 in batch, the same for every cell."""
    rng = np.random.default_rng(seed)
    lrs = np.exp(np.log(1.2e-4) + shift + np.log(2) / 2 * np.arange(15))
    grid = [a.ravel() for a in np.meshgrid(lrs, 2.0 ** np.arange(15, 23))]
    rows = [(n, d, lr, b) for n, d in cells for lr, b in zip(*grid, strict=True)]
    n, d, lr, b = np.array(rows).T
    return Sweep(
        inputs={"n_active": n, "tokens": d, "flops": 6 * n * d},
        settings={"lr": lr, "batch_tokens": b},
        loss=loss_at(n, d, lr, b, noise=noise, rng=rng, **shape),
        lines=np.arange(2, len(n) + 2),
        name="made",
    )
