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
from autotune.fitting.expansion import Expansion
from autotune.fitting.structure import STRUCTURES
from autotune.types import Floats


def losses(form: str, design: Design, values: Mapping[str, Floats]) -> Floats:
    """Predicted losses, shape (m, n), for coefficients by name, shape (m, 1) each."""
    loss = np.zeros((len(next(iter(values.values()))), len(design)))
    for name, basis in _bases(form, design, values).items():
        loss += values[name] if basis is None else values[name] * basis
    return loss


def slopes(
    form: str, design: Design, values: Mapping[str, Floats], *, free: Sequence[str]
) -> tuple[Floats, Floats]:
    """Predicted losses (m, n) and their derivatives by the coefficients `free` (m, k, n)."""
    return _slopes(form, design, values, bases=_bases(form, design, values), free=free)


def expanded(
    form: str, design: Design, values: Mapping[str, Floats], *, free: Sequence[str]
) -> Expansion:
    """The same, with second derivatives."""
    bases = _bases(form, design, values)
    loss, by = _slopes(form, design, values, bases=bases, free=free)
    moved = {
        name: {power: raised for power, raised in STRUCTURES[form].terms[name].items()
               if power in free}
        for name in bases
    }  # fmt: skip
    at = {name: i for i, name in enumerate(free)}

    def curvature(weight: Floats) -> Floats:
        found = np.zeros((len(loss), len(free), len(free)))
        for name, basis in bases.items():
            if basis is None or not moved[name]:
                continue
            powers = np.array([at[power] for power in moved[name]], dtype=np.int64)
            logs = np.stack([_log(design, raised) for raised in moved[name].values()])
            first, second = _moments(basis * weight, logs)
            if name in at:
                found[:, at[name], powers] += first
                found[:, powers, at[name]] += first
            found[:, powers[:, None], powers] += second * values[name][:, :, None]
        return found

    return Expansion(loss, by, curvature)


def _slopes(
    form: str,
    design: Design,
    values: Mapping[str, Floats],
    *,
    bases: Mapping[str, Floats | None],
    free: Sequence[str],
) -> tuple[Floats, Floats]:
    at = {name: i for i, name in enumerate(free)}
    count = len(next(iter(values.values())))
    loss, by = np.zeros((count, len(design))), np.zeros((count, len(free), len(design)))
    for name, basis in bases.items():
        if name in at:
            by[:, at[name]] = 1.0 if basis is None else basis
        term = values[name] if basis is None else values[name] * basis
        loss += term
        for power, raised in STRUCTURES[form].terms[name].items():
            if power in at:
                by[:, at[power]] += term * _log(design, raised)
    return loss, by


def _moments(term: Floats, logs: Floats) -> tuple[Floats, Floats]:
    """Sums over the runs of a term (m, n) times logarithms (j, n), and times pairs of them."""
    j, n = logs.shape
    pairs: NDArray[np.float64] = (logs[:, None] * logs).reshape(-1, n)
    sums = term @ np.concatenate([logs, pairs]).T
    return sums[:, :j], sums[:, j:].reshape(-1, j, j)


def _bases(form: str, design: Design, values: Mapping[str, Floats]) -> dict[str, Floats | None]:
    """What each coefficient multiplies, shape (m, n); None for 1."""
    structure = STRUCTURES[form]
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
