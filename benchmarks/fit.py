"""CPU time and objective of a fit of Hoffmann's law beside L-BFGS-B over Hoffmann's start grid.

The reference minimises the same sum (Huber, delta 1e-3, on log residuals) in the paper's way:
log A, log B and log E through a log-sum-exp, from every start of the paper's grid of 4,500,
with analytic gradients. The runs are the 240 of Besiroglu et al. where AUTOTUNE_DATA holds
them, and otherwise a planted law with noise on a grid of the same size.

    python benchmarks/fit.py [--every 1] [--bootstrap 1000] [--json]
"""

import argparse
import csv
import itertools
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from scipy.optimize import minimize

from autotune.fitting.fit import fit
from autotune.fitting.runs import RunTable
from autotune.fitting.settings import FitSettings
from autotune.laws.hoffmann import BESIROGLU_2024, HoffmannLaw
from autotune.types import Floats

DELTA = 1e-3
GRID = (
    np.arange(0, 30, 5.0),  # log A
    np.arange(0, 30, 5.0),  # log B
    np.arange(-1, 1.5, 0.5),  # log E
    np.arange(0, 2.5, 0.5),  # alpha
    np.arange(0, 2.5, 0.5),  # beta
)
REPEATS = 9


def runs() -> RunTable:
    """The 240 runs, or planted ones."""
    path = Path(os.environ.get("AUTOTUNE_DATA", "")) / "chinchilla_epoch/runs.csv"
    if path.is_file():
        with path.open(newline="") as file:
            rows = [r for r in csv.DictReader(file) if float(r["besiroglu_outlier"]) == 0]
        size, data, loss = (
            np.array([float(r[name]) for r in rows]) for name in ("n_active", "tokens", "loss")
        )
        return table(size, data, loss, name="Besiroglu's runs")
    rng = np.random.default_rng(0)
    size, data = 10 ** rng.uniform(7.8, 10.2, 240), 10 ** rng.uniform(9, 11.7, 240)
    loss = BESIROGLU_2024.loss(size, data) * np.exp(0.007 * rng.standard_normal(240))
    return table(size, data, loss, name="planted runs")


def table(size: Floats, data: Floats, loss: Floats, *, name: str) -> RunTable:
    """Dense runs as a table."""
    return RunTable(
        n_active=size,
        n_total=size,
        tokens=data,
        loss=loss,
        flops=6 * size * data,
        weight=np.ones(len(loss)),
        lines=np.arange(2, len(loss) + 2),
        name=name,
    )


def reference(data: RunTable, every: int) -> tuple[float, int]:
    """The least sum over the grid of starts, and how many starts were made."""
    log_n, log_d, log_loss = np.log(data.n_active), np.log(data.tokens), np.log(data.loss)

    def objective(p: Floats) -> tuple[float, Floats]:
        terms = np.stack([p[0] - p[3] * log_n, p[1] - p[4] * log_d, np.full_like(log_n, p[2])])
        top = terms.max(axis=0)
        parts = np.exp(terms - top)
        total = parts.sum(axis=0)
        residual = top + np.log(total) - log_loss
        size = np.minimum(np.abs(residual), DELTA)
        slope = np.clip(residual, -DELTA, DELTA) * parts / total
        gradient = [*slope.sum(axis=1), -(slope[0] @ log_n), -(slope[1] @ log_d)]
        return float((size * (np.abs(residual) - size / 2)).sum()), np.array(gradient)

    starts = list(itertools.product(*GRID))[::every]
    found = (minimize(objective, start, jac=True, method="L-BFGS-B") for start in starts)
    return min(float(each.fun) for each in found), len(starts)


def cpu(call: Callable[[], Any]) -> tuple[float, Any]:
    """CPU seconds of a call, and its value."""
    start = time.process_time()
    value = call()
    return time.process_time() - start, value


def main() -> int:
    """Print the table; the exit status says whether ours is both faster and no worse."""
    parser = argparse.ArgumentParser(description="A fit beside L-BFGS-B over Hoffmann's grid.")
    parser.add_argument("--every", type=int, default=1, help="take each so many-th start")
    parser.add_argument("--bootstrap", type=int, default=1000)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    data = runs()
    ours = [cpu(lambda: fit(HoffmannLaw, data)) for _ in range(REPEATS)]
    seconds, best = median(each[0] for each in ours[1:]), ours[0][1].objective_sum
    drawn = FitSettings(bootstrap=args.bootstrap)
    with_draws, _ = cpu(lambda: fit(HoffmannLaw, data, settings=drawn))
    grid_seconds, (grid_best, starts) = cpu(lambda: reference(data, args.every))
    full = grid_seconds * args.every
    report = {
        "runs": f"{data.name} ({len(data)})",
        "fit_s": seconds,
        "fit_sum": best,
        f"bootstrap_{args.bootstrap}_s": with_draws,
        "lbfgsb_starts": starts,
        "lbfgsb_s": full,
        "lbfgsb_sum": grid_best,
        "speedup": full / seconds,
        "excess": best / grid_best - 1,
    }
    if args.json:
        print(json.dumps(report, indent=2))
    else:
        for name, value in report.items():
            print(f"{name:<20}{value:.9g}" if isinstance(value, float) else f"{name:<20}{value}")
    return 0 if report["speedup"] >= 200 and report["excess"] <= 1e-9 else 1


if __name__ == "__main__":
    sys.exit(main())
