"""`autotune fit` for laws of the learning rate and the batch size."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import typer

from autotune import checks
from autotune.cli import console, fit_request, hyper_view
from autotune.cli.fit_view import talk_mapping
from autotune.cli.open_runs import path_of
from autotune.errors import InputError
from autotune.fits import files
from autotune.fits.saved import SavedPower
from autotune.fitting.power import DELTA, PowerFit, fit_power
from autotune.fitting.settings import FitSettings
from autotune.fitting.sweep import optima
from autotune.laws.catalogue import HYPERPARAMETER_FORMS, HYPERPARAMETERS
from autotune.laws.hyperparameters import HyperparameterForm
from autotune.runs.sweeps import ReadSweep, read_sweep

UNUSED = {
    "n": "N is the column n_active",
    "sparsity": "no sparsity is read",
    "bounds": "hold an exponent with --fix",
    "group": "a cell of one size and token count is one observation already",
    "emphasis": "its cells weigh alike",
    "profile": "its intervals are percentiles",
    "tolerance": "it is for --method isoflop",
}


def form_of(name: str) -> HyperparameterForm | None:
    """The form that a law's name means, None if it is no law of a hyper-parameter."""
    if name in HYPERPARAMETERS:
        return HYPERPARAMETERS[name].form
    return HYPERPARAMETER_FORMS.get(name)


def run(form: HyperparameterForm, given: Mapping[str, Any]) -> None:
    """Fit, print, and save if that is asked.

    Raises:
        InputError: If an option or the runs cannot be used.
    """
    _refuse_unused(form, given)
    settings = fit_request.settings_of(given, form.coefficient_names)
    _refuse(form, given, settings)
    if "delta" not in given:
        settings = replace(settings, delta=DELTA)
    path, mixed = path_of(given["runs"]), given["mixed_corpora"]
    read = read_sweep(path, form, where=given["where"], mixed_corpora=mixed)
    talk_mapping(read.sweep.name, read.mapping, read.dropped)
    found = optima(read.sweep, form.target, near=given.get("near"))
    fitted = fit_power(form, found, settings=settings, n_runs=len(read.sweep), name=read.sweep.name)
    view = hyper_view.View(fitted, found, read)
    saved = _save(given, fitted, read)
    if given["json"]:
        console.emit_json(view.document())
    else:
        console.say(view.text(saved=saved))
    if not fitted.converged:
        raise typer.Exit(1)


def _refuse_unused(form: HyperparameterForm, given: Mapping[str, Any]) -> None:
    """Options that have no meaning for a power law."""
    for name, why in UNUSED.items():
        if name in given:
            raise InputError(f"--{name} is of no use for {form.name}: {why}. Drop it.")


def _refuse(form: HyperparameterForm, given: Mapping[str, Any], settings: FitSettings) -> None:
    """Values that have no meaning for a power law."""
    if given["resample"] != "auto":
        raise InputError(f"--resample is of no use for {form.name}: cells are resampled. Drop it.")
    if given["objective"] == "mae":
        raise InputError(
            f"--objective mae has no unique optimum for {form.name}. Take huber, with a small "
            "--delta."
        )
    if "near" in given:
        checks.positive("--near", given["near"], hint="0.0025 is 0.25 % above the least loss.")
    if "c" in settings.fix:
        checks.positive("--fix c", settings.fix["c"], hint="It is the scale of the law.")
    if "save" in given:
        files.check_name(given["save"])
    elif given["force"]:
        raise InputError("--force is of no use without --save.")


def _save(given: Mapping[str, Any], fitted: PowerFit, read: ReadSweep) -> Path | None:
    if "save" not in given:
        return None
    fit = SavedPower(
        id=given["save"], result=fitted, data=read.sweep.name, data_hash=read.data_hash
    )
    return files.save(fit, given["storage"], force=given["force"])
