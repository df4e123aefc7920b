"""Losses and derivatives of the forms that are sums neither of terms nor of exponentials.

As `terms.py` and `exponents.py`, with the rules of `jet.py` for the formula as a whole.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from autotune.fitting.design import Design
from autotune.fitting.expansion import Expansion
from autotune.fitting.exponents import Curves, log_experts
from autotune.fitting.jet import (
    Curve,
    Jet,
    coordinate,
    exp,
    expm1,
    inverse,
    log,
    take,
    value,
    where,
)
from autotune.fitting.structure import STRUCTURES
from autotune.types import Floats

LN10 = float(np.log(10.0))


@dataclass(frozen=True, slots=True)
class Formula:
    """A form as one function of the inputs and the coefficients.

    Attributes:
        of: The loss.
        is_log: Whether it is the logarithm of the loss.
    """

    of: Callable[[Design, Curves], Curve]
    is_log: bool = False


def losses(form: str, design: Design, values: Mapping[str, Floats]) -> Floats:
    """Predicted losses, shape (m, n), for coefficients by name, shape (m, 1) each."""
    formula = FORMULAS[form]
    found = value(formula.of(design, values))
    return _full(np.exp(found) if formula.is_log else found, design, values)


def slopes(
    form: str, design: Design, values: Mapping[str, Floats], *, free: Sequence[str]
) -> tuple[Floats, Floats]:
    """Predicted losses (m, n) and their derivatives by the coordinates `free` (m, k, n)."""
    return _slopes(_evaluated(form, design, values, free), form, design, values, free=free)


def expanded(
    form: str, design: Design, values: Mapping[str, Floats], *, free: Sequence[str]
) -> Expansion:
    """The same, with second derivatives."""
    found = _evaluated(form, design, values, free)
    loss, by = _slopes(found, form, design, values, free=free)
    at = {name: i for i, name in enumerate(free)}
    second = found.second if isinstance(found, Jet) else {}

    def curvature(weight: Floats) -> Floats:
        sums = np.zeros((len(loss), len(free), len(free)))
        if FORMULAS[form].is_log:  # L'' = L (ln L)'' + L' L' / L
            sums += (by * (weight / loss)[:, None]) @ np.swapaxes(by, 1, 2)
            weight = weight * loss
        for (one, two), bend in second.items():
            total = (bend * weight).sum(axis=1)
            for i, j in {(at[one], at[two]), (at[two], at[one])}:
                sums[:, i, j] += total
        return sums

    return Expansion(loss, by, curvature)


def _evaluated(
    form: str, design: Design, values: Mapping[str, Floats], free: Collection[str]
) -> Curve:
    positive = STRUCTURES[form].positive
    of = {
        name: coordinate(name, at, is_log=name in positive) if name in free else at
        for name, at in values.items()
    }
    return FORMULAS[form].of(design, of)


def _slopes(
    found: Curve, form: str, design: Design, values: Mapping[str, Floats], *, free: Sequence[str]
) -> tuple[Floats, Floats]:
    is_log = FORMULAS[form].is_log
    loss = _full(np.exp(value(found)) if is_log else value(found), design, values)
    by = np.zeros((len(loss), len(free), len(design)))
    moved = found.first if isinstance(found, Jet) else {}
    for i, name in enumerate(free):
        if name in moved:
            by[:, i] = moved[name] * loss if is_log else moved[name]
    return loss, by


def _full(loss: Floats, design: Design, values: Mapping[str, Floats]) -> Floats:
    """Also where neither the inputs nor the coefficients of a term change."""
    shape = len(next(iter(values.values()))), len(design)
    return loss if loss.shape == shape else np.broadcast_to(loss, shape).copy()


def _power(x: Design, name: str, exponent: Curve) -> Curve:
    """An input to a power, each of its different values raised once."""
    raised = x.raised(name)
    if raised.at is None:
        return exp(exponent * raised.log)
    return take(exp(exponent * np.log(raised.distinct)), raised.at)


def _kaplan(x: Design, of: Curves) -> Curve:
    """alpha_D ln[(N_c/N)^(alpha_N/alpha_D) + D_c/D], eq. 1.5."""
    ratio = of["alpha_N"] * inverse(of["alpha_D"])
    size = exp(ratio * (log(of["N_c"]) + -x.raised("n_active").log))
    return of["alpha_D"] * log(size + of["D_c"] * (1 / x.tokens))


def _frantar(x: Design, of: Curves) -> Curve:
    size = of["a_S"] * _power(x, "kept", of["b_S"]) + of["c_S"]
    data = exp(of["b_D"] * (log(of["a_D"]) + -x.raised("tokens").log))
    return size * _power(x, "n_active", -of["b_N"]) + data + of["c"]


def _clark(x: Design, of: Curves) -> Curve:
    size, experts = x.raised("n_active").log, log_experts(x, of)
    return of["d"] * LN10 + of["a"] * size + (of["b"] + of["c"] * (size / LN10)) * experts


def _zhao(x: Design, of: Curves) -> Curve:
    top_k, shared = x.factors["top_k"], x.factors["shared_share"]
    total, active = (_power(x, name, -of["alpha"]) for name in ("n_total", "n_active"))
    experts = of["e"] * top_k + of["f"] * (1 / top_k) + of["m"] * shared**2 + of["n"] * shared
    sizes = total + of["k"] * active + of["h"] * (1 - x.sparsity)
    data = of["b"] * _power(x, "tokens", -of["beta"])
    return experts * sizes + of["a"] * total + data + of["c"] * active + of["epsilon"]


def _muennighoff(x: Design, of: Curves) -> Curve:
    """A/N'^alpha with U_N = (alpha A / (beta B) U_D^beta)^(1/alpha), and B/D'^beta."""
    unique, size, tokens = (x.raised(n).log for n in ("unique_tokens", "n_active", "tokens"))
    weight = log(of["alpha"] * of["A"]) + -log(of["beta"] * of["B"])
    fed = (weight + of["beta"] * unique) * inverse(of["alpha"])
    small = size <= value(fed)
    excess = where(small, np.zeros(()), exp(-fed + size) + -1.0)
    used = where(small, size, fed + _log_worth(excess, of["R_N"]))
    again = np.maximum(np.expm1(tokens - unique), 0.0)
    data = np.minimum(tokens, unique) + _log_worth(again, of["R_D"])
    return of["E"] + of["A"] * exp(-of["alpha"] * used) + of["B"] * exp(-of["beta"] * data)


def _log_worth(again: Curve, repeats: Curve) -> Curve:
    """ln(1 + R (1 - exp(-again/R)))."""
    return log(-repeats * expm1(-again * inverse(repeats)) + 1.0)


FORMULAS: Mapping[str, Formula] = MappingProxyType(
    {
        "kaplan": Formula(_kaplan, is_log=True),
        "frantar": Formula(_frantar),
        "clark": Formula(_clark, is_log=True),
        "zhao": Formula(_zhao),
        "muennighoff": Formula(_muennighoff),
    }
)
