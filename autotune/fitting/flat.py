"""Terms that turn into constants: coordinates that stay finite where a power is 0.

Where alpha is 0, e + a/N^alpha is a constant whatever a is, and next to it a constant and a
logarithm: e and a run to infinity with opposite signs, and come back from the other side with
their signs exchanged. A descent in them comes to rest there, far from any minimum. In e + a,
a alpha and alpha nothing is special about 0: L = (e + a) + (a alpha) (N^-alpha - 1)/alpha, the
transformation of Box and Cox (1964).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from autotune.fitting.model import Model
from autotune.types import Floats

NEAR = 0.05
"""Powers below which these coordinates are used."""

LEAST = 1e-6
"""The least size of such a power: below it e and a are too large for their sum to be known."""


@dataclass(frozen=True, slots=True)
class Term:
    """A term that may be a constant, at some of m estimates.

    Attributes:
        constant: Index of the coordinate e.
        coefficient: Of a.
        power: Of alpha.
        rows: The estimates with alpha near 0, and e and a free.
    """

    constant: int
    coefficient: int
    power: int
    rows: NDArray[np.int64]


def flat_terms(model: Model, z: Floats) -> list[Term]:
    """The terms near 0 at coordinates (m, k)."""
    if model.structure.constant not in model.free:
        return []
    constant, found = model.free.index(model.structure.constant), []
    for power, coefficient in model.structure.flat.items():
        if power in model.free and coefficient in model.free:
            p, a = model.free.index(power), model.free.index(coefficient)
            unbounded = np.isinf(model.low[..., [constant, a]]) & np.isinf(
                model.high[..., [constant, a]]
            )
            near = (np.abs(z[:, p]) < NEAR) & (z[:, p] != 0) & unbounded.all(axis=-1)
            if near.any():
                found.append(Term(constant, a, p, np.flatnonzero(near)))
    return found


def columns(terms: Sequence[Term], z: Floats, slopes: Floats) -> Floats:
    """Slopes (m, k, n) by the other coordinates, from those by the model's."""
    if not terms:
        return slopes
    slopes = slopes.copy()
    for term in terms:
        rows = term.rows
        a, alpha = z[rows, term.coefficient, None], z[rows, term.power, None]
        by_a = (slopes[rows, term.coefficient] - slopes[rows, term.constant]) / alpha
        slopes[rows, term.coefficient] = by_a
        slopes[rows, term.power] -= a * by_a
    return slopes


def bends(terms: Sequence[Term], z: Floats, second: Floats, gradient: Floats) -> Floats:
    """Second derivatives (m, k, k) by the other coordinates, from those by the model's.

    Args:
        terms: The terms near 0.
        z: Coordinates, shape (m, k).
        second: Sums over the runs of the law's second derivatives, shape (m, k, k).
        gradient: The same sums of its first derivatives by the other coordinates, shape (m, k).
    """
    if not terms:
        return second
    second = np.swapaxes(columns(terms, z, second), 1, 2)
    second = np.swapaxes(columns(terms, z, second), 1, 2)
    for term in terms:
        rows, at, p = term.rows, term.coefficient, term.power
        turned = gradient[rows, at] / z[rows, p]
        second[rows, at, p] -= turned
        second[rows, p, at] -= turned
        second[rows, p, p] += 2 * z[rows, at] * turned
    return second


def moved(terms: Sequence[Term], z: Floats, step: Floats) -> Floats:
    """Coordinates (m, k) after a step in the other ones."""
    new = z + step
    for term in terms:
        rows, e, at, p = term.rows, term.constant, term.coefficient, term.power
        alpha = np.where(
            np.abs(new[rows, p]) < LEAST, np.copysign(LEAST, new[rows, p]), new[rows, p]
        )
        a = (z[rows, at] * z[rows, p] + step[rows, at]) / alpha
        new[rows, e] += z[rows, at] - a
        new[rows, at], new[rows, p] = a, alpha
    return new
