"""Saved fits as records of the catalogue."""

from pathlib import Path
from typing import Any

from autotune.cli import console
from autotune.errors import StoreError
from autotune.fits import files
from autotune.fits.saved import SavedFit, SavedPower
from autotune.laws import record


def saved(storage: Path) -> list[dict[str, Any]]:
    """The records of the saved fits; a file that is none is talked about and left out."""
    found = []
    for name in files.names(storage):
        try:
            found.append(of_fit(name, files.load_any(files.path_of(name, storage))))
        except StoreError as error:
            console.talk(f"autotune laws: {error}")
    return found


def of_fit(name: str, fit: SavedFit | SavedPower) -> dict[str, Any]:
    """The record of one fit."""
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
