"""Linear regression under squares or Huber's loss: convex, so what it finds is the optimum."""

import numpy as np
from numpy.typing import NDArray

from autotune.fitting.objective import Objective
from autotune.types import Floats

ROUNDS = 500
GRADIENT = 1e-9
CUT = 1e-10


def regress(
    x: Floats, y: Floats, weight: Floats, objective: Objective
) -> tuple[Floats, NDArray[np.bool_]]:
    """Minimise the objective of `y - x b` under each of m sets of weights at once.

    Each round takes the better of two steps: that of the reweighted squares, which never
    raises the objective, and Newton's on the rows in the quadratic part, which ends it.

    Args:
        x: Columns of like size, shape (n, k).
        y: Shape (n,).
        weight: Weights of the rows, shape (m, n), >= 0.
        objective: Huber's loss or squares.

    Returns:
        b of shape (m, k), and where the gradient vanishes, shape (m,).
    """
    b = _solve(x, y, weight)
    settled = np.zeros(len(b), dtype=bool)
    for _ in range(ROUNDS):
        residual = y - b @ x.T
        slope = (weight * objective.slope(residual)) @ x
        size = (weight * np.abs(objective.slope(residual))) @ np.abs(x)
        settled = (np.abs(slope) <= GRADIENT * size + np.finfo(float).eps * weight.sum()).all(
            axis=1
        )
        if settled.all() or not np.isfinite(objective.delta):
            break
        near = np.abs(residual) <= objective.delta
        slower = weight * objective.curvature(residual, np.ones(1))
        steps = [_solve(x, residual, slower), _inverse(x, weight * near, slope)]
        tried = np.stack([b, *(b + step for step in steps)])
        value = objective.sum(y - tried @ x.T, weight[None])
        b = tried[value.argmin(axis=0), np.arange(len(b))]
    return b, settled


def _solve(x: Floats, y: Floats, weight: Floats) -> Floats:
    """Weighted least squares; y is one column, or one for each set of weights."""
    return _inverse(x, weight, (weight * y) @ x)


def _inverse(x: Floats, weight: Floats, right: Floats) -> Floats:
    normal = np.einsum("mn,ni,nj->mij", weight, x, x)
    return np.asarray(
        np.einsum("mij,mj->mi", np.linalg.pinv(normal, rcond=CUT, hermitian=True), right)
    )
