"""Descend to a minimum of the robust objective, for many estimates at once.

Each step lies between the majoriser's, which cannot increase the objective by much (iteratively
reweighted least squares), and Newton's on the exact active set, which ends the descent at machine
precision.
"""

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from autotune.fitting.flat import Term, bends, columns, flat_terms, moved
from autotune.fitting.linear import finite, solve_linear, totals
from autotune.fitting.model import Model
from autotune.fitting.objective import Objective
from autotune.types import Floats

Bools: TypeAlias = NDArray[np.bool_]

FLOOR = 1e-13
"""Smallest eigenvalue, beside the largest, that a Newton step divides by."""

SMOOTHEST = 1.0
LEAST, LARGEST = 1e-8, 1e12
"""The least damping beside none, in units of the scaled curvature, and the one to give up at."""

BATCH_CELLS = 128_000
"""Most entries m k n of an array of estimates that descend side by side: what a cache holds."""

BLOCK_CELLS, LEAST_BLOCK = 8_000_000, 2000
"""Most entries m k^2 n of an array, and the fewest runs of a block."""

SETTLED = 1e-14
"""A predicted relative decrease below which an estimate is at its minimum."""


def value(model: Model, objective: Objective, z: Floats, weight: Floats) -> Floats:
    """The objective at coordinates (m, k), with weights (n,) or (m, n); shape (m,)."""
    return objective.sum(model.residual(z), np.broadcast_to(weight, (len(z), weight.shape[-1])))


def descend(
    model: Model, objective: Objective, z: Floats, *, weight: Floats, rounds: int, inner: int = 0
) -> tuple[Floats, Floats, Bools]:
    """Minimise from each of m starts.

    Where two terms nearly cancel, or an exponent runs to a limit, the objective is a narrow
    valley that bends only because the linear coefficients follow the exponents. `inner`
    iterations that solve for them after each step take the bend out.

    Args:
        model: The form on its table.
        objective: What to minimise.
        z: Starts, shape (m, k).
        weight: Weights of the runs, shape (m, n).
        rounds: Most iterations.
        inner: Iterations of `solve_linear` after each step.

    Returns:
        Coordinates (m, k), objective values (m,), and whether each has settled (m,).
    """
    best = value(model, objective, z, weight)
    z, smooth = z.copy(), np.full(len(z), SMOOTHEST)
    damping, settled = np.zeros(len(z)), ~np.isfinite(best)
    for _ in range(rounds):
        on = np.flatnonzero(~settled)
        if not on.size:
            break
        at = model.part(on)
        flat = flat_terms(at, z[on])
        step, predicted = _step(
            at, objective, z[on], weight=weight[on], pace=(smooth[on], damping[on]), flat=flat
        )
        trial = np.clip(moved(flat, z[on], step), at.low, at.high)
        if inner:
            trial = solve_linear(at, objective, trial, weight=weight[on], rounds=inner)
        reached = value(at, objective, trial, weight[on])
        better = reached < best[on]
        small = np.minimum(predicted, np.abs(best[on] - reached)) <= SETTLED * best[on]
        done = (small & (smooth[on] < 1e-3) & (damping[on] < 1e-6)) | (predicted == 0)
        z[on[better]], best[on[better]] = trial[better], reached[better]
        smooth[on], damping[on] = _adapt(smooth[on], damping[on], better)
        settled[on] = done | (damping[on] > LARGEST)
    return z, best, settled & np.isfinite(best)


def descend_batches(
    model: Model, objective: Objective, z: Floats, *, weight: Floats, rounds: int, inner: int = 0
) -> tuple[Floats, Floats, Bools]:
    """As `descend`, batch by batch where there are many estimates."""
    batch = max(1, BATCH_CELLS // (z.shape[1] * weight.shape[1]))
    parts = [
        descend(
            model.part(take), objective, z[take], weight=weight[take], rounds=rounds, inner=inner
        )
        for take in np.split(np.arange(len(z)), range(batch, len(z), batch))
    ]
    z, value, settled = (np.concatenate(each) for each in zip(*parts, strict=True))
    return z, value, settled


def _adapt(smooth: Floats, damping: Floats, better: Bools) -> tuple[Floats, Floats]:
    """Towards Newton after a success, towards the damped majoriser after a failure."""
    at_majoriser = smooth >= SMOOTHEST
    failed = np.where(at_majoriser, np.maximum(damping * 8, LEAST), damping)
    eased = np.where(damping > LEAST, damping / 3, 0.0)
    return (
        np.where(better, smooth / 8, np.minimum(smooth * 64, SMOOTHEST)),
        np.where(better, eased, failed),
    )


def _step(
    model: Model,
    objective: Objective,
    z: Floats,
    *,
    weight: Floats,
    pace: tuple[Floats, Floats],
    flat: Sequence[Term],
) -> tuple[Floats, Floats]:
    """A step (m, k) in which saddles repel, and the decrease it promises (m,).

    `pace` is how smooth the objective is taken to be, and the damping; the step is one in the
    coordinates of `flat.py` for the terms `flat`.
    """
    smooth, damping = pace
    gradient, hessian, size = _sums(model, objective, z, weight=weight, smooth=smooth, flat=flat)
    size = np.sqrt(size)
    scale = 1 / np.where(size > 0, size, 1.0)
    stuck = ((z <= model.low) & (gradient > 0)) | ((z >= model.high) & (gradient < 0)) | (size <= 0)
    scale = np.where(stuck, 0.0, scale)
    hessian = finite(hessian * scale[:, :, None] * scale[:, None, :])
    values, vectors = np.linalg.eigh(hessian)
    values = np.maximum(np.abs(values), FLOOR) + damping[:, None]
    along = np.einsum("mkj,mk->mj", vectors, gradient * scale)
    step = -np.einsum("mkj,mj->mk", vectors, along / values) * scale
    return step, 0.5 * (along**2 / values).sum(axis=1)


def _sums(
    model: Model,
    objective: Objective,
    z: Floats,
    *,
    weight: Floats,
    smooth: Floats,
    flat: Sequence[Term],
) -> tuple[Floats, Floats, Floats]:
    """Gradient (m, k), curvature (m, k, k) and squared column sizes (m, k), block by block."""
    m, k = z.shape
    rows = weight.shape[1]
    block = max(LEAST_BLOCK, BLOCK_CELLS // (m * k * k))
    if rows > block:
        parts = [
            _sums(model.take(take), objective, z, weight=weight[:, take], smooth=smooth, flat=flat)
            for take in np.split(np.arange(rows), range(block, rows, block))
        ]
        gradients, hessians, sizes = zip(*parts, strict=True)
        return sum(gradients), sum(hessians), sum(sizes)
    found = model.expanded(z)
    residual, slopes = np.log(found.loss) - model.log_loss, found.slopes / found.loss[:, None, :]
    slope = objective.slope(residual) * weight
    by_law = found.curvature(slope / found.loss)
    slopes = columns(flat, z, slopes)
    gradient = totals(slopes, slope)
    by_law = bends(flat, z, by_law, gradient)
    majorised, bend = (each * weight for each in objective.curvatures(residual, smooth[:, None]))
    hessian = (slopes * (bend - slope)[:, None, :]) @ np.swapaxes(slopes, 1, 2)
    hessian = hessian + np.where(np.isfinite(by_law), by_law, 0.0)
    return gradient, hessian, totals(slopes**2, majorised)
