"""Losses and derivatives of the forms that are sums of terms, each a coefficient times powers.

The same numbers as the law's own, with fewer steps: what is raised is looked up, and each of its
different values is raised once. The derivative of a term by one of its exponents is the term times
the logarithm of what the exponent raises, which no estimate changes, so first derivatives give
the second ones.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from autotune.fitting.design import Design
from autotune.fitting.structure import Structure
from autotune.types import Floats


def losses(structure: Structure, design: Design, values: Mapping[str, Floats]) -> Floats:
    """Predicted losses.

    Args:
        structure: A form that is a sum of terms.
        design: The runs' inputs.
        values: Its coefficients by name, shape (m, 1) each.

    Returns:
        Shape (m, n).
    """
    loss = np.zeros((len(next(iter(values.values()))), len(design)))
    for name, basis in _bases(structure, design, values).items():
        loss += values[name] if basis is None else values[name] * basis
    return loss


def slopes(
    structure: Structure, design: Design, values: Mapping[str, Floats], *, free: Sequence[str]
) -> tuple[Floats, Floats]:
    """Predicted losses (m, n) and their derivatives by the coefficients `free` (m, k, n)."""
    at = {name: i for i, name in enumerate(free)}
    count = len(next(iter(values.values())))
    loss, by = np.zeros((count, len(design))), np.zeros((count, len(free), len(design)))
    for name, basis in _bases(structure, design, values).items():
        if name in at:
            by[:, at[name]] = 1.0 if basis is None else basis
        term = values[name] if basis is None else values[name] * basis
        loss += term
        for power, raised in structure.terms[name].items():
            if power in at:
                by[:, at[power]] += term * _log(design, raised)
    return loss, by


def known(structure: Structure, held: Mapping[str, float], free: Sequence[str]) -> bool:
    """Whether `curvature` can be had: every term that an exponent moves has a free coefficient.

    A term whose coefficient is held at 0 is no term; one held elsewhere has no column.
    """
    return bool(structure.terms) and all(
        name in free or held[name] == 0 or not {*powers} & {*free}
        for name, powers in structure.terms.items()
    )


def curvature(
    structure: Structure,
    design: Design,
    z: Floats,
    slopes: Floats,
    weight: Floats,
    *,
    free: Sequence[str],
) -> Floats:
    """Sums over the runs of second derivatives of the loss, weighted; `known` must hold.

    Args:
        structure: A form that is a sum of terms.
        design: The runs' inputs.
        z: The coefficients `free`, shape (m, k).
        slopes: First derivatives of the loss by them, shape (m, k, n).
        weight: Weights of the runs, shape (m, n).
        free: Their names.

    Returns:
        Shape (m, k, k).
    """
    at = {name: i for i, name in enumerate(free)}
    found = np.zeros((len(z), len(free), len(free)))
    for name, powers in structure.terms.items():
        moved = np.array([at[power] for power in powers if power in at], dtype=np.int64)
        if name not in at or not moved.size:
            continue
        own = at[name]
        logs = np.stack([_log(design, raised) for power, raised in powers.items() if power in at])
        first, second = _moments(slopes[:, own] * weight, logs)
        found[:, own, moved] += first
        found[:, moved, own] += first
        found[:, moved[:, None], moved] += second * z[:, own, None, None]
    return found


def _moments(term: Floats, logs: Floats) -> tuple[Floats, Floats]:
    """Sums over the runs of a term (m, n) times logarithms (j, n), and times pairs of them."""
    j, n = logs.shape
    pairs: NDArray[np.float64] = (logs[:, None] * logs).reshape(-1, n)
    sums = term @ np.concatenate([logs, pairs]).T
    return sums[:, :j], sums[:, j:].reshape(-1, j, j)


def _bases(
    structure: Structure, design: Design, values: Mapping[str, Floats]
) -> dict[str, Floats | None]:
    """What each coefficient multiplies, shape (m, n); None for 1."""
    made: dict[tuple[str, str], Floats] = {}
    found: dict[str, Floats | None] = {}
    for name, powers in structure.terms.items():
        basis = None
        for key in powers.items():
            if key not in made:
                made[key] = _power(design, values[key[0]], key[1])
            basis = made[key] if basis is None else basis * made[key]
        if name in structure.times:
            factor: Floats = getattr(design, structure.times[name])
            basis = factor * np.ones_like(values[name]) if basis is None else basis * factor
        found[name] = basis
    return found


def _power(design: Design, exponent: Floats, raised: str) -> Floats:
    if raised[0] == "-":
        return design.raised(raised[1:]).power(-exponent)
    return design.raised(raised).power(exponent)


def _log(design: Design, raised: str) -> Floats:
    """Of an input, negative where the power divides by it."""
    return -design.raised(raised[1:]).log if raised[0] == "-" else design.raised(raised).log
