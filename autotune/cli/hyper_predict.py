"""`autotune predict` for laws of the learning rate and the batch size."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from autotune.cli import console
from autotune.errors import InputError
from autotune.fits import files
from autotune.fits.saved import SavedPower
from autotune.fitting.power import PowerFit
from autotune.laws.catalogue import HYPERPARAMETERS, PRESETS
from autotune.laws.hyperparameters import LETTERS, UNITS, HyperparameterLaw, Target
from autotune.laws.points import same_length
from autotune.quantities import format_count
from autotune.runs import sweeps
from autotune.runs.domain import refuse_bad_cells
from autotune.runs.read import called, read_columns
from autotune.types import Floats


@dataclass(frozen=True, slots=True)
class Named:
    """A law as it was named, and the fit it comes from, None for a published one."""

    name: str
    law: HyperparameterLaw
    fit: PowerFit | None = None


def find(name: str, storage: Path) -> Named | None:
    """The law of a hyper-parameter that a name means, None if it means something else.

    Raises:
        StoreError: If a saved fit of that name cannot be read.
    """
    if name in HYPERPARAMETERS:
        return Named(name, HYPERPARAMETERS[name])
    fit = None if name in PRESETS else files.find(name, storage)
    return Named(name, fit.result.law, fit.result) if isinstance(fit, SavedPower) else None


def run(named: Named, given: Mapping[str, Floats], *, runs: str | None, json: bool) -> None:
    """Evaluate a law and print it.

    Args:
        named: The law.
        given: Inputs by name.
        runs: A path of a table in place of them.
        json: Whether to print a document.

    Raises:
        InputError: If an input that the law reads is not given and does not follow.
    """
    name, law = named.name, named.law
    values = _from_table(law, runs) if runs is not None else same_length(given)
    unread = sorted(values.keys() - law.form.exponents)
    how = sweeps.derive(values)
    missing = [each for each in law.form.exponents if each not in values]
    if missing:
        raise InputError(
            f"{name} reads {' and '.join(law.form.exponents)}, and {missing[0]} is not given. "
            f"Give --{missing[0].replace('_', '-')}."
        )
    for each, made in how.items():
        if each in law.form.exponents:
            note = f"; the law's own: {law.source.flops}" if each == "flops" else ""
            console.talk(f"note: {each} is {made}{note}")
    derived = bool(how.keys() & law.form.exponents.keys())
    idle = [each for each in unread if not (derived and each in ("n_active", "tokens", "flops"))]
    if idle and runs is None:
        console.talk(f"note: {name} does not read {', '.join(idle)}")
    inputs = {each: values[each] for each in law.form.exponents}
    _print(named, inputs, json=json)


def _from_table(law: HyperparameterLaw, path: str) -> dict[str, Floats]:
    needs = [sweeps.INSTEAD.get(each, (each,)) for each in law.form.exponents]
    raw = read_columns(path, needs=needs, aliases=sweeps.ALIASES)
    values = {ours: raw.values[theirs] for ours, theirs in raw.ours.items() if ours in LETTERS}
    refuse_bad_cells(raw, values, name=called(path))
    return values


def _rows(named: Named, inputs: Mapping[str, Floats]) -> list[dict[str, Any]]:
    law, target = named.law, named.law.form.target
    value = law.value(**inputs)
    limits = None if named.fit is None else named.fit.interval_at(**inputs)
    outside = {
        each: np.where(times > 1 + 1e-9, times, 1.0)
        for each, times in law.source.range.times_outside(**inputs).items()
    }
    return [
        {each: float(x[i]) for each, x in inputs.items()}
        | {target: float(value[i])}
        | ({} if limits is None else {"interval": limits[i].tolist()})
        | {"extrapolation": {e: float(t[i]) for e, t in outside.items() if t[i] > 1}}
        for i in range(value.size)
    ]


def _print(named: Named, inputs: Mapping[str, Floats], *, json: bool) -> None:
    name, target, source = named.name, named.law.form.target, named.law.source
    rows = _rows(named, inputs)
    warnings = [] if named.fit is None else list(named.fit.weak)
    if not source.range.limits().keys() & inputs.keys():
        warnings.append(f"{name} states no fitted range, so no extrapolation can be marked")
    for warning in warnings:
        console.talk(f"warning: {warning}")
    if source.caveat:
        console.talk(f"note: {source.caveat}")
    if json:
        console.emit_json({
            "law": name, "target": target, "unit": UNITS[target], "n_convention": source.n,
            "flop_convention": source.flops, "rows": rows, "warnings": warnings,
        })  # fmt: skip
        return
    body = [
        (
            *(format_count(row[each]) for each in inputs),
            _value(target, row[target]),
            *(
                " .. ".join(_value(target, end) for end in limits)
                for limits in [row.get("interval")]
                if limits
            ),
            ", ".join(f"{key} x{times:.3g}" for key, times in row["extrapolation"].items()) or "-",
        )
        for row in rows
    ]
    reads = {"n_active": f"N {source.n}", "flops": f"C as {source.flops}"}
    says = "; ".join([UNITS[target], *(reads[each] for each in inputs if each in reads)])
    console.say(f"{name}: {says}")
    shown = []
    if named.fit is not None and "interval" in rows[0]:
        shown = [f"{100 * named.fit.settings.level:g} % of the law"]
    headers = (*inputs, target, *shown, "beyond the fit")
    console.say(console.table(headers, body, left=[len(headers) - 1]))


def _value(target: Target, value: float) -> str:
    return f"{value:.3e}" if target == "lr" else format_count(value)
