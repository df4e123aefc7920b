"""A saved fit of the learning rate or the batch size as a JSON object and back."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np

from autotune.errors import StoreError
from autotune.fits import record
from autotune.fits.saved import SavedPower
from autotune.fitting.power import PowerFit
from autotune.fitting.result import FitStatus, Score
from autotune.laws.hyperparameters import HYPERPARAMETER_FORMS, HyperparameterLaw

KIND = "hyperparameter"


def to_json(fit: SavedPower) -> dict[str, Any]:
    """The fit as plain values."""
    result = fit.result
    document: dict[str, Any] = record.head(fit) | {
        "kind": KIND,
        "law": {
            "form": result.law.form.name,
            "coefficients": dict(result.law.coefficients),
            "source": asdict(result.law.source),
        },
        "settings": asdict(result.settings),
        "n_runs": result.n_runs,
        "n_cells": result.n_cells,
        "objective_sum": result.objective_sum,
        "score": asdict(result.score),
        "interval": dict(result.interval),
        "status": result.status.name,
        "condition": result.condition,
        "weak": result.weak,
        "warnings": result.warnings,
        "draws": result.draws,
    }
    return {key: record.plain(value) for key, value in document.items()}


def from_json(document: Mapping[str, Any]) -> SavedPower:
    """Read what `to_json` wrote.

    Raises:
        StoreError: If a newer autotune wrote it, or this one does not know the law's form.
        KeyError, TypeError, ValueError: If it is not the record of a fit.
    """
    record.refuse_newer(document)
    name = document["law"]["form"]
    if name not in HYPERPARAMETER_FORMS:
        raise StoreError(f"it is of the form {name!r}, which this autotune does not know.")
    form = HYPERPARAMETER_FORMS[name]
    values = record.numbers(document["law"]["coefficients"])
    draws = np.array([[float(x) for x in row] for row in document["draws"]], dtype=np.float64)
    result = PowerFit(
        law=HyperparameterLaw(
            form=form,
            coefficients={letter: values[letter] for letter in form.coefficient_names},
            source=record.source(document["law"]["source"]),
        ),
        settings=record.settings(document["settings"]),
        n_runs=int(document["n_runs"]),
        n_cells=int(document["n_cells"]),
        objective_sum=float(document["objective_sum"]),
        score=Score(**document["score"]),
        interval=record.intervals(document["interval"]),
        draws=draws.reshape(-1, len(form.coefficient_names)),
        status=FitStatus[document["status"]],
        condition=float(document["condition"]),
        weak=tuple(document["weak"]),
        warnings=tuple(document["warnings"]),
    )
    return SavedPower(
        id=document["id"], result=result, data=document["data"], data_hash=document["data_hash"]
    )
