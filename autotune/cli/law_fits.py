"""Saved fits as records of the catalogue."""

from pathlib import Path
from typing import Any

from autotune.cli import console
from autotune.errors import StoreError
from autotune.fits import files
from autotune.fits.saved import SavedPower, SavedShape
from autotune.laws import record
from autotune.laws.fitted_shape import LABELS


def saved(storage: Path) -> list[dict[str, Any]]:
    """The records of the saved fits; a file that is none is talked about and left out."""
    found = []
    for name in files.names(storage):
        try:
            found.append(of_fit(name, files.load_any(files.path_of(name, storage))))
        except StoreError as error:
            console.talk(f"autotune laws: {error}")
    return found


def of_fit(name: str, fit: files.AnyFit) -> dict[str, Any]:
    """The record of one fit."""
    if isinstance(fit, SavedShape):
        return of_shape(name, fit)
    result = fit.result
    if isinstance(fit, SavedPower):
        own = record.of_hyperparameter(name, fit.result.law)
        kind: dict[str, Any] = {"kind": "hyperparameter fit", "n_cells": fit.result.n_cells}
    else:
        own, convention = record.of_preset(name, fit.law), fit.result.convention
        kind = {
            "kind": "fit",
            "convention": {"n": convention.n, "sparsity": convention.sparsity},
        }
    return own | kind | {
        "data": fit.data,
        "data_hash": fit.data_hash,
        "n_runs": result.n_runs,
        "rms_log_residual": result.score.log_rmse,
        "interval": {letter: list(limits) for letter, limits in result.interval.items()},
        "level": result.settings.level,
        "draws": len(result.draws),
        "status": result.status.value,
        "weak": list(result.weak),
        "warnings": list(result.warnings),
    }  # fmt: skip


def of_shape(name: str, fit: SavedShape) -> dict[str, Any]:
    """The record of a fit of the best shape."""
    shape = fit.shape
    return {
        "name": name,
        "kind": "shape fit",
        "formula": "\n".join(
            f"{LABELS[number]} = {law.best.formula}" for number, law in shape.laws.items()
        ),
        "coefficients": {},
        "flops": list(shape.flops),
        "data": fit.data,
        "data_hash": fit.data_hash,
        "n_runs": fit.n_runs,
        "level": shape.level,
        "tolerance": shape.tolerance,
        "draws": max(len(law.best.draws) for law in shape.laws.values()),
        "status": "fitted with a caveat" if fit.weak else "fitted",
        "weak": list(fit.weak),
        "warnings": list(fit.warnings),
    }
