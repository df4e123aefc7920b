"""Losses and derivatives of the forms whose terms are coefficients times exponentials of curves.

As `terms.py`, for forms where what is exponentiated bends in its coefficients: the product of two
powers, or the shape of an input. The second derivatives of those curves follow by rule (`jet.py`).
What a term reads is often the same in many runs: its curve is made once for each of them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeAlias

import numpy as np

from autotune.fitting.design import Design, Group
from autotune.fitting.expansion import Expansion
from autotune.fitting.jet import Curve, Jet, coordinate, inverse, log, log_saturating, take, value
from autotune.fitting.structure import STRUCTURES
from autotune.types import Floats

Curves: TypeAlias = Mapping[str, Curve]
"""The coefficients by name, with derivatives by the coordinates among them."""


@dataclass(frozen=True, slots=True)
class Exponential:
    """What a coefficient is multiplied with: the exponential of a curve.

    Attributes:
        inputs: What the curve reads.
        curve: The curve, from the inputs and the coefficients.
    """

    inputs: tuple[str, ...]
    curve: Callable[[Design, Curves], Curve]


@dataclass(frozen=True, slots=True)
class Part:
    """An exponential at m estimates, for the u different inputs that it reads.

    Attributes:
        name: Its coefficient.
        group: Which of them each run has.
        basis: The exponential, shape (m, u).
        curve: The exponent.
    """

    name: str
    group: Group
    basis: Floats
    curve: Curve

    @property
    def moved(self) -> Mapping[str, Floats]:
        """Derivatives of the exponent by the coordinates in it."""
        return self.curve.first if isinstance(self.curve, Jet) else {}


def losses(form: str, design: Design, values: Mapping[str, Floats]) -> Floats:
    """Predicted losses, shape (m, n), for coefficients by name, shape (m, 1) each."""
    loss = np.zeros((len(next(iter(values.values()))), len(design)))
    for part in _parts(form, design, values, free=()):
        loss += part.group.spread(values[part.name] * part.basis)
    return loss


def slopes(
    form: str, design: Design, values: Mapping[str, Floats], *, free: Sequence[str]
) -> tuple[Floats, Floats]:
    """Predicted losses (m, n) and their derivatives by the coordinates `free` (m, k, n)."""
    return _slopes(_parts(form, design, values, free=free), values, free=free)


def expanded(
    form: str, design: Design, values: Mapping[str, Floats], *, free: Sequence[str]
) -> Expansion:
    """The same, with second derivatives."""
    parts = _parts(form, design, values, free=free)
    loss, by = _slopes(parts, values, free=free)

    def curvature(weight: Floats) -> Floats:
        found = np.zeros((len(loss), len(free), len(free)))
        for part in parts:
            if isinstance(part.curve, Jet) and part.moved:
                _bend(found, part, part.curve, values, weight=weight, free=free)
        return found

    return Expansion(loss, by, curvature)


def _bend(
    found: Floats,
    part: Part,
    curve: Jet,
    values: Mapping[str, Floats],
    *,
    weight: Floats,
    free: Sequence[str],
) -> None:
    """Add a part's second derivatives to the sums (m, k, k)."""
    at = {name: i for i, name in enumerate(free)}
    shared = part.group.sum(weight * part.group.spread(part.basis))
    moved = np.array([at[name] for name in part.moved])
    slope = np.stack([np.broadcast_to(s, shared.shape) for s in part.moved.values()], axis=1)
    pulled = slope * shared[:, None]
    if part.name in at:
        found[:, at[part.name], moved] += pulled.sum(axis=2)
        found[:, moved, at[part.name]] += pulled.sum(axis=2)
    value = values[part.name]
    found[:, moved[:, None], moved] += value[:, :, None] * (pulled @ np.swapaxes(slope, 1, 2))
    for (one, two), bend in curve.second.items():
        total = value[:, 0] * (bend * shared).sum(axis=1)
        for i, j in {(at[one], at[two]), (at[two], at[one])}:
            found[:, i, j] += total


def _parts(
    form: str, design: Design, values: Mapping[str, Floats], *, free: Sequence[str]
) -> list[Part]:
    """The exponentials of a form, differentiable by those of the coordinates `free` in them."""
    of, made = _curves(form, values, free), []
    for name, exponential in EXPONENTIALS[form].items():
        group = design.group(exponential.inputs)
        curve = exponential.curve(group.design, of)
        basis = np.exp(value(curve))
        made.append(Part(name, group, basis, curve))
    return made


