"""Solve for the linear coefficients of the robust objective, the others held, many at once.

With its exponents held a law is a fixed basis times its linear coefficients, so this needs one
evaluation of the law whatever the number of iterations.
"""

import numpy as np
from numpy.typing import NDArray

from autotune.fitting.model import Model
from autotune.fitting.objective import Objective
from autotune.types import Floats

RIDGE = 1e-13

BATCH_CELLS = 64_000
"""Most entries m l n of an array of estimates solved for side by side: what a cache holds."""


def solve_linear(
    model: Model, objective: Objective, z: Floats, *, weight: Floats, rounds: int
) -> Floats:
    """Lower the objective in the linear coordinates; never raises it.

    Args:
        model: The form on its table.
        objective: What to minimise.
        z: Coordinates, shape (m, k).
        weight: Weights of the runs, shape (m, n).
        rounds: Iterations, between reweighted least squares and Newton's on the active set.

    Returns:
        Coordinates of shape (m, k) that differ from `z` in the linear ones.
    """
    linear = np.flatnonzero(model.is_linear)
    if not linear.size:
        return z
    batch = max(1, BATCH_CELLS // (linear.size * weight.shape[1]))
    if len(z) > batch:
        parts = np.split(np.arange(len(z)), range(batch, len(z), batch))
        return np.concatenate([
            solve_linear(model.part(at), objective, z[at], weight=weight[at], rounds=rounds)
            for at in parts
        ])  # fmt: skip
    low, high = model.low[..., linear], model.high[..., linear]
    pinned = np.broadcast_to(low == high, (len(z), linear.size))[:, :, None]
    held = bool(pinned.any())
    basis, rest = _basis(model, z, linear)
    at = z[:, linear]
    reached = _predicted(basis, rest, at)
    residual = _residual(model, reached)
    best, smooth = objective.sum(residual, weight), np.ones(len(z))
    for _ in range(rounds):
        slopes = basis if model.structure.log else basis / reached[:, None, :]
        moving = np.where(pinned, 0.0, slopes) if held else slopes
        step = _step(objective, residual, moving, weight=weight, smooth=smooth)
        trial = np.clip(at + step, low, high)
        there = _predicted(basis, rest, trial)
        moved = _residual(model, there)
        value = objective.sum(moved, weight)
        better = value < best
        at = np.where(better[:, None], trial, at)
        reached = np.where(better[:, None], there, reached)
        residual = np.where(better[:, None], moved, residual)
        best = np.where(better, value, best)
        smooth = np.where(better, smooth / 8, np.minimum(smooth * 64, 1.0))
    z = z.copy()
    z[:, linear] = at
    return z


def _basis(model: Model, z: Floats, linear: NDArray[np.intp]) -> tuple[Floats, Floats]:
    """The derivatives (m, kl, n) by the linear coordinates, and the loss without them (m, n)."""
    loss, basis = model.linear_slopes(z)
    if model.structure.log:
        basis, loss = basis / loss[:, None, :], np.log(loss)
    return basis, loss - _total(basis, z[:, linear])


def _predicted(basis: Floats, rest: Floats, at: Floats) -> Floats:
    """The loss, or its logarithm where that is linear, shape (m, n)."""
    return rest + _total(basis, at)


def _total(basis: Floats, at: Floats) -> Floats:
    """Sums over the coordinates, (m, n) of (m, k, n) and (m, k)."""
    return np.asarray((at[:, None, :] @ basis)[:, 0])


def _residual(model: Model, predicted: Floats) -> Floats:
    """Residuals of log loss (m, n)."""
    return (predicted if model.structure.log else np.log(predicted)) - model.log_loss


def _step(
    objective: Objective, residual: Floats, slopes: Floats, *, weight: Floats, smooth: Floats
) -> Floats:
    majorised, bend = (each * weight for each in objective.curvatures(residual, smooth[:, None]))
    size = np.sqrt(totals(slopes**2, majorised))
    scale = np.where((size > 0) & np.isfinite(size), 1 / np.where(size > 0, size, 1.0), 0.0)
    hessian = (slopes * bend[:, None, :]) @ np.swapaxes(slopes, 1, 2)
    hessian = finite(hessian * scale[:, :, None] * scale[:, None, :])
    hessian += RIDGE * np.eye(hessian.shape[1])
    np.einsum("mkk->mk", hessian)[scale == 0] = 1.0
    gradient = totals(slopes, objective.slope(residual) * weight) * scale
    solved = np.linalg.solve(hessian, finite(gradient)[:, :, None])[:, :, 0]
    return np.asarray(-solved * scale)


def totals(slopes: Floats, weight: Floats) -> Floats:
    """Weighted sums over the runs, (m, k) of (m, k, n) and (m, n)."""
    return np.asarray((slopes @ weight[:, :, None])[:, :, 0])


def finite(values: Floats) -> Floats:
    """`np.nan_to_num`, which is slow where nothing is to be replaced."""
    return values if np.isfinite(values).all() else np.nan_to_num(values)
