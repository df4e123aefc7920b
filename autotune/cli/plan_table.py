"""The table of released models beside their plans, and its record on disk."""

import csv
import json
import platform
import subprocess
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from autotune.cli import console, plan_request, plan_view
from autotune.errors import StoreError
from autotune.models import trained
from autotune.planning import comparison, extrapolation
from autotune.planning.comparison import Comparison
from autotune.quantities import format_count

NAME = "released_models"
COMMAND = "autotune plan --like all --csv results/reference/released_models"


def all_models(given: Mapping[str, Any]) -> list[Comparison]:
    """Compare every model whose tokens are known with every law that applies."""
    laws = {named.name: named.law for named in plan_request.named_laws(given)}
    known = [model for model in trained.models().values() if model.tokens is not None]
    return [row for model in known for row in comparison.compare(model, laws)]


def row(item: Comparison) -> dict[str, Any]:
    """One line of the table; numbers at full precision."""
    model, plan = item.model, item.plan
    return {
        "model": model.name,
        "sure": str(model.sure),
        "law": plan.law,
        "flops": plan.flops,
        "sparsity": plan.sparsity,
        "trained_n_active": model.n_active,
        "trained_n_total": model.n_total,
        "trained_tokens": model.tokens,
        "trained_loss": item.trained_loss,
        "n_active": plan.n_active,
        "n_total": plan.n_total,
        "tokens": plan.tokens,
        "tokens_per_param": plan.tokens_per_param,
        "loss": plan.loss,
        "band_n_active_low": plan.band.n_active[0],
        "band_n_active_high": plan.band.n_active[1],
        "band_tokens_low": plan.band.tokens[0],
        "band_tokens_high": plan.band.tokens[1],
        **{f"beyond_{name}": plan.extrapolation[name] for name in extrapolation.VARIABLES},
        "in_range": plan.in_range,
    }


def to_json(item: Comparison) -> dict[str, Any]:
    """The plan as elsewhere, and what was trained."""
    model = item.model
    made = {
        "model": model.name,
        "n_active": model.n_active,
        "n_total": model.n_total,
        "sparsity": model.sparsity,
        "tokens": model.tokens,
        "loss": item.trained_loss,
        "sure": str(model.sure),
        "source": model.source,
    }
    return item.plan.to_json() | {"trained": made}


def text(items: Sequence[Comparison]) -> str:
    """The table for people."""
    headers = ("model", "law", "N trained", "N planned", "D trained", "D planned", "gap", "range")
    rows = [
        (
            item.model.name,
            item.plan.law,
            format_count(item.model.n_active),
            format_count(item.plan.n_active),
            format_count(item.model.tokens or 0.0),
            format_count(item.plan.tokens),
            f"{item.trained_loss - item.plan.loss:+.4f}",
            plan_view.fitted_range(item.plan),
        )
        for item in items
    ]
    unknown = [model.name for model in trained.models().values() if model.tokens is None]
    return (
        f"{console.table(headers, rows, left=(0, 1, 7))}\n\n"
        "N is active parameters and FLOPs are 6 N_active D. The gap is the law's loss as trained "
        "less\nits loss as planned, in nats per token; gaps of different laws are not comparable."
        f"\nTokens not known, so no budget is either: {', '.join(unknown)}."
    )


def _commit() -> str | None:
    """The commit of the code that runs, None outside a checkout."""
    done = subprocess.run(
        ["git", "rev-parse", "HEAD"],
        cwd=Path(__file__).parent,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip() or None


def write(folder: str, items: Sequence[Comparison]) -> None:
    """Write the table as CSV and a manifest that says how it was made.

    Raises:
        StoreError: If the folder cannot be written.
    """
    place = Path(folder)
    rows = [row(item) for item in items]
    manifest = {
        "command": COMMAND,
        "commit": _commit(),
        "rows": len(rows),
        "models": list(dict.fromkeys(item.model.name for item in items)),
        "laws": sorted({item.plan.law for item in items}),
        "seed": None,
        "versions": {
            "autotune-llm": version("autotune-llm"),
            "numpy": version("numpy"),
            "python": platform.python_version(),
        },
    }
    try:
        place.mkdir(parents=True, exist_ok=True)
        with (place / f"{NAME}.csv").open("w", newline="") as file:
            writer = csv.DictWriter(file, rows[0].keys(), lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
        (place / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n")
    except OSError as error:
        raise StoreError(
            f"cannot write {place}: {error.strerror}. Choose another folder."
        ) from None
    console.talk(f"{len(rows)} rows written to {place / NAME}.csv")