def _slopes(
    parts: Sequence[Part], values: Mapping[str, Floats], *, free: Sequence[str]
) -> tuple[Floats, Floats]:
    at = {name: i for i, name in enumerate(free)}
    shape = len(next(iter(values.values()))), len(parts[0].group)
    loss, by = np.zeros(shape), np.zeros((shape[0], len(free), shape[1]))
    for part in parts:
        if part.name in at:
            by[:, at[part.name]] = part.group.spread(part.basis)
        term = values[part.name] * part.basis
        loss += part.group.spread(term)
        for name, slope in part.moved.items():
            by[:, at[name]] += part.group.spread(term * slope)
    return loss, by


def _curves(form: str, values: Mapping[str, Floats], free: Sequence[str]) -> Curves:
    """The coefficients, those of `free` that are in an exponent with their derivatives."""
    structure = STRUCTURES[form]
    return {
        name: coordinate(name, value, is_log=name in structure.positive)
        if name in free and name not in structure.linear
        else value
        for name, value in values.items()
    }


def _size(x: Design, of: Curves) -> Curve:
    """Of the effective size, -alpha ln N_e."""
    return of["alpha"] * (of["t"] * x.raised("kept").log + -x.raised("n_active").log)


def _data(x: Design, of: Curves) -> Curve:
    return of["beta"] * -x.raised("tokens").log


def _both(x: Design, of: Curves) -> Curve:
    return _size(x, of) + _data(x, of)


def _nothing(x: Design, of: Curves) -> Curve:  # noqa: ARG001
    """The exponent of a constant."""
    return np.zeros((1, 1))


def log_experts(x: Design, of: Curves) -> Curve:
    """Ln of the saturated experts h: 1/h = 1/(n_experts - 1 + 1/q) + 1/E_max.

    1/q is the offset of `saturate`.
    """
    experts, last = x.raised("n_experts"), inverse(of["E_max"])
    q = inverse(of["E_start"]) + -last
    return take(-log(q * inverse(q * (experts.distinct - 1) + 1.0) + last), experts.at)


def _ludziejewski_size(x: Design, of: Curves) -> Curve:
    h = log_experts(x, of)
    return of["delta"] * h + (of["alpha"] + of["gamma"] * h) * x.raised("n_active").log


def _ludziejewski_data(x: Design, of: Curves) -> Curve:
    h = log_experts(x, of)
    return of["omega"] * h + (of["beta"] + of["zeta"] * h) * x.raised("tokens").log


def _kumar_size(x: Design, of: Curves) -> Curve:
    """-alpha ln M; the share of N that each precision leaves is 1 - exp(-bits/gamma)."""
    effective: Curve = x.raised("n_active").log
    for bits, gamma in TRAINED.items():
        used = x.raised(bits)
        effective = effective + take(log_saturating(inverse(of[gamma]) * used.distinct), used.at)
    return -of["alpha"] * effective


def _kumar_quantised(x: Design, of: Curves) -> Curve:
    post, n, d = x.raised("bits_post"), x.raised("n_active").log, x.raised("tokens").log
    left = take(inverse(of["gamma_post"]) * -post.distinct, post.at)
    return of["gamma_D"] * d + of["gamma_N"] * -n + left


TRAINED = {"bits_weights": "gamma_w", "bits_activations": "gamma_a", "bits_kv": "gamma_kv"}
_CONSTANT = Exponential((), _nothing)
_OF_SIZE = Exponential(("n_active", "sparsity"), _size)
_OF_DATA = Exponential(("tokens",), _data)
EXPONENTIALS: Mapping[str, Mapping[str, Exponential]] = MappingProxyType(
    {
        "effective": {"E": _CONSTANT, "A": _OF_SIZE, "B": _OF_DATA},
        "interaction": {
            "E": _CONSTANT,
            "A": _OF_SIZE,
            "B": _OF_DATA,
            "C": Exponential(("n_active", "sparsity", "tokens"), _both),
        },
        "ludziejewski": {
            "a": Exponential(("n_active", "n_experts"), _ludziejewski_size),
            "b": Exponential(("tokens", "n_experts"), _ludziejewski_data),
            "c": _CONSTANT,
        },
        "kumar": {
            "A": Exponential(("n_active", *TRAINED), _kumar_size),
            "B": _OF_DATA,
            "E": _CONSTANT,
            "C_T": Exponential(("n_active", "tokens", "bits_post"), _kumar_quantised),
        },
    }
)
"""By form and coefficient."""
