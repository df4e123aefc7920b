"""`autotune predict`: what a law says at given points."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from autotune.cli import console
from autotune.cli.law_names import STORAGE
from autotune.cli.storage_option import FITS

if TYPE_CHECKING:
    from collections.abc import Callable

    from autotune.laws.base import ScalingLaw
    from autotune.types import Floats

EPILOG = """examples:

  autotune predict --law abnar2025 --n-active 1e9,2e9 --tokens 20B --sparsity 0.9

  autotune predict --law abnar2025 --n-total 671B --tokens 14.8T --sparsity 0.945 --json

  autotune predict --law ludziejewski2025 --n-active 1B --tokens 20B --n-experts 1,8,32

  autotune predict --law besiroglu2024 --runs runs.csv --json

  autotune predict --law step2025-lr --n-active 1B --tokens 20B

  autotune predict --law deepseek2024-batch --flops 1e20,1e22

Lists have equal lengths or one value. A table (CSV, Parquet) has the
columns n_active or n_total, tokens or flops, and what the law needs: sparsity, n_experts, top_k.
"""


@dataclass(frozen=True, slots=True)
class _Points:
    """Inputs of a law by name, how an error or warning names one, and what was assumed."""

    values: "dict[str, Floats]"
    name_row: "Callable[[int], str]"
    notes: list[str]


SIZES = ("n_active", "n_total", "tokens", "sparsity", "flops")


def register(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    app.command("predict", epilog=EPILOG)(predict)


def predict(
    law: Annotated[str, typer.Option(help="A preset, see `autotune laws`, or a saved fit.")],
    n_active: Annotated[str | None, typer.Option(help="Parameters used per token.")] = None,
    n_total: Annotated[str | None, typer.Option(help="All parameters, in place of that.")] = None,
    tokens: Annotated[str | None, typer.Option(help="Training tokens.")] = None,
    flops: Annotated[str | None, typer.Option(help="Training FLOPs, in place of them.")] = None,
    sparsity: Annotated[str | None, typer.Option(help="1 - n_active/n_total; default 0.")] = None,
    n_experts: Annotated[str | None, typer.Option(help="Routed experts; 1 is dense.")] = None,
    granularity: Annotated[str | None, typer.Option(help="4 d_model / d_expert.")] = None,
    top_k: Annotated[str | None, typer.Option(help="Experts that a token activates.")] = None,
    shared_share: Annotated[str | None, typer.Option(help="Shared ones among those.")] = None,
    unique_tokens: Annotated[str | None, typer.Option(help="Distinct tokens there are.")] = None,
    runs: Annotated[str | None, typer.Option(help="Table of runs, public name, or -.")] = None,
    storage: Annotated[Path, FITS] = STORAGE,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Predict the loss, learning rate or batch size at points given as lists, or as a table."""
    from autotune.cli.law_names import resolve
    from autotune.cli.open_runs import path_of
    from autotune.errors import InputError

    options = {
        "n_active": n_active,
        "n_total": n_total,
        "tokens": tokens,
        "flops": flops,
        "sparsity": sparsity,
        "n_experts": n_experts,
        "granularity": granularity,
        "top_k": top_k,
        "shared_share": shared_share,
        "unique_tokens": unique_tokens,
    }
    given = {name: text for name, text in options.items() if text is not None}
    if runs is not None and given:
        flags = ", ".join(f"--{name.replace('_', '-')}" for name in given)
        raise InputError(f"--runs already gives every point. Drop it, or drop {flags}.")
    from autotune.cli import hyper_predict

    hyper = hyper_predict.find(law, storage)
    if hyper is not None:
        path = None if runs is None else path_of(runs)
        hyper_predict.run(hyper, _values(given), runs=path, json=json)
        return
    preset = resolve(law, storage).law
    if {"tokens", "flops"} <= given.keys():
        raise InputError("a law of the loss reads tokens or flops, not both. Drop --flops.")
    points = _from_table(preset, runs) if runs is not None else _from_lists(preset, given)
    values = points.values
    if not preset.reads_sparsity and not values["sparsity"].any():
        del values["sparsity"], values["n_total"]  # experts stand for them: not known, not 0
    loss = preset.loss(**{name: x for name, x in values.items() if name != "n_total"})
    for note in points.notes:
        console.talk(f"note: {note}")
    warnings = _warnings(law, preset, points)
    _print(law, preset, _rows(preset, values, loss), warnings=warnings, json=json)


def _from_lists(law: "ScalingLaw", given: dict[str, str]) -> _Points:
    from autotune.laws.points import complete

    values = _values(given)
    notes = _fill_fixed_tokens(law, values)
    known, how = complete(values)
    if law.reads_sparsity and not law.dense and "sparsity" in how and "sparsity" not in given:
        notes.append(f"sparsity is {how['sparsity']}")
    return _Points(known, lambda i: f"point {i + 1}", notes)


