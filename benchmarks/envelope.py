"""How often 95 % intervals of the envelope (Hoffmann's approach 1) hold an exponent.

    OMP_NUM_THREADS=1 python benchmarks/envelope.py [--tables 100] [--out DIR]

Runs follow the law of Besiroglu et al. (2024), whose best N grows as C^.513. Each run has one
normal error of its log loss, which all of its checkpoints share. Two kinds of truth are asked for:
the exponent of the law, and that of an envelope through the same runs without noise, which only
knows the sizes that were trained.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from evidence import Record, manifest, write, write_manifest

from autotune.cli.console import table as lay_out
from autotune.errors import FitError
from autotune.fitting.allocation import AllocationSettings
from autotune.fitting.envelope import envelope
from autotune.fitting.runs import RunTable
from autotune.laws.hoffmann import BESIROGLU_2024
from autotune.types import Floats

LEVEL, DRAWS = 0.95, 200
LAW = BESIROGLU_2024
EXPONENT = LAW.beta / (LAW.alpha + LAW.beta)
DESIGNS = (
    ("checkpoints", 12, 0.003),
    ("checkpoints", 24, 0.003),
    ("checkpoints", 48, 0.003),
    ("finished", 60, 0.003),
    ("finished", 240, 0.003),
    ("finished", 240, 0.0075),
)
"""Kind of rows, runs, and noise of the log loss: 0.003 to 0.0075 in the public tables."""

SIZES, RATIOS, CHECKPOINTS = (5e7, 1.6e10), (1.0, 200.0), 30


def design(kind: str, n_runs: int) -> tuple[Floats, Floats]:
    """N and D, shape (runs, checkpoints): sizes evenly spaced, 1 to 200 tokens per parameter."""
    n = np.geomspace(*SIZES, n_runs)[:, None]
    if kind == "checkpoints":
        d = n * np.geomspace(*RATIOS, CHECKPOINTS)
    else:
        per = np.random.default_rng(0).permutation(np.geomspace(*RATIOS, n_runs))
        d = n * per[:, None]
    return np.broadcast_to(n, d.shape), d


def table_of(n: Floats, d: Floats, error: Floats) -> RunTable:
    """Rows of all checkpoints, run by run; `error` is one number per run."""
    size, tokens = n.ravel(), d.ravel()
    loss = (LAW.loss(n, d) * np.exp(error)[:, None]).ravel()
    return RunTable(
        n_active=size, n_total=size, tokens=tokens, loss=loss, flops=6 * size * tokens,
        weight=np.ones(len(size)), lines=np.arange(len(size)) + 2,
    )  # fmt: skip


def study(kind: str, n_runs: int, noise: float, *, n_tables: int) -> Record:
    """One design: coverage of both truths, and the median width of the intervals."""
    n, d = design(kind, n_runs)
    grouped = kind == "checkpoints"
    groups = np.repeat(np.arange(n_runs), n.shape[1]) if grouped else None
    labels = tuple(f"run {i}" for i in range(n_runs)) if grouped else ()

    def made(error: Floats, draws: int, seed: int) -> tuple[float, tuple[float, float] | None]:
        settings = AllocationSettings(bootstrap=draws, level=LEVEL, seed=seed)
        found = envelope(table_of(n, d, error), settings, groups=groups, labels=labels)
        return found.size.exponent, found.interval.get("a")

    clean, _ = made(np.zeros(n_runs), 0, 0)
    ends, lost = [], 0
    for seed in range(n_tables):
        error = np.random.default_rng(seed).normal(0.0, noise, n_runs)
        try:
            _, interval = made(error, DRAWS, seed)
        except FitError:
            interval = None
        if interval is None:
            lost += 1
        else:
            ends.append(interval)
    low, high = np.array(ends).T

    def share(truth: float) -> float:
        return float(np.mean((low <= truth) & (truth <= high)))

    return {
        "rows": kind, "runs": n_runs, "noise": noise, "tables": len(ends), "without": lost,
        "law_a": EXPONENT, "law_covered": share(EXPONENT),
        "clean_a": clean, "clean_covered": share(clean),
        "median_width": float(np.median(high - low)),
    }  # fmt: skip


def studies(n_tables: int) -> Iterator[Record]:
    """Every design."""
    for kind, n_runs, noise in DESIGNS:
        yield study(kind, n_runs, noise, n_tables=n_tables)


def main() -> None:
    """Print the table; write it with --out."""
    parser = argparse.ArgumentParser(description="Coverage of the intervals of envelopes.")
    parser.add_argument("--tables", type=int, default=100)
    parser.add_argument("--out", type=Path, help="folder for coverage.csv and manifest.json")
    arguments = parser.parse_args()
    made_by = manifest(level=LEVEL, tables=arguments.tables, draws=DRAWS)
    records = list(studies(arguments.tables))
    rows = [[f"{v:.3g}" if isinstance(v, float) else str(v) for v in r.values()] for r in records]
    print(lay_out(list(records[0]), rows, left=(0,)))
    if arguments.out:
        arguments.out.mkdir(parents=True, exist_ok=True)
        write(arguments.out / "coverage.csv", records)
        write_manifest(arguments.out / "manifest.json", made_by)


if __name__ == "__main__":
    main()
