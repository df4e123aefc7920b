"""How often 95 % intervals cover the truth, on synthetic tables shaped like the public ones.

    OMP_NUM_THREADS=1 python benchmarks/coverage.py [--tables 100] [--draws 400] [--out DIR]

The design (sizes, tokens, sparsity) is a public table's. The planted law is our fit of its real
losses, the noise is normal with that fit's rms log residual. Each table is fitted afresh, and
its bootstrap intervals are asked whether they hold the planted coefficients, and the planted
optimal N_active at ten times the table's largest budget, dense.
"""

import argparse
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from evidence import Record, manifest, write

from autotune.cli.console import table as lay_out
from autotune.cli.open_runs import load
from autotune.fitting.fit import fit
from autotune.fitting.predict import predict
from autotune.fitting.result import FitResult
from autotune.fitting.runs import RunTable
from autotune.fitting.settings import FitSettings
from autotune.laws.base import ScalingLaw
from autotune.laws.catalogue import FORMS
from autotune.planning.budget import Budget
from autotune.planning.planner import plan
from autotune.types import Floats

LEVEL = 0.95
BEYOND = 10.0


@dataclass(frozen=True, slots=True)
class Case:
    """A form on the design of a public table, and the coefficients to ask for."""

    data: str
    where: str
    form: str
    asked: tuple[str, ...]


CASES = (
    Case("chinchilla_epoch", "besiroglu_outlier == 0", "hoffmann", ("alpha", "beta")),
    Case("gadre2024_c4", "", "hoffmann", ("alpha", "beta")),
    Case("joint_moe_part", "", "generalized", ("alpha", "beta", "gamma")),
    Case("frantar2023_t5", "", "frantar", ("b_N", "b_S", "b_D")),
)


def optimum(law: ScalingLaw, flops: float) -> float:
    """The dense compute-optimal N_active, or not-a-number where the law has none."""
    try:
        return plan(law, Budget(flops=flops)).n_active
    except ValueError:
        return float("nan")


def optima(found: FitResult, flops: float, count: int) -> Floats:
    """The optimum of each of the first `count` draws."""
    names = found.law.coefficient_names()
    draws = (dict(zip(names, map(float, draw), strict=True)) for draw in found.draws[:count])
    return np.array([optimum(replace(found.law, **draw), flops) for draw in draws])


def covered(
    case: Case, planted: FitResult, runs: RunTable, *, seed: int, draws: int
) -> Mapping[str, bool]:
    """Whether the intervals of one synthetic table hold the truth, by what was asked."""
    rng = np.random.default_rng((seed, len(runs)))
    noise = rng.normal(0.0, planted.score.log_rmse, len(runs))
    losses = predict(planted.law, runs, planted.convention) * np.exp(noise)
    settings = FitSettings(bootstrap=draws, level=LEVEL, seed=seed)
    found = fit(FORMS[case.form], replace(runs, loss=losses), settings=settings)
    truth = planted.law.coefficients
    held = {
        name: low <= truth[name] <= high
        for name in case.asked
        if (limits := found.interval.get(name)) is not None
        for low, high in [limits]
    }
    flops = BEYOND * float(runs.flops.max())
    drawn = optima(found, flops, draws)
    low, high = np.nanquantile(drawn, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return held | {"N*": bool(low <= optimum(planted.law, flops) <= high)}


def study(case: Case, *, n_tables: int, draws: int) -> list[Record]:
    """One record per quantity: how many of the tables' intervals hold it."""
    runs = load(case.data, where=case.where).table
    planted = fit(FORMS[case.form], runs)
    each = [covered(case, planted, runs, seed=seed, draws=draws) for seed in range(n_tables)]
    records: list[Record] = []
    for name in (*case.asked, "N*"):
        hits = [one[name] for one in each if name in one]
        share = float(np.mean(hits))
        records.append({
            "table": case.data, "runs": len(runs), "law": case.form, "quantity": name,
            "tables": len(hits), "covered": share,
            "margin": 1.96 * float(np.sqrt(share * (1 - share) / len(hits))),
        })  # fmt: skip
        print(records[-1], file=sys.stderr)
    return records


def main() -> None:
    """Print the table; write it with --out."""
    parser = argparse.ArgumentParser(description="Coverage of the intervals of fits.")
    parser.add_argument("--tables", type=int, default=100)
    parser.add_argument("--draws", type=int, default=400)
    parser.add_argument("--cases", default="0,1,2,3", help="which rows of CASES")
    parser.add_argument("--out", type=Path, help="folder for coverage.csv, manifest.json")
    arguments = parser.parse_args()
    made_by = manifest(level=LEVEL, tables=arguments.tables, draws=arguments.draws)
    records = [
        record
        for i in map(int, arguments.cases.split(","))
        for record in study(CASES[i], n_tables=arguments.tables, draws=arguments.draws)
    ]
    rows = [[f"{v:.3g}" if isinstance(v, float) else str(v) for v in r.values()] for r in records]
    print(lay_out(list(records[0]), rows, left=(0, 2, 3)))
    if arguments.out:
        arguments.out.mkdir(parents=True, exist_ok=True)
        write(arguments.out / "coverage.csv", records)
        (arguments.out / "manifest.json").write_text(json.dumps(made_by, indent=2) + "\n")


if __name__ == "__main__":
    main()
