"""Every published fit that the public tables allow, beside ours on the same runs.

    python benchmarks/published_fits.py [--out results/reference/published_fits]

A row is one law on one table: the mean of Huber's loss (delta 0.001) of the residuals of log loss,
and the error in nats, of the published coefficients (where there are any) and of our fit.
Tables are fetched, or taken from the folder that AUTOTUNE_DATA names.
"""

import argparse
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from evidence import Record, manifest, tables, write, write_manifest

from autotune.cli.console import table as lay_out
from autotune.cli.open_runs import load
from autotune.fitting.fit import fit
from autotune.fitting.predict import predict
from autotune.fitting.result import FitResult
from autotune.fitting.runs import RunTable
from autotune.fitting.settings import Convention
from autotune.laws.base import ScalingLaw
from autotune.laws.catalogue import FORMS, PRESETS

ROUTER = "main_grid == 1 and (router_type == 'Dense' or router_type == '{}')"
SETS: Mapping[str, tuple[str, str]] = {
    "chinchilla": ("chinchilla_epoch", "besiroglu_outlier == 0"),
    "chinchilla, all": ("chinchilla_epoch", ""),
    "t5": ("frantar2023_t5", ""),
    "vit": ("frantar2023_vit", ""),
    "s-base": ("routed_clark2022", ROUTER.format("S-Base")),
    "rl-r": ("routed_clark2022", ROUTER.format("RL-R")),
    "hash": ("routed_clark2022", ROUTER.format("Hash")),
}
DELTA = 1e-3


@dataclass(frozen=True, slots=True)
class Case:
    """A form on a table, and the preset that was published for it, if any."""

    table: str
    form: str
    n: str = "active"
    preset: str = ""


CASES = (
    Case("chinchilla", "hoffmann", preset="besiroglu2024"),
    Case("chinchilla, all", "hoffmann", preset="hoffmann2022-unrounded"),
    Case("t5", "frantar", preset="frantar2023-t5"),
    Case("t5", "generalized", preset="generalized-pruning"),
    Case("t5", "generalized", n="total"),
    Case("t5", "hoffmann"),
    Case("vit", "frantar", preset="frantar2023-vit"),
    Case("vit", "generalized"),
    Case("vit", "generalized", n="total"),
    Case("vit", "hoffmann"),
    *(
        case
        for table, preset in (
            ("s-base", "clark2022-sbase"), ("rl-r", "clark2022-rlr"), ("hash", "clark2022-hash"),
        )
        for case in (
            Case(table, "clark", preset=preset),
            Case(table, "generalized", preset="generalized-moe"),
            Case(table, "generalized", n="total"),
            Case(table, "abnar", n="total", preset="abnar2025"),
            Case(table, "hoffmann"),
        )
    ),
)  # fmt: skip


def errors(law: ScalingLaw, runs: RunTable, convention: Convention) -> tuple[float, float]:
    """Mean Huber loss of log residuals, and root mean square error in nats."""
    predicted = predict(law, runs, convention)
    size = np.abs(np.log(np.maximum(predicted, 1e-300) / runs.loss))
    inside = np.minimum(size, DELTA)
    huber = float((inside * (size - inside / 2)).mean())
    return huber, float(np.sqrt(((predicted - runs.loss) ** 2).mean()))


def record(case: Case, runs: RunTable) -> Record:
    """One row: published and ours on the same runs."""
    form = FORMS[case.form]
    convention = Convention(case.n)  # type: ignore[arg-type]
    ours: FitResult = fit(form, runs, convention=convention)
    huber, rmse = errors(ours.law, runs, convention)
    coefficients = {name: float(f"{value:.6g}") for name, value in ours.law.coefficients.items()}
    row: Record = {
        "table": case.table, "runs": len(runs), "law": case.form, "n": case.n,
        "preset": case.preset or "none", "published_huber": "", "published_rmse": "",
        "huber": huber, "rmse": rmse, "status": ours.status.value,
        "starts_agreeing": f"{ours.starts[1]}/{ours.starts[0]}",
        "coefficients": json.dumps(coefficients),
    }  # fmt: skip
    if case.preset:
        row["published_huber"], row["published_rmse"] = errors(
            PRESETS[case.preset], runs, convention
        )
    return row


def shown(rows: list[Record]) -> str:
    """The rows as a table for people."""

    def number(value: str | float) -> str:
        return f"{value:.3g}" if isinstance(value, float) else str(value)

    names = ("table", "runs", "law", "n", "preset", "published_huber", "huber",
             "published_rmse", "rmse", "starts_agreeing")  # fmt: skip
    body = [[number(row[name]) for name in names] for row in rows]
    return lay_out(names, body, left=(0, 2, 3, 4))


def main() -> None:
    """Print the table; write it with --out."""
    parser = argparse.ArgumentParser(description="Published fits of public tables, and ours.")
    parser.add_argument("--out", type=Path, help="folder for fits.csv, fits.txt, manifest.json")
    arguments = parser.parse_args()
    made_by = manifest(delta=DELTA, tables=tables(SETS))
    runs = {name: load(data, where=where).table for name, (data, where) in SETS.items()}
    rows = [record(case, runs[case.table]) for case in CASES]
    print(shown(rows))
    if arguments.out:
        arguments.out.mkdir(parents=True, exist_ok=True)
        write(arguments.out / "fits.csv", rows)
        (arguments.out / "fits.txt").write_text(shown(rows) + "\n")
        write_manifest(arguments.out / "manifest.json", made_by)


if __name__ == "__main__":
    main()
