"""`autotune laws`: the catalogue, with sources."""

import re
from pathlib import Path
from typing import Annotated, Any

import typer

from autotune.cli import console
from autotune.cli.law_names import STORAGE
from autotune.cli.storage_option import FITS

EPILOG = """examples:

  autotune laws

  autotune laws abnar2025

  autotune laws my-fit

  autotune laws --json
"""
SHORT = {"n_active": "N", "n_total": "N total", "tokens": "D", "sparsity": "S", "flops": "C"}


def register(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    app.command("laws", epilog=EPILOG)(laws)


def laws(
    name: Annotated[
        str | None, typer.Argument(help="An entry or a saved fit, for its whole record.")
    ] = None,
    storage: Annotated[Path, FITS] = STORAGE,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """List the scaling laws, or show one with its source, range and conventions."""
    from autotune.cli.law_fits import saved
    from autotune.laws import record
    from autotune.laws.catalogue import (
        ALLOCATIONS,
        FORMS,
        HYPERPARAMETER_FORMS,
        HYPERPARAMETERS,
        LEVERAGES,
        PRESETS,
    )

    if name is not None:
        entry = _entry(name, storage)
        console.emit_json(entry) if json else console.say(_sheet(entry))
        return
    fits = saved(storage)
    kinds = {
        "presets": [record.of(each) for each in PRESETS],
        "forms": [record.of_form(form) for form in FORMS.values()],
        "allocations": [record.of(each) for each in ALLOCATIONS],
        "leverages": [record.of(each) for each in LEVERAGES],
        "hyperparameters": [record.of(each) for each in HYPERPARAMETERS],
        "hyperparameter_forms": [record.of(each) for each in HYPERPARAMETER_FORMS],
        "fits": [entry for entry in fits if entry["kind"] == "fit"],
        "hyperparameter_fits": [each for each in fits if each["kind"] == "hyperparameter fit"],
        "shape_fits": [entry for entry in fits if entry["kind"] == "shape fit"],
    }
    if json:
        console.emit_json(kinds)
        return
    console.say(_presets(kinds["presets"]))
    console.say(f"\nForms with free coefficients: {', '.join(FORMS)}.")
    for title, key in (
        ("Rules that split a budget without predicting a loss:", "allocations"),
        ("Law of the compute that a mixture of experts saves:", "leverages"),
    ):
        console.say(f"\n{title}")
        for entry in kinds[key]:
            console.say(f"  {entry['name']}: {entry['formula']}  ({_authors(entry)})")
    console.say("\nLaws of the best learning rate and batch size:")
    for entry in kinds["hyperparameters"]:
        console.say(f"  {entry['name']}: {_power(entry)}  ({_authors(entry)})")
    console.say(f"Their forms with free coefficients: {', '.join(HYPERPARAMETER_FORMS)}.")
    if kinds["fits"]:
        console.say(f"\nYour fits in {storage}:\n{_fits(kinds['fits'])}")
    if kinds["hyperparameter_fits"]:
        console.say(f"\nYour fits of learning rate and batch size in {storage}:")
        for entry in kinds["hyperparameter_fits"]:
            console.say(f"  {entry['name']}: {_power(entry)}  ({entry['data']})")
    if kinds["shape_fits"]:
        console.say(f"\nYour fits of the best shape of sparse models in {storage}:")
        for entry in kinds["shape_fits"]:
            low, high = entry["flops"]
            console.say(f"  {entry['name']}: {low:.3g} to {high:.3g} FLOPs  ({entry['data']})")
    console.talk(
        "\nN active parameters, D tokens, S sparsity, C FLOPs. `autotune laws NAME` has all."
    )


def _entry(name: str, storage: Path) -> dict[str, Any]:
    """The record of an entry of the catalogue, or of a saved fit."""
    from autotune.cli.law_fits import of_fit
    from autotune.cli.law_names import resolve
    from autotune.fits import files
    from autotune.laws import record

    if name in record.names():
        return record.of(name)
    fit = files.find(name, storage) or resolve(name, storage).fit
    return record.of(name) if fit is None else of_fit(name, fit)


def _fits(entries: list[dict[str, Any]]) -> str:
    rows = [
        (
            entry["name"],
            entry["form"],
            entry["source"]["n"],
            entry["source"]["sparsity"],
            _range(entry["source"]["range"], brief=True),
            f"{entry['data']}, {entry['n_runs']} runs",
            f"{entry['rms_log_residual']:.2e}",
        )
        for entry in entries
    ]
    headers = ("fit", "form", "N counts", "sparsity", "fitted on", "runs", "rms log residual")
    return console.table(headers, rows, left=range(len(headers) - 1))


def _power(entry: dict[str, Any]) -> str:
    """The formula with its numbers in place of the coefficients' names."""
    left, _, right = str(entry["formula"]).partition(" = ")
    for letter, value in entry["coefficients"].items():
        right = re.sub(rf"(?<![A-Za-z]){letter}\b", f"{value:.4g}", right)
    return f"{left} = {right}"


def _presets(entries: list[dict[str, Any]]) -> str:
    rows = [
        (
            entry["name"],
            entry["form"],
            _brief(entry["source"]["n"]),
            _brief(entry["source"]["sparsity"]),
            _range(entry["source"]["range"], brief=True),
            _authors(entry),
        )
        for entry in entries
    ]
    headers = ("preset", "form", "N counts", "sparsity", "fitted on", "source")
    return console.table(headers, rows, left=range(len(headers)))


def _brief(text: str) -> str:
    """The leading words of a convention; the record has the rest."""
    return text.partition(" (")[0].partition(":")[0].partition(",")[0]


def _authors(entry: dict[str, Any]) -> str:
    return str(entry["source"]["citation"]).partition(", arXiv")[0]


def _range(limits: dict[str, list[float | None]], *, brief: bool) -> str:
    parts = []
    for name, (low, high) in limits.items():
        if brief and (name not in SHORT or low == high == 0):
            continue
        if brief and name == "n_total" and "n_active" in limits:
            continue
        label = SHORT.get(name, name) if brief else name
        parts.append(f"{label} {_interval(low, high, share=name in ('sparsity', 'shared_share'))}")
    return (", " if brief else "\n").join(parts) or ("-" if brief else "not stated")


def _interval(low: float | None, high: float | None, *, share: bool) -> str:
    from autotune.quantities import format_count

    def text(value: float) -> str:
        return f"{value:g}" if share else format_count(value, digits=3)

    if low is None and high is None:
        return "not stated"
    if low is None or high is None:
        return f"<= {text(high)}" if high is not None else f">= {text(low or 0.0)}"
    return text(low) if low == high else f"{text(low)}..{text(high)}"


def _sheet(entry: dict[str, Any]) -> str:
    """One entry in full: formula, coefficients, ranges, conventions, caveat."""
    lines = [
        ("", entry["name"]),
        ("kind", entry["kind"] + (f" of the form {entry['form']}" if "form" in entry else "")),
        ("formula", entry["formula"]),
        *_coefficients(entry),
        *([("gives", entry["unit"])] if "unit" in entry else []),
        *((f"input {name}", meaning) for name, meaning in entry.get("factors", {}).items()),
    ]
    if entry.get("fixed_tokens"):
        lines.append(("tokens", f"fixed at {entry['fixed_tokens']:.4g}: no data term"))
    if entry.get("presets"):
        lines.append(("presets", ", ".join(entry["presets"])))
    if entry["kind"].endswith("fit"):
        lines.append(("intervals", f"{100 * entry['level']:g} %, {entry['draws']} draws saved"))
        lines.append(("status", entry["status"]))
        lines += [("not identified", sentence) for sentence in entry["weak"]]
        lines += [("warning", sentence) for sentence in entry["warnings"]]
    if "source" in entry:
        lines += _conventions(entry["source"])
    width = max(len(label) for label, _ in lines)
    return "\n".join(
        f"{label:<{width}}  {line}" if i == 0 else f"{'':<{width}}  {line}"
        for label, text in lines
        for i, line in enumerate(text.splitlines())
    ).strip()


def _coefficients(entry: dict[str, Any]) -> list[tuple[str, str]]:
    values = entry["coefficients"]
    if not values:
        return []
    if isinstance(values, list):
        return [("coefficients", ", ".join(values))]
    if entry["kind"] == "allocation":
        return [("size in", entry["size_unit"])]
    errors, limits = entry["source"]["standard_errors"], entry.get("interval", {})
    return [
        (
            letter,
            f"{value:.10g}"
            + (f" ± {errors[letter]:g}" if letter in errors else "")
            + ("  [{:.4g}, {:.4g}]".format(*limits[letter]) if letter in limits else ""),
        )
        for letter, value in values.items()
    ]


def _conventions(source: dict[str, Any]) -> list[tuple[str, str]]:
    lines = [
        ("source", f"{source['citation']}; {source['where']}"),
        ("N counts", source["n"]),
        ("sparsity", source["sparsity"]),
        ("FLOPs", source["flop_convention"]),
        ("corpus", source["corpus"]),
        ("loss", source["loss_unit"]),
        ("fitted on", _range(source["range"], brief=False)),
    ]
    return lines + ([("caveat", source["caveat"])] if source["caveat"] else [])
