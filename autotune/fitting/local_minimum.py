"""The minimum of a noisy sweep, from a local polynomial around its least value."""

from itertools import product

import numpy as np
from numpy.typing import NDArray

from autotune.types import Floats

WINDOW = 0.02
"""Rows count up to this share above the least loss, less the further above."""

LEAST_WEIGHT = 0.05
SPARE = 2
"""Rows beyond the number of terms that a polynomial needs."""

STEPS, LONGEST, SMALL = 50, 1.0, 1e-9


def local_minimum(x: Floats, loss: Floats) -> Floats | None:
    """Fit a cubic, or else a quadratic, to the rows of low loss, and find its minimum.

    Loss rises faster above the best learning rate than below it. A quadratic puts that
    asymmetry into its minimum; the cubic terms take it up.

    Args:
        x: Settings, such as log learning rate and log batch size, shape (n, k).
        loss: Loss of each, shape (n,), > 0.

    Returns:
        The minimum, shape (k,), inside the box of the rows that count; None where they
        determine none.
    """
    above = loss / loss.min() - 1
    near = above <= WINDOW
    origin = x[loss.argmin()]
    z = x[near] - origin
    weight = np.maximum(1 - above[near] / WINDOW, LEAST_WEIGHT)
    for degree in (3, 2):
        found = _stationary(z, loss[near], weight, degree)
        if found is not None and (z.min(axis=0) <= found).all() and (found <= z.max(axis=0)).all():
            return np.asarray(origin + found)
    return None


def _stationary(z: Floats, loss: Floats, weight: Floats, degree: int) -> Floats | None:
    """The minimum of a polynomial of that degree nearest to the origin, if it has one."""
    powers = np.array([e for e in product(range(degree + 1), repeat=z.shape[1])
                       if sum(e) <= degree])  # fmt: skip
    if len(z) < len(powers) + SPARE:
        return None
    root = np.sqrt(weight)
    basis = _terms(z, powers) * root[:, None]
    coefficients, _, rank, _ = np.linalg.lstsq(basis, loss * root, rcond=1e-9)
    return _newton(np.asarray(coefficients, np.float64), powers) if rank == len(powers) else None


def _terms(z: Floats, powers: NDArray[np.int64]) -> Floats:
    return np.asarray((z[:, None, :] ** powers).prod(axis=2))


def _newton(coefficients: Floats, powers: NDArray[np.int64]) -> Floats | None:
    """Newton's method from the origin; None where the polynomial is not convex on the way."""
    k = powers.shape[1]
    axes = np.eye(k, dtype=np.int64)
    at: Floats = np.zeros(k)
    for _ in range(STEPS):
        slope = np.array([_derivative(coefficients, powers, at, axes[i]) for i in range(k)])
        bend = np.array([[_derivative(coefficients, powers, at, axes[i] + axes[j])
                          for j in range(k)] for i in range(k)])  # fmt: skip
        if np.linalg.eigvalsh(bend)[0] <= 0:
            return None
        step = np.clip(-np.linalg.solve(bend, slope), -LONGEST, LONGEST)
        at = at + step
        if np.abs(step).max() <= SMALL:
            return np.asarray(at)
    return None


def _derivative(
    coefficients: Floats, powers: NDArray[np.int64], at: Floats, times: NDArray[np.int64]
) -> float:
    """A derivative of first or second order of a polynomial at a point."""
    lowered = powers - times
    factor = np.where(times >= 1, powers, 1) * np.where(times == 2, powers - 1, 1)
    kept = (lowered >= 0).all(axis=1)
    terms = factor[kept].prod(axis=1) * (at ** lowered[kept]).prod(axis=1)
    return float((coefficients[kept] * terms).sum())
