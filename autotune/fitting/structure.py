"""What the solver may use about each form: its linear coefficients, units and start ranges.

Every form is closed under a change of the unit of parameters and of tokens. In units near the
middle of the runs a coefficient such as A is the size of its term there, nearly uncorrelated
with its exponent; `units` says how to convert back. With the other coefficients held, the loss
is linear in `linear` (its logarithm, where `log`), so those never need a start.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np

from autotune.errors import InputError
from autotune.laws.base import ScalingLaw
from autotune.types import Interval

STEEPEST = 3.0
"""Of the powers of parameters and of tokens."""

_SIZE, _DATA = (-0.5, 1.5), (-0.5, 1.5)
_SPARSITY = (-2.5, 2.5)
_WORTH = (-0.5, 1.5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Structure:
    """How the solver sees one form.

    Attributes:
        linear: Coefficients in which the loss, or its logarithm, is linear.
        log: Whether it is the logarithm.
        starts: Range of the starts of every other coefficient, in the scaled units.
        positive: Those of them that are > 0 and searched on a logarithmic scale.
        units: By coefficient, the exponent of parameters and that of tokens in its unit: the
            name of a coefficient, with a minus sign where its negative counts, or a number.
        shifts: Coefficients that a change of unit moves by another one times its logarithm:
            that one, and 0 for parameters or 1 for tokens.
        ordered: Two coefficients of which the first must be below the second.
        limits: Where coefficients are sought unless the user bounds them; see `domain`.
        neutral: Values at which coefficients are held if the runs cannot identify them, the
            first to be held first; linear ones are held at 0.
        constant: The additive constant, empty if the form has none or scales it.
        flat: Powers at whose 0 a term is a constant too, and the coefficient of that term.
        terms: Of a form that is a sum of terms, the coefficient of each, the exponents in it and
            what they raise: `n_active`, `n_total`, `tokens`, `kept` (1 - sparsity) or a factor,
            with a minus sign where they divide by it. Empty for other forms.
        times: Inputs that terms are multiplied with, by the coefficient of the term.
    """

    linear: tuple[str, ...]
    log: bool = False
    starts: Mapping[str, Interval]
    positive: frozenset[str] = frozenset()
    units: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    shifts: Mapping[str, tuple[str, int]] = field(default_factory=dict)
    ordered: tuple[str, str] | None = None
    limits: Mapping[str, Interval] = field(default_factory=dict)
    neutral: Mapping[str, float] = field(default_factory=dict)
    constant: str = ""
    flat: Mapping[str, str] = field(default_factory=dict)
    terms: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    times: Mapping[str, str] = field(default_factory=dict)

    def domain(self, name: str) -> Interval:
        """Where a coefficient is sought unless the user bounds it.

        Some tables have no minimum within all numbers: the objective falls, ever more slowly, as
        a power turns into a step, or into an exponential. Beyond these limits the formula
        hardly changes, and its coefficients soon overflow.
        """
        powers = {power.removeprefix("-") for pair in self.units.values() for power in pair}
        steep = (-STEEPEST, STEEPEST) if name in powers else (-np.inf, np.inf)
        return self.limits.get(name, steep)


_SATURATION = {"E_start": (0.5, 20.0), "E_max": (20.0, 5000.0)}
_SATURATED = {"E_start": (1e-3, 20.0), "E_max": (1.0, 1e12)}

STRUCTURES: Mapping[str, Structure] = MappingProxyType(
    {
        "hoffmann": Structure(
            linear=("E", "A", "B"),
            constant="E",
            flat={"alpha": "A", "beta": "B"},
            terms={"E": {}, "A": {"alpha": "-n_active"}, "B": {"beta": "-tokens"}},
            starts={"alpha": _SIZE, "beta": _DATA},
            units={"A": ("alpha", ""), "B": ("", "beta")},
            neutral={"B": 0.0, "beta": 0.5, "A": 0.0, "alpha": 0.5},
        ),
        "kaplan": Structure(
            linear=(),
            starts={
                "N_c": (1e-3, 1e6),
                "D_c": (1e-3, 1e6),
                "alpha_N": (0.01, 0.6),
                "alpha_D": (0.01, 0.6),
            },
            positive=frozenset({"N_c", "D_c"}),
            limits=dict.fromkeys(("alpha_N", "alpha_D"), (1e-4, STEEPEST)),
            units={"N_c": ("1", ""), "D_c": ("", "1")},
            neutral={"D_c": 1e-12, "N_c": 1e-12, "alpha_D": 0.1, "alpha_N": 0.1},
        ),
        "frantar": Structure(
            linear=("a_S", "c_S", "c"),
            starts={"b_S": _SPARSITY, "b_N": _SIZE, "a_D": (1e-6, 1e2), "b_D": (0.02, 1.5)},
            positive=frozenset({"a_D"}),
            units={"a_S": ("b_N", ""), "c_S": ("b_N", ""), "a_D": ("", "1")},
            neutral={"a_S": 0.0, "b_S": 0.0, "a_D": 1e-9, "b_D": 0.5, "c_S": 0.0, "b_N": 0.5},
        ),
        "clark": Structure(
            linear=("a", "b", "c", "d"),
            log=True,
            starts=_SATURATION,
            positive=frozenset(_SATURATION),
            ordered=("E_start", "E_max"),
            limits=_SATURATED,
            neutral={"E_max": 300.0, "E_start": 1.0, "c": 0.0, "b": 0.0, "a": 0.0},
        ),
        "krajewski": Structure(
            linear=("c", "g", "a", "b"),
            constant="c",
            flat={"alpha": "a", "beta": "b"},
            terms={
                "c": {},
                "g": {"gamma": "-granularity", "alpha": "-n_total"},
                "a": {"alpha": "-n_total"},
                "b": {"beta": "-tokens"},
            },
            starts={"gamma": _SPARSITY, "alpha": _SIZE, "beta": _DATA},
            units={"g": ("alpha", ""), "a": ("alpha", ""), "b": ("", "beta")},
            neutral={"g": 0.0, "gamma": 0.0, "b": 0.0, "beta": 0.5, "a": 0.0, "alpha": 0.5},
        ),
        "abnar": Structure(
            linear=("e", "a", "b", "c", "d"),
            constant="e",
            flat={"alpha": "a", "beta": "b", "lambda_": "c"},
            terms={
                "e": {},
                "a": {"alpha": "-n_total"},
                "b": {"beta": "-tokens"},
                "c": {"lambda_": "-kept"},
                "d": {"delta": "-kept", "gamma": "-n_total"},
            },
            starts={
                "alpha": _SIZE,
                "beta": _DATA,
                "lambda_": _SPARSITY,
                "delta": _SPARSITY,
                "gamma": _SIZE,
            },
            units={"a": ("alpha", ""), "b": ("", "beta"), "d": ("gamma", "")},
            neutral={
                "delta": 0.0,
                "c": 0.0,
                "lambda_": 0.0,
                "d": 0.0,
                "gamma": 0.5,
                "b": 0.0,
                "beta": 0.5,
                "a": 0.0,
                "alpha": 0.5,
            },
        ),
        "ludziejewski": Structure(
            linear=("a", "b", "c"),
            starts={
                "alpha": (-1.0, 0.3),
                "delta": (-1.0, 1.0),
                "gamma": (-0.1, 0.1),
                "beta": (-1.0, 0.3),
                "omega": (-1.0, 1.0),
                "zeta": (-0.1, 0.1),
                **_SATURATION,
            },
            positive=frozenset(_SATURATION),
            units={"a": ("-alpha", ""), "b": ("", "-beta")},
            shifts={"delta": ("gamma", 0), "omega": ("zeta", 1)},
            ordered=("E_start", "E_max"),
            limits=_SATURATED,
            neutral={
                "E_max": 300.0,
                "E_start": 1.0,
                "gamma": 0.0,
                "zeta": 0.0,
                "delta": 0.0,
                "omega": 0.0,
                "b": 1e-99,
                "beta": -0.5,
                "a": 1e-99,
                "alpha": -0.5,
            },
        ),
        "zhao": Structure(
            linear=("e", "f", "m", "n", "a", "b", "c", "epsilon"),
            starts={"k": (-2.0, 2.0), "h": (-3.0, 3.0), "alpha": _SIZE, "beta": _DATA},
            units={
                **dict.fromkeys(("e", "f", "m", "n", "a", "c"), ("alpha", "")),
                "h": ("-alpha", ""),
                "b": ("", "beta"),
            },
            neutral={
                "h": 0.0,
                "k": 0.0,
                "m": 0.0,
                "n": 0.0,
                "e": 0.0,
                "f": 0.0,
                "c": 0.0,
                "b": 0.0,
                "beta": 0.5,
                "a": 0.0,
                "alpha": 0.5,
            },
        ),
        "muennighoff": Structure(
            linear=("E",),
            starts={
                "A": (0.02, 5.0),
                "B": (0.02, 5.0),
                "alpha": (0.1, 1.0),
                "beta": (0.1, 1.0),
                "R_D": (1.0, 60.0),
                "R_N": (1.0, 60.0),
            },
            positive=frozenset({"A", "B", "R_D", "R_N", "alpha", "beta"}),
            units={"A": ("alpha", ""), "B": ("", "beta")},
            neutral={"R_N": 5.0, "R_D": 15.0, "B": 1e-12, "beta": 0.5, "A": 1e-12, "alpha": 0.5},
        ),
        "kumar": Structure(
            linear=("A", "B", "E", "C_T"),
            constant="E",
            flat={"alpha": "A", "beta": "B"},
            starts={
                "alpha": _SIZE,
                "beta": _DATA,
                "gamma_D": (-0.5, 1.5),
                "gamma_N": (-0.5, 1.5),
                **dict.fromkeys(("gamma_w", "gamma_a", "gamma_kv", "gamma_post"), (0.3, 6.0)),
            },
            positive=frozenset({"gamma_w", "gamma_a", "gamma_kv", "gamma_post"}),
            limits=dict.fromkeys(("gamma_w", "gamma_a", "gamma_kv", "gamma_post"), (0.1, 100.0)),
            units={"A": ("alpha", ""), "B": ("", "beta"), "C_T": ("gamma_N", "-gamma_D")},
            neutral={
                "gamma_post": 0.5,
                "C_T": 1e-99,
                "gamma_D": 0.0,
                "gamma_N": 0.0,
                "gamma_kv": 0.5,
                "gamma_a": 0.5,
                "gamma_w": 0.5,
                "B": 0.0,
                "beta": 0.5,
                "A": 0.0,
                "alpha": 0.5,
            },
        ),
        "generalized": Structure(
            linear=("e", "a", "b", "c"),
            terms={
                "e": {"gamma": "kept"},
                "a": {"alpha": "-n_total"},
                "b": {"beta": "-tokens"},
                "c": {"alpha": "-n_active"},
            },
            times={"c": "sparsity"},
            starts={"alpha": _SIZE, "beta": _DATA, "gamma": _SPARSITY},
            units={"a": ("alpha", ""), "b": ("", "beta"), "c": ("alpha", "")},
            neutral={
                "c": 0.0,
                "gamma": 0.0,
                "b": 0.0,
                "beta": 0.5,
                "a": 0.0,
                "alpha": 0.5,
            },
        ),
        "effective": Structure(
            linear=("E", "A", "B"),
            constant="E",
            flat={"alpha": "A", "beta": "B"},
            starts={"alpha": _SIZE, "t": _WORTH, "beta": _DATA},
            units={"A": ("alpha", ""), "B": ("", "beta")},
            neutral={"t": 0.0, "B": 0.0, "beta": 0.5, "A": 0.0, "alpha": 0.5},
        ),
        "interaction": Structure(
            linear=("E", "A", "B", "C"),
            constant="E",
            flat={"alpha": "A", "beta": "B"},
            starts={"alpha": _SIZE, "t": _WORTH, "beta": _DATA},
            units={"A": ("alpha", ""), "B": ("", "beta"), "C": ("alpha", "beta")},
            neutral={"t": 0.0, "C": 0.0, "B": 0.0, "beta": 0.5, "A": 0.0, "alpha": 0.5},
        ),
        "coupled": Structure(
            linear=("E", "a", "c", "h", "B"),
            constant="E",
            flat={"alpha": "c", "beta": "B"},
            terms={
                "E": {},
                "a": {"delta": "kept", "alpha": "-n_active"},
                "c": {"alpha": "-n_active"},
                "h": {"alpha": "-n_active", "beta": "-tokens"},
                "B": {"beta": "-tokens"},
            },
            starts={"delta": _SPARSITY, "alpha": _SIZE, "beta": _DATA},
            units={
                **dict.fromkeys(("a", "c"), ("alpha", "")),
                "h": ("alpha", "beta"),
                "B": ("", "beta"),
            },
            neutral={
                "a": 0.0,
                "delta": 0.0,
                "h": 0.0,
                "B": 0.0,
                "beta": 0.5,
                "c": 0.0,
                "alpha": 0.5,
            },
        ),
    }
)


def structure_of(form: type[ScalingLaw]) -> Structure:
    """The solver's view of a form.

    Raises:
        InputError: If nobody has described the form to the solver.
    """
    if form.form not in STRUCTURES:
        raise InputError(f"{form.form} cannot be fitted: its structure is not known to the solver.")
    return STRUCTURES[form.form]
