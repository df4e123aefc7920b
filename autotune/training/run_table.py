"""Results as rows of a run table, with the columns that `fit`, `compare` and `suggest` read."""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from autotune.training.checkpoint_files import RESULTS
from autotune.training.result import RunResult, RunState, from_json

COLUMNS = (
    "n_active", "n_total", "tokens", "loss", "flops", "flops_6nd", "n_experts", "top_k",
    "granularity", "n_params", "seed", "trunk", "corpus", "bits_per_byte", "steps", "epochs",
    "batch_tokens", "optimizer", "lr_multiplier", "seconds", "cpu_seconds",
)  # fmt: skip
"""Parameters are those in matrices of the layers; `n_params` counts embedding and head as well.
FLOPs are exact; `seconds` and `cpu_seconds` include the way along the trunk."""


def kept(folder: Path) -> list[RunResult]:
    """The results that a run's folder holds; a torn last line is left out."""
    path = folder / RESULTS
    found = []
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else []:
        try:
            found.append(from_json(json.loads(line)))
        except (ValueError, KeyError, TypeError):
            continue
    return found


def row(result: RunResult, *, trunk: str) -> dict[str, Any]:
    """A finished run as cells by column; a dense model is one expert."""
    size, cost, facts = result.size, result.cost, result.facts
    settings: Mapping[str, Any] = facts["settings"]
    return {
        "n_active": size.n_active,
        "n_total": size.n_total,
        "tokens": result.tokens,
        "loss": result.loss,
        "flops": result.flops,
        "flops_6nd": result.flops_6nd,
        "n_experts": size.n_experts or 1,
        "top_k": size.top_k or 1,
        "granularity": size.granularity or 1,
        "n_params": size.n_params,
        "seed": facts["seed"],
        "trunk": trunk,
        "corpus": facts["corpus"],
        "bits_per_byte": result.bits_per_byte,
        "steps": result.steps,
        "epochs": facts["epochs"],
        "batch_tokens": settings["sequences"] * settings["context"],
        "optimizer": settings["optimizer"],
        "lr_multiplier": settings["lr_multiplier"],
        "seconds": cost.seconds,
        "cpu_seconds": cost.cpu_seconds,
    }


def rows(results: Iterable[tuple[str, RunResult]]) -> Iterator[dict[str, Any]]:
    """Rows of the runs that have a loss, given with their trunks."""
    for trunk, result in results:
        if result.state is RunState.COMPLETED:
            yield row(result, trunk=trunk)


def text(table: Iterable[Mapping[str, Any]]) -> str:
    """A table as CSV, with full precision."""
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: _cell(each[name]) for name in COLUMNS} for each in table)
    return out.getvalue()


def _cell(value: Any) -> Any:  # noqa: ANN401 - a number, text, or nothing
    return "" if value is None else value
