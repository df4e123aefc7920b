"""How near a choice of law comes to hindsight: planted losses on the designs of public tables.

A law is fitted to all runs of a public table; losses are its predictions with normal noise of that
fit's rms log residual. The 20 % of largest compute are hidden, and every law is fitted to the rest,
as `held_out.py` does with the real losses. The law chosen from the rest is set beside the one that
hindsight would pick, and so are the same law without its emphasis on large runs, the one of
least rolling error, and the planted form itself: a rule that always knew the form would do as well
as that.

    python benchmarks/choice_planted.py [--seeds 3] [--jobs 2] [--out results/reference/held_out]
"""

import argparse
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from evidence import Record, manifest, tables, write, write_manifest
from held_out import HIDDEN, SETS

from autotune.cli.console import table as lay_out
from autotune.cli.open_runs import load
from autotune.fitting import splits
from autotune.fitting.candidates import Candidate, candidates
from autotune.fitting.compare import compare
from autotune.fitting.fit import fit
from autotune.fitting.predict import predict
from autotune.fitting.settings import FitSettings

GOAL = 1.15
_DENSE = ("hoffmann (active, param)", "interaction (active, param)")
_SPARSE = ("coupled (active, param)", "generalized (active, param)")
_ROUTED = ("frantar (active, param)", "abnar (total, expert)", "ludziejewski (active, param)",
           "clark (active, param)", "effective (active, expert)")  # fmt: skip
TRUTHS: Mapping[str, tuple[str, ...]] = {
    "chinchilla_epoch": _DENSE,
    "gadre2024_c4": _DENSE,
    "joint_moe_part": (*_SPARSE, "abnar (total, param)"),
    "frantar2023_t5": (*_SPARSE, "frantar (active, param)"),
    "frantar2023_vit": (*_SPARSE, "frantar (active, param)"),
    **{name: _ROUTED for name in SETS if name.startswith("routed_clark2022")},
}
"""What is planted on each table: the forms that fit it well, and others."""

RATIOS = ("chosen", "no_emphasis", "least_rolling", "planted_form")


@dataclass(frozen=True, slots=True)
class Case:
    """A law planted on the design of a public table, with the noise of a seed."""

    table: str
    truth: str
    seed: int


def cases(names: list[str], seeds: int) -> Iterator[Case]:
    """Every law of `TRUTHS` on every named table."""
    for name in names:
        for truth in TRUTHS[name]:
            for seed in range(seeds):
                yield Case(name, truth, seed)


def record(case: Case) -> Record:
    """What is chosen from the smaller runs, and its error beside hindsight's."""
    data, where = SETS[case.table]
    runs = load(data, where=where).table
    truth = _candidate(candidates(runs)[0], case.truth)
    found = fit(truth.form, runs, convention=truth.convention)
    noise = np.random.default_rng((case.seed, len(runs))).normal(
        0.0, found.score.log_rmse, len(runs)
    )
    losses = predict(found.law, runs, truth.convention) * np.exp(noise)
    runs = replace(runs, loss=losses)
    cut = splits.by_compute(runs, train_share=1 - HIDDEN)
    made = compare(runs, cut, settings=FitSettings(seed=case.seed))
    error = {row.candidate: row.test.log_rmse / made.rows[0].test.log_rmse for row in made.rows}
    least = min(made.rows, key=lambda row: row.rolling.error).candidate
    return {
        "table": case.table, "planted": case.truth, "noise": found.score.log_rmse,
        "seed": case.seed, "law": str(made.choice.candidate), "emphasis": made.choice.emphasis,
        "hindsight": str(made.rows[0].candidate),
        "hindsight_log_rmse": made.rows[0].test.log_rmse,
        "chosen": made.chosen.log_rmse / made.rows[0].test.log_rmse,
        "no_emphasis": error[made.choice.candidate], "least_rolling": error[least],
        "planted_form": error[truth],
    }  # fmt: skip


def _candidate(every: list[Candidate], name: str) -> Candidate:
    return next(each for each in every if str(each) == name)


def shown(records: list[Record]) -> str:
    """Geometric means and worst ratios to hindsight, and how many come within the goal."""
    names = [*dict.fromkeys(str(each["table"]) for each in records), "all"]
    rows = []
    for name in names:
        own = [each for each in records if name in ("all", each["table"])]
        row = [name, str(len(own))]
        for which in RATIOS:
            ratios = np.array([float(each[which]) for each in own])
            mean = float(np.exp(np.log(ratios).mean()))
            row += [f"{mean:.2f}", f"{ratios.max():.2f}", str(int((ratios <= GOAL).sum()))]
        rows.append(row)
    heads = ["table", "cases"]
    for which in RATIOS:
        heads += [which.replace("_", " "), "worst", "within"]
    return lay_out(heads, rows, left=(0,))


def main() -> None:
    """Print the table; write it with --out."""
    parser = argparse.ArgumentParser(description="Choices of a law on planted losses.")
    parser.add_argument("--sets", default=",".join(TRUTHS), help="names, separated by commas")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    parser.add_argument("--out", type=Path, help="folder for planted.csv and planted.json")
    arguments = parser.parse_args()
    made_by = manifest(hidden_share=HIDDEN, goal=GOAL, tables=tables(SETS))
    asked = list(cases(arguments.sets.split(","), arguments.seeds))
    records: list[Record] = []
    with ProcessPoolExecutor(arguments.jobs) as pool:
        for made in pool.map(record, asked):
            records.append(made)
            print(*made.values(), file=sys.stderr, flush=True)
    print(shown(records))
    if arguments.out:
        arguments.out.mkdir(parents=True, exist_ok=True)
        write(arguments.out / "planted.csv", records)
        (arguments.out / "planted.txt").write_text(shown(records) + "\n")
        write_manifest(arguments.out / "planted.json", made_by)


if __name__ == "__main__":
    main()