def _fill_fixed_tokens(law: "ScalingLaw", values: "dict[str, Floats]") -> list[str]:
    """Add the one token count that a law without a data term holds at, if none is given."""
    import numpy as np

    if law.fixed_tokens is None or values.keys() & {"tokens", "flops"}:
        return []
    values["tokens"] = np.array([law.fixed_tokens])
    return [f"tokens are taken as {law.fixed_tokens:.4g}, the one count this law holds at"]


def _values(given: dict[str, str]) -> "dict[str, Floats]":
    import numpy as np

    return {
        name: np.array([_value(name, item) for item in text.split(",")])
        for name, text in given.items()
    }


def _value(name: str, text: str) -> float:
    from autotune.errors import InputError
    from autotune.laws.points import value_of

    try:
        return value_of(name, text)
    except InputError as error:
        raise InputError(f"--{name.replace('_', '-')} {text}: {error}") from None


def _from_table(law: "ScalingLaw", text: str) -> _Points:
    from autotune.cli.open_runs import path_of
    from autotune.laws import points
    from autotune.runs.domain import refuse_bad_cells
    from autotune.runs.read import called, read_columns

    path = path_of(text)
    sizes = [("n_active", "n_total"), *([] if law.fixed_tokens else [("tokens", "flops")])]
    needs = [*sizes, *((name,) for name in law.factors)]
    raw = replace(read_columns(path, needs=needs), word="row")  # as points are called here
    values = {
        ours: raw.values[theirs]
        for ours, theirs in raw.ours.items()
        if ours in SIZES or ours in law.factors
    }
    refuse_bad_cells(raw, values, name=called(path))
    notes = [f"{ours} is column {raw.ours[ours]}" for ours in values if raw.ours[ours] != ours]
    notes += _fill_fixed_tokens(law, values)

    def name_row(i: int) -> str:
        return f"{raw.word} {raw.lines[i]}"

    known, how = points.complete(values, name_row=name_row)
    notes += [
        f"column {name} is derived: {made}" for name, made in how.items() if name not in values
    ]
    return _Points(known, name_row, notes)


def _outside(law: "ScalingLaw", values: "dict[str, Floats]") -> "dict[str, Floats]":
    """How many times each value lies beyond what the fit saw; rounding is no extrapolation."""
    import numpy as np

    flops = 6 * values["n_active"] * values["tokens"]
    times = law.source.range.times_outside(**values, flops=flops)
    return {name: np.where(ratio > 1 + 1e-9, ratio, 1.0) for name, ratio in times.items()}


def _warnings(name: str, law: "ScalingLaw", points: _Points) -> list[str]:
    found = []
    if not law.reads_sparsity and "sparsity" in points.values:
        found.append(f"{name} does not read sparsity: {', '.join(law.factors)} stands for it")
    if not law.source.range.limits().keys() - {"sparsity"}:
        found.append(f"{name} states no fitted range, so no extrapolation can be marked")
    for variable, times in _outside(law, points.values).items():
        out = times > 1
        if out.any():
            worst = int(times.argmax())
            low, high = law.source.range.limits()[variable]
            ratio = " in n_total/n_active" if variable == "sparsity" else ""
            found.append(
                f"{variable} lies outside the fitted range {low:.4g} to {high:.4g} in "
                f"{int(out.sum())} of {out.size} points, by up to {times[worst]:.4g} times"
                f"{ratio} ({points.name_row(worst)})"
            )
    return found


def _rows(law: "ScalingLaw", values: "dict[str, Floats]", loss: "Floats") -> list[dict[str, Any]]:
    outside = _outside(law, values)
    return [
        {name: float(values[name][i]) for name in (*SIZES, *law.factors) if name in values}
        | {
            "loss": float(loss[i]),
            "extrapolation": {
                name: float(times[i]) for name, times in outside.items() if times[i] > 1
            },
        }
        for i in range(loss.size)
    ]


def _print(
    name: str,
    law: "ScalingLaw",
    rows: list[dict[str, Any]],
    *,
    warnings: list[str],
    json: bool,
) -> None:
    from autotune.quantities import format_count

    for warning in warnings:
        console.talk(f"warning: {warning}")
    if law.source.caveat:
        console.talk(f"note: {law.source.caveat}")
    document = {
        "law": name,
        "loss_unit": law.source.loss_unit,
        "flop_convention": law.source.flops,
        "rows": rows,
        "warnings": warnings,
    }
    if json:
        console.emit_json(document)
        return
    inputs = [column for column in rows[0] if column not in ("loss", "extrapolation")]
    body = [
        (*(format_count(row[column]) for column in inputs), f"{row['loss']:.4f}",
         ", ".join(f"{key} x{times:.3g}" for key, times in row["extrapolation"].items()) or "-")
        for row in rows
    ]  # fmt: skip
    console.say(f"{name}: loss in {law.source.loss_unit}; FLOPs as {law.source.flops}")
    headers = (*inputs, "loss", "beyond the fit")
    console.say(console.table(headers, body, left=[len(headers) - 1]))
