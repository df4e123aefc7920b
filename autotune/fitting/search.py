"""Many starts at once: variable projection on relative residuals, from a spread of exponents.

Golub and Pereyra (1973), with the step of Kaufman (1975): for given nonlinear coordinates the
linear ones solve a least-squares problem, so only the former are searched.
"""

import numpy as np

from autotune.fitting.model import Model
from autotune.types import Floats

RIDGE = 1e-12
"""Added to the unit diagonal of column-scaled normal matrices."""

ROOT_ROUNDS = 40

PATIENCE = 3
"""Rounds over which a descent that may end early must gain something."""


def spread(count: int, dimensions: int, seed: int) -> Floats:
    """Evenly spread points in the unit cube, shape (count, dimensions).

    An additive recurrence with a seeded shift (Roberts 2018, the R sequence).
    """
    ratio = 1.0
    for _ in range(ROOT_ROUNDS):  # the root of x^(d+1) = x + 1
        ratio = (1 + ratio) ** (1 / (dimensions + 1))
    steps = ratio ** -np.arange(1.0, dimensions + 1)
    shift = np.random.default_rng(seed).random(dimensions)
    return (shift + np.arange(1, count + 1)[:, None] * steps) % 1.0


def starts(model: Model, count: int, seed: int) -> Floats:
    """Starting coordinates, shape (count, k): spread where nonlinear, 1 where linear."""
    z = np.ones((count, len(model.free)))
    moving = np.flatnonzero(~model.is_linear)
    points = spread(count, len(moving), seed)
    for column, point in zip(moving, points.T, strict=True):
        low, high = model.structure.starts[model.free[column]]
        if model.is_log[column]:
            low, high = np.log(low), np.log(high)
        z[:, column] = low + (high - low) * point
    return np.clip(z, model.low, model.high)


def misfit(model: Model, z: Floats, *, linear: bool = False) -> tuple[Floats, Floats]:
    """Relative residuals (m, n), or those of log loss where that is linear, and slopes.

    With `linear`, slopes by the linear coordinates only.
    """
    loss, slopes = model.linear_slopes(z) if linear else model.slopes(z)
    if model.structure.log:
        return np.log(loss) - model.log_loss, slopes / loss[:, None, :]
    observed = np.exp(model.log_loss)
    return loss / observed - 1, slopes / observed


def project(model: Model, z: Floats) -> tuple[Floats, Floats]:
    """Solve for the linear coordinates; returns z and the weighted mean square, shape (m,)."""
    linear = np.flatnonzero(model.is_linear)
    residual, slopes = misfit(model, z, linear=True)
    if not linear.size:
        return z, _mean_square(residual, model.weight)
    gram, scale = _normal(slopes, model.weight)
    right = np.einsum("mkn,mn->mk", slopes, residual * model.weight) * scale
    at = z[:, linear]
    low, high = model.low[..., linear], model.high[..., linear]
    step = _bounded_step(gram, right, scale, reach=(at - high, at - low))
    z = z.copy()
    z[:, linear] = np.clip(at - step, low, high)
    moved = residual - np.einsum("mkn,mk->mn", slopes, step)
    return z, _mean_square(moved, model.weight)


def _bounded_step(
    gram: Floats, right: Floats, scale: Floats, *, reach: tuple[Floats, Floats]
) -> Floats:
    """The step to the least squares within bounds: whatever would leave them stops there.

    Args:
        gram: Column-scaled normal matrices, shape (m, l, l).
        right: Their right-hand sides, shape (m, l).
        scale: Scales of the columns, shape (m, l).
        reach: The least and the largest step, shape (m, l) each.
    """
    held = np.zeros(right.shape, dtype=bool)
    step = _solve(gram, right) * scale
    for _ in range(right.shape[1]):
        out = (step < reach[0]) | (step > reach[1])
        if not (out & ~held).any():
            break
        held |= out
        step = np.clip(step, *reach)
        fixed = np.where(held, step, 0.0) / np.where(scale > 0, scale, 1.0)
        rest = right - np.einsum("mkl,ml->mk", gram, fixed)
        free = ~(held[:, :, None] | held[:, None, :])
        matrix = np.where(free, gram, 0.0) + held[:, :, None] * np.eye(right.shape[1])
        step = np.where(held, step, _solve(matrix, np.where(held, 0.0, rest)) * scale)
    return step


