"""What `autotune design fit` found, as plain data: the document of --json."""

from dataclasses import asdict
from typing import Any

from autotune.fitting.shape_budget import BudgetFit
from autotune.fitting.shape_fit import ShapeFit
from autotune.laws.fitted_shape import LABELS, Banded, FittedPower, interval
from autotune.runs.shapes import ReadShapes
from autotune.types import Interval

METHOD = (
    "bootstrap within budgets: residuals of the curves drawn anew for their runs; for learning "
    "rate and batch, runs drawn with replacement"
)


def of(fitted: ShapeFit, read: ReadShapes) -> dict[str, Any]:
    """Everything: counts, best values and bands by budget, the laws and what to know."""
    shape = fitted.shape
    return {
        "data": read.runs.name,
        "data_hash": read.data_hash,
        "n_runs": fitted.n_runs,
        "dropped": list(read.dropped),
        "held": {
            "n_experts": shape.n_experts,
            "top_k": shape.top_k,
            "n_shared": shape.n_shared,
            "dense_ratio": shape.dense_ratio,
            "seq_len": shape.seq_len,
        },
        "settings": asdict(fitted.settings),
        "interval_method": METHOD,
        "budgets": [_budget(fitted, i) for i in range(len(fitted.budgets))],
        "laws": {number: _law(law, shape.flops, shape.level) for number, law in shape.laws.items()},
        "weak": list(fitted.weak),
        "warnings": [*read.warnings, *fitted.warnings],
    }


def _budget(fitted: ShapeFit, i: int) -> dict[str, Any]:
    budget: BudgetFit = fitted.budgets[i]
    curves = {
        number: {
            "n_runs": len(curve.rows),
            "n_values": curve.n_values,
            "state": curve.state.value,
            "best": float(curve.ends[0]),
            "band": [float(end) for end in curve.ends[1:]],
            "held_at": {number: str(at) for number, at in curve.held_at.items()},
        }
        for number, curve in budget.curves.items()
    }
    steps = {
        number: {
            "n_runs": len(near.rows),
            "n_values": near.n_values,
            "state": "fitted",
            "best": float(near.ends[0]),
            "band": [float(end) for end in near.ends[1:]],
        }
        for number, near in budget.steps.items()
    }
    return {
        "flops": budget.flops,
        "n_runs": len(budget.rows),
        "heads": asdict(fitted.shape.scales[i]),
        "numbers": curves | steps,
        "rank_preservation": None
        if budget.gate is None
        else asdict(budget.gate) | {"accepted": budget.gate.accepted},
    }


def _law(law: Banded, ends: Interval, level: float) -> dict[str, Any]:
    return {
        "budgets": list(law.budgets),
        "best": _power(law.best, level),
        "low": _power(law.low, level),
        "high": _power(law.high, level),
        "predictions": [
            {
                "flops": flops,
                "value": law.best.value(flops),
                "interval": interval(law.best.drawn(flops), level),
                "band": list(law.band(flops)),
            }
            for flops in dict.fromkeys(ends)
        ],
    }


def _power(law: FittedPower, level: float) -> dict[str, Any]:
    import numpy as np

    return {
        "rule": str(law.formula),
        "c": law.formula.c,
        "p": law.formula.p,
        "c_interval": interval(np.exp(law.draws[:, 0]), level),
        "p_interval": interval(law.draws[:, 1], level),
    }


def label(number: str) -> str:
    """How a number is written."""
    return {str(name): text for name, text in LABELS.items()}[number]
