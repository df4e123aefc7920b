"""Linear regression under squares or Huber's loss: convex, so what it finds is the optimum."""

import numpy as np

from autotune.fitting.descend import Bools
from autotune.fitting.objective import Objective
from autotune.types import Floats

LENGTHS = (1.0, 0.5, 0.25, 0.1, 0.03)
ROUNDS, BETWEEN = 200, 3
FINER, HALVINGS = 0.7, 50
ROUNDING = 16
GRADIENT = 1e-9
CUT = 1e-10


def regress(x: Floats, y: Floats, weight: Floats, objective: Objective) -> tuple[Floats, Bools]:
    """Minimise the objective of `y - x b` under each of m sets of weights at once.

    The threshold comes down from the largest residual to the one that is asked. Between two
    changes of the set of rows in the quadratic part the optimum is linear in it, so the set of
    the last threshold is the start for the next.

    Args:
        x: Columns of like size, shape (n, k).
        y: Shape (n,).
        weight: Weights of the rows, shape (m, n), >= 0.
        objective: Huber's loss or squares.

    Returns:
        b of shape (m, k), and where the gradient vanishes, shape (m,).
    """
    b = _inverse(x, weight, (weight * y) @ x)
    near = np.ones(weight.shape, dtype=bool)
    settled = np.zeros(len(b), dtype=bool)
    delta = float(np.abs(y - b @ x.T).max()) * FINER
    while delta > objective.delta:
        for _ in range(BETWEEN):
            b, near, _ = _step(x, y, weight, Objective(delta), b, near)
        delta *= FINER
    for _ in range(ROUNDS):
        todo = np.flatnonzero(~settled)
        if not len(todo):
            break
        part = _step(x, y, weight[todo], objective, b[todo], near[todo])
        b[todo], near[todo], settled[todo] = part
    return b, settled


def _step(
    x: Floats, y: Floats, weight: Floats, objective: Objective, b: Floats, near: Bools
) -> tuple[Floats, Bools, Bools]:
    """Step as Newton does on the rows in the quadratic part, or as reweighted squares do.

    Where those rows are too few for Newton's step, another leaves them as they are and goes as
    far along the gradient as the rest allow.

    Arguments are those of `regress`, with `b` from where, shape (m, k), and `near` the rows that
    were in the quadratic part before, shape (m, n).

    Returns:
        The best point found, the rows in the quadratic part at `b`, and where `b` was the
        optimum already.
    """
    residual = y - b @ x.T
    pull = objective.slope(residual)
    slope = (weight * pull) @ x
    error = ROUNDING * np.finfo(float).eps * (1 + np.abs(y).max())
    size = (weight * (np.abs(pull) + error)) @ np.abs(x)
    settled = np.abs(slope) <= GRADIENT * size + error * weight.sum(axis=1)[:, None]
    here = np.abs(residual) <= objective.delta
    tried = [b, b + _inverse(x, weight * objective.curvature(residual, np.ones(1)), slope)]
    for inside in (here, near):
        linear = np.where(inside, residual, pull)
        newton = _inverse(x, weight * inside, (weight * linear) @ x)
        tried += [b + length * newton for length in LENGTHS]
    normal = np.einsum("mn,ni,nj->mij", weight * here, x, x)
    idle = slope - np.einsum("mij,mj->mi", normal, _inverse(x, weight * here, slope))
    tried.append(b + idle * _length(residual, idle @ x.T, weight, objective)[:, None])
    value = objective.sum(y - np.stack(tried) @ x.T, weight[None])
    return np.stack(tried)[value.argmin(axis=0), np.arange(len(b))], here, settled.all(axis=1)


def _length(residual: Floats, move: Floats, weight: Floats, objective: Objective) -> Floats:
    """How far the objective falls along a direction, shape (m,)."""
    low = np.zeros(len(move))
    high = 2 * np.abs(residual).max(axis=1) / np.maximum(np.abs(move).max(axis=1), 1e-30)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        pull = objective.slope(residual - middle[:, None] * move)
        down = (weight * pull * move).sum(axis=1) > 0
        low, high = np.where(down, middle, low), np.where(down, high, middle)
    return low


def _inverse(x: Floats, weight: Floats, right: Floats) -> Floats:
    normal = np.einsum("mn,ni,nj->mij", weight, x, x)
    return np.asarray(
        np.einsum("mij,mj->mi", np.linalg.pinv(normal, rcond=CUT, hermitian=True), right)
    )