def refine(
    model: Model, z: Floats, rounds: int, *, least_fall: float = 0.0
) -> tuple[Floats, Floats]:
    """Levenberg-Marquardt on the projected problem, all starts side by side.

    Args:
        model: The form on its table.
        z: Projected coordinates, shape (m, k).
        rounds: Iterations at most.
        least_fall: Relative fall of the least mean square over `PATIENCE` rounds, below which no
            more follow; 0 for all rounds.

    Returns:
        Better coordinates and their weighted mean squares, shape (m,).
    """
    moving = np.flatnonzero(~model.is_linear)
    z, best = project(model, z)
    if not moving.size:
        return z, best
    damping, least = np.full(len(z), 1e-2), [best.min()]
    for _ in range(rounds):
        trial = z + _kaufman_step(model, z, damping)
        trial, value = project(model, np.clip(trial, model.low, model.high))
        better = value < best
        z = np.where(better[:, None], trial, z)
        best = np.where(better, value, best)
        damping = np.clip(np.where(better, damping / 5, damping * 4), 1e-9, 1e9)
        least.append(best.min())
        if least_fall and _settled(least, least_fall):
            break
    return z, best


def _settled(least: list[float], fall: float) -> bool:
    """Whether the last rounds have lowered a finite mean square by less than a share of it."""
    before = least[-1 - PATIENCE] if len(least) > PATIENCE else np.inf
    return bool(np.isfinite(before) and least[-1] >= before * (1 - fall))


def _kaufman_step(model: Model, z: Floats, damping: Floats) -> Floats:
    """Damped step of the nonlinear coordinates that can move, 0 for others; shape (m, k)."""
    residual, slopes = misfit(model, z)
    pinned = np.broadcast_to(model.low == model.high, z.shape)
    if pinned.any():
        slopes = np.where(pinned[:, :, None], 0.0, slopes)
    gram, scale = _normal(slopes, model.weight)
    right = np.einsum("mkn,mn->mk", slopes, residual * model.weight) * scale
    linear, moving = np.flatnonzero(model.is_linear), np.flatnonzero(~model.is_linear)
    reduced, reduced_right = gram[:, moving][:, :, moving], right[:, moving]
    if linear.size:
        across = gram[:, linear][:, :, moving]
        own = gram[:, linear][:, :, linear]
        solved = np.linalg.solve(own, np.concatenate([across, right[:, linear, None]], axis=2))
        turned = np.swapaxes(across, 1, 2)
        reduced = reduced - turned @ solved[:, :, :-1]
        reduced_right = reduced_right - (turned @ solved[:, :, -1:])[:, :, 0]
    diagonal = np.einsum("mkk->mk", reduced)
    diagonal += damping[:, None] * np.maximum(diagonal, 1e-6)
    step = np.zeros_like(z)
    step[:, moving] = -_solve(reduced, reduced_right) * scale[:, moving]
    return step


def _normal(slopes: Floats, weight: Floats) -> tuple[Floats, Floats]:
    """Column-scaled normal matrices (m, k, k) with a ridge, and the scales (m, k)."""
    gram = (slopes * weight) @ np.swapaxes(slopes, 1, 2)
    size = np.sqrt(np.einsum("mkk->mk", gram))
    scale = np.where((size > 0) & np.isfinite(size), 1 / np.where(size > 0, size, 1.0), 0.0)
    gram = np.where(np.isfinite(gram), gram, 0.0) * scale[:, :, None] * scale[:, None, :]
    gram += RIDGE * np.eye(gram.shape[1])
    empty = scale == 0
    np.einsum("mkk->mk", gram)[empty] = 1.0
    return gram, scale


def _solve(matrix: Floats, right: Floats) -> Floats:
    right = np.where(np.isfinite(right), right, 0.0)
    return np.asarray(np.linalg.solve(matrix, right[:, :, None])[:, :, 0], dtype=np.float64)


def _mean_square(residual: Floats, weight: Floats) -> Floats:
    value = (residual**2) @ weight / weight.sum()
    return np.where(np.isfinite(value), value, np.inf)
