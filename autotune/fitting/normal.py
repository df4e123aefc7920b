"""Draws of the coefficients of a large table: normal, with the sandwich covariance."""

import numpy as np
from numpy.typing import NDArray

from autotune.fitting.model import Model
from autotune.fitting.objective import Objective
from autotune.types import Floats

MAD_TO_SIGMA = 1.4826


def normal_draws(
    model: Model,
    objective: Objective,
    z: Floats,
    groups: NDArray[np.int64] | None,
    *,
    count: int,
    seed: int,
) -> Floats:
    """Draw coordinates around an estimate, shape (count, k).

    The covariance is H^-1 G H^-1 (Huber 1967; White 1982): G sums the squared scores of the runs,
    or of whole groups, so neither even noise nor independence within a group is assumed; H is
    the mean curvature of the objective, from the density of the residuals at 0.

    Args:
        model: The form on its table.
        objective: What the estimate minimises.
        z: The estimate, shape (k,).
        groups: Labels of clusters, shape (n,), or None for single runs.
        count: Draws.
        seed: Seed of the draws.
    """
    residual, slopes = model.residual_slopes(z[None, :])
    residual, slopes = residual[0], slopes[0]
    scores = slopes * (objective.slope(residual) * model.weight)
    if groups is not None:
        labels = np.unique(groups, return_inverse=True)[1].ravel()
        scores = np.stack([np.bincount(labels, weights=row) for row in scores])
    bend = _curvature(residual, objective)
    hessian = bend * (slopes * model.weight) @ slopes.T
    size = np.sqrt(np.diag(hessian))
    scale = np.where(size > 0, 1 / np.where(size > 0, size, 1.0), 0.0)
    inverse = np.linalg.pinv(hessian * scale[:, None] * scale) * scale[:, None] * scale
    values, vectors = np.linalg.eigh(inverse @ (scores @ scores.T) @ inverse)
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    drawn = z + np.random.default_rng(seed).standard_normal((count, len(z))) @ root.T
    return np.asarray(np.clip(drawn, model.low, model.high))


def _curvature(residual: Floats, objective: Objective) -> float:
    """Mean second derivative: the share of residuals near 0, within a window that has many."""
    if not np.isfinite(objective.delta):
        return 1.0
    sigma = MAD_TO_SIGMA * float(np.median(np.abs(residual)))
    window = max(objective.delta, sigma * len(residual) ** (-1 / 3), np.finfo(float).tiny)
    return float(np.mean(np.abs(residual) <= window) * objective.delta / window)
