"""How many seeds reach the best known objective, for every law on planted and public runs.

A case is a form under a convention on a table. It is fitted from each seed; best known is the
least of the objective over those seeds, over searches with eight times the starts from other
seeds, and at the published coefficients of the form where a table is the one they come from.

    python benchmarks/optimum.py --jobs 2 --out results/reference/fit_optimum

Public tables are fetched, or taken from the folder that AUTOTUNE_DATA names. Of each, `--tables
"NAME, smaller 80 %"` takes the runs of smallest compute, on which a law is chosen.
"""

import argparse
import sys
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from itertools import repeat
from pathlib import Path

import numpy as np
from evidence import Record, manifest, tables, write, write_manifest
from held_out import SETS
from planted import PLANTED, planted

from autotune.cli.console import table as lay_out
from autotune.cli.open_runs import load
from autotune.fitting.candidates import candidates
from autotune.fitting.design import design, natural
from autotune.fitting.fit import fit
from autotune.fitting.identify import settle_exchanges
from autotune.fitting.minimum import effort_for, minimise
from autotune.fitting.objective import objective_of
from autotune.fitting.predict import predict
from autotune.fitting.runs import RunTable
from autotune.fitting.settings import Convention, FitSettings
from autotune.fitting.splits import by_compute
from autotune.fitting.twin import pose
from autotune.laws.base import ScalingLaw
from autotune.laws.catalogue import PRESETS

SAME = 1e-6
SMALLER = ", smaller 80 %"
WIDER, WIDE_SEEDS = 8, (1000, 1001)
ROWS, NOISE = 270, 0.005
ALL_RUNS: Mapping[str, tuple[str, str]] = {"chinchilla_epoch, all": ("chinchilla_epoch", "")}
PUBLISHED: Mapping[tuple[str, str], str] = {
    ("chinchilla_epoch", "hoffmann"): "besiroglu2024",
    ("chinchilla_epoch, all", "hoffmann"): "hoffmann2022-unrounded",
    ("frantar2023_t5", "frantar"): "frantar2023-t5",
    ("frantar2023_vit", "frantar"): "frantar2023-vit",
    ("routed_clark2022 S-Base", "clark"): "clark2022-sbase",
    ("routed_clark2022 RL-R", "clark"): "clark2022-rlr",
    ("routed_clark2022 Hash", "clark"): "clark2022-hash",
}


@dataclass(frozen=True, slots=True)
class Case:
    """A form under a convention on a table, and the presets that were fitted to it."""

    table: str
    form: type[ScalingLaw]
    convention: Convention
    runs: RunTable
    published: str = ""


def cases(names: list[str]) -> Iterator[Case]:
    """Every case on the named tables."""
    if "planted" in names:
        for law in PLANTED.values():
            runs = planted(law, noise=NOISE, seed=4, size=ROWS)
            yield Case("planted", type(law), natural(type(law)), runs)
    for name, (data, where) in (SETS | ALL_RUNS).items():
        for table in {name, name + SMALLER}.intersection(names):
            runs = load(data, where=where).table
            if table != name:
                runs = runs.take(by_compute(runs, train_share=0.8).train)
            for each in candidates(runs)[0]:
                known = PUBLISHED.get((table, each.form.form), "")
                yield Case(table, each.form, each.convention, runs, known)


def wide(case: Case, settings: FitSettings) -> float:
    """The least sum of searches from eight times the starts."""
    inputs = design(case.form, case.runs, case.convention)
    objective = objective_of(settings)
    with np.errstate(all="ignore"):
        posed = pose(case.form, inputs, case.runs.loss, weight=case.runs.weight, settings=settings)
        model, _ = settle_exchanges(posed.model)
        usual = effort_for(model)
        effort = replace(usual, screened=WIDER * usual.screened, refined=WIDER * usual.refined)
        found = [minimise(model, objective, seed=s, effort=effort).value for s in WIDE_SEEDS]
    return min(found) * objective.scale


def published(case: Case, settings: FitSettings) -> float:
    """The sum at the published coefficients, infinite where there are none."""
    if not case.published or case.convention != natural(case.form):
        return np.inf
    predicted = predict(PRESETS[case.published], case.runs, case.convention)
    objective = objective_of(settings)
    residual = np.log(predicted / case.runs.loss)
    return float(objective.sum(residual, case.runs.weight)) * objective.scale


def record(case: Case, seeds: int) -> Record:
    """How many seeds reach the best known sum, and in what time."""
    settings = FitSettings()
    start = time.process_time()
    found = [
        fit(case.form, case.runs, convention=case.convention, settings=replace(settings, seed=s))
        for s in range(seeds)
    ]
    seconds = (time.process_time() - start) / seeds
    sums = np.array([each.objective_sum for each in found])
    known = published(case, settings)
    best = min(float(sums.min()), wide(case, settings), known)
    return {
        "table": case.table, "runs": len(case.runs), "law": case.form.form,
        "n": case.convention.n, "sparsity": case.convention.sparsity,
        "seeds": seeds, "reached": int((sums <= best * (1 + SAME)).sum()),
        "worst_excess": float(f"{sums.max() / best - 1:.1e}"), "best_known": best,
        "published": known if np.isfinite(known) else "",
        "status": found[0].status.value, "minima": found[0].starts[0],
        "agreeing": found[0].starts[1], "cpu_s": float(f"{seconds:.2g}"),
    }  # fmt: skip


def shown(records: list[Record]) -> str:
    """The records as a table for people."""
    columns = ("table", "runs", "law", "n", "sparsity", "reached", "seeds", "worst_excess",
               "status", "minima", "agreeing", "cpu_s")  # fmt: skip
    rows = [[str(each[name]) for name in columns] for each in records]
    return lay_out(list(columns), rows, left=(0, 2, 3, 4, 8))


def main() -> int:
    """Print the table, write it with --out; the status says whether 49 of 50 always reach it."""
    every = ["planted", *SETS, *ALL_RUNS]
    parser = argparse.ArgumentParser(description="Seeds that reach the best known objective.")
    parser.add_argument("--seeds", type=int, default=50)
    parser.add_argument("--tables", default=";".join(every), help="names, separated by ;")
    parser.add_argument("--laws", default="", help="forms, separated by commas; all by default")
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    parser.add_argument("--out", type=Path, help="folder for optimum.csv, .txt, manifest.json")
    arguments = parser.parse_args()
    made_by = manifest(
        same=SAME, rows=ROWS, noise=NOISE, wider=WIDER, tables=tables(SETS | ALL_RUNS)
    )
    laws = arguments.laws.split(",") if arguments.laws else ()
    asked = [
        case for case in cases(arguments.tables.split(";")) if not laws or case.form.form in laws
    ]
    records: list[Record] = []
    with ProcessPoolExecutor(arguments.jobs) as pool:
        for made in pool.map(record, asked, repeat(arguments.seeds)):
            records.append(made)
            print(*made.values(), file=sys.stderr)
    print(shown(records))
    if arguments.out:
        arguments.out.mkdir(parents=True, exist_ok=True)
        write(arguments.out / "optimum.csv", records)
        (arguments.out / "optimum.txt").write_text(shown(records) + "\n")
        write_manifest(arguments.out / "manifest.json", made_by)
    return 0 if all(int(r["reached"]) >= 0.98 * int(r["seeds"]) for r in records) else 1


if __name__ == "__main__":
    sys.exit(main())
