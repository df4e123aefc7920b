"""What the catalogue says of each entry, as plain data for tables, JSON and pages."""

import math
from dataclasses import asdict
from typing import Any

from autotune import checks
from autotune.laws.allocation import AllocationLaw, Power
from autotune.laws.base import ScalingLaw
from autotune.laws.catalogue import (
    ALLOCATIONS,
    FORMS,
    HYPERPARAMETER_FORMS,
    HYPERPARAMETERS,
    LEVERAGES,
    PRESETS,
)
from autotune.laws.factors import FACTORS
from autotune.laws.hyperparameters import UNITS, HyperparameterForm, HyperparameterLaw
from autotune.laws.leverage import EfficiencyLeverage
from autotune.laws.source import FittedRange, Source


def names() -> list[str]:
    """Every name of the catalogue: what predicts a loss first, then what does not."""
    return [*PRESETS, *FORMS, *ALLOCATIONS, *LEVERAGES, *HYPERPARAMETERS, *HYPERPARAMETER_FORMS]


def of(name: str) -> dict[str, Any]:
    """The whole record of one entry.

    Raises:
        InputError: If there is none of that name; the message names the nearest.
    """
    checks.one_of("law", name, names())
    if name in PRESETS:
        return of_preset(name, PRESETS[name])
    if name in FORMS:
        return of_form(FORMS[name])
    if name in ALLOCATIONS:
        return of_allocation(ALLOCATIONS[name])
    if name in HYPERPARAMETERS:
        return of_hyperparameter(name, HYPERPARAMETERS[name])
    if name in HYPERPARAMETER_FORMS:
        return of_hyperparameter_form(HYPERPARAMETER_FORMS[name])
    return of_leverage(name, LEVERAGES[name])


def of_preset(name: str, law: ScalingLaw) -> dict[str, Any]:
    """A form with published coefficients."""
    return {
        "name": name,
        "kind": "preset",
        "form": law.form,
        "formula": law.formula,
        "coefficients": law.coefficients,
        "dense": law.dense,
        "factors": {factor: FACTORS[factor].meaning for factor in law.factors},
        "fixed_tokens": law.fixed_tokens,
        "source": _source(law.source),
    }


def of_form(form: type[ScalingLaw]) -> dict[str, Any]:
    """A form with free coefficients."""
    return {
        "name": form.form,
        "kind": "form",
        "formula": form.formula,
        "coefficients": list(form.coefficient_names()),
        "dense": form.dense,
        "factors": {factor: FACTORS[factor].meaning for factor in form.factors},
        "fixed_tokens": form.fixed_tokens,
        "presets": [name for name, law in PRESETS.items() if law.form == form.form],
    }


def of_allocation(law: AllocationLaw) -> dict[str, Any]:
    """A rule that splits a budget and predicts no loss."""
    return {
        "name": law.name,
        "kind": "allocation",
        "formula": f"{_rule('size', law.size)}, {_rule('tokens', law.tokens)}",
        "size_unit": law.size_unit,
        "coefficients": {
            "size": asdict(law.size) if law.size else None,
            "tokens": asdict(law.tokens),
        },
        "source": _source(law.source),
    }


def of_leverage(name: str, law: EfficiencyLeverage) -> dict[str, Any]:
    """A law of the compute that a mixture of experts saves."""
    letters = ("a", "d", "gamma", "beta", "A_start", "A_max")
    return {
        "name": name,
        "kind": "leverage",
        "formula": law.formula,
        "coefficients": {letter: getattr(law, letter) for letter in letters},
        "source": _source(law.source),
    }


def of_hyperparameter(name: str, law: HyperparameterLaw) -> dict[str, Any]:
    """A law of the learning rate or the batch size, with values."""
    form = of_hyperparameter_form(law.form)
    return {
        "name": name,
        "kind": "hyperparameter",
        "form": law.form.name,
        **{key: form[key] for key in ("formula", "target", "unit", "reads")},
        "coefficients": dict(law.coefficients),
        "source": _source(law.source),
    }


def of_hyperparameter_form(form: HyperparameterForm) -> dict[str, Any]:
    """A law of the learning rate or the batch size with free coefficients."""
    return {
        "name": form.name,
        "kind": "hyperparameter form",
        "formula": form.formula,
        "target": form.target,
        "unit": UNITS[form.target],
        "reads": list(form.exponents),
        "coefficients": list(form.coefficient_names),
        "presets": [name for name, law in HYPERPARAMETERS.items() if law.form == form],
    }


def _rule(what: str, power: Power | None) -> str:
    if power is None:
        return f"{what} not published"
    return f"{what} {'∝' if power.coefficient is None else '='} {power}"


def range_of(seen: FittedRange) -> dict[str, list[float | None]]:
    """The stated limits by input; an end that the source does not state is None."""

    def end(name: str, value: float) -> float | None:
        open_ = math.isinf(value) or (value == 0 and name not in ("sparsity", "shared_share"))
        return None if open_ else value

    return {name: [end(name, low), end(name, high)] for name, (low, high) in seen.limits().items()}


def _source(source: Source) -> dict[str, Any]:
    return {
        "citation": source.citation,
        "where": source.where,
        "n": source.n,
        "sparsity": source.sparsity,
        "flop_convention": source.flops,
        "corpus": source.corpus,
        "loss_unit": source.loss_unit,
        "range": range_of(source.range),
        "standard_errors": dict(source.standard_errors),
        "caveat": source.caveat,
    }
