"""Held-out errors of every law on the public run tables, and of the rules that choose one.

Of each table the 20 % of runs of largest compute are hidden. Every form is fitted to the rest
under every convention it admits and scored on the hidden runs. A rule of choice sees the rest
only; its error on the hidden runs is set beside that of the law that hindsight would pick, and
that of Hoffmann's law on active parameters.

    python benchmarks/held_out.py [--sets gadre2024_c4,...] [--out results/reference/held_out]

Tables are fetched, or taken from the folder that AUTOTUNE_DATA names.
"""

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from evidence import Record, manifest, tables, write, write_manifest

from autotune.cli.console import table as lay_out
from autotune.cli.open_runs import load
from autotune.fitting import splits
from autotune.fitting.compare import Comparison, Row, choose, compare
from autotune.fitting.fit import fit
from autotune.fitting.predict import predict
from autotune.fitting.rolling import score_beyond
from autotune.fitting.runs import RunTable
from autotune.fitting.score import score_of
from autotune.fitting.settings import FitSettings

HIDDEN = 0.2
POWERS = (2, 4, 8)
ROUTER = "main_grid == 1 and (router_type == 'Dense' or router_type == '{}')"
SETS: Mapping[str, tuple[str, str]] = {
    "chinchilla_epoch": ("chinchilla_epoch", "besiroglu_outlier == 0"),
    "gadre2024_c4": ("gadre2024_c4", ""),
    "joint_moe_part": ("joint_moe_part", ""),
    "frantar2023_t5": ("frantar2023_t5", ""),
    "frantar2023_vit": ("frantar2023_vit", ""),
    "routed_clark2022 S-Base": ("routed_clark2022", ROUTER.format("S-Base")),
    "routed_clark2022 RL-R": ("routed_clark2022", ROUTER.format("RL-R")),
    "routed_clark2022 Hash": ("routed_clark2022", ROUTER.format("Hash")),
}
RULES: Mapping[str, Callable[[Row], float]] = {
    "geometric mean": lambda row: row.rolling.error,
    "quadratic mean": lambda row: float(
        np.sqrt(np.mean([each.log_rmse**2 for each in row.rolling.origins]))
    ),
    "last origin": lambda row: row.rolling.origins[-1].log_rmse,
    "in sample": lambda row: row.train.log_rmse,
}
SIMPLER_WITHIN = 1.15
FEWER = (0.4, 0.5, 0.6, 0.7)
"""Shares of the runs, smallest compute first, from which hidden runs are farther away."""


@dataclass(frozen=True, slots=True)
class Study:
    """One public table, divided and compared."""

    name: str
    hidden: RunTable
    n_train: int
    made: Comparison

    @property
    def hindsight(self) -> Row:
        """The law of least error on the hidden runs."""
        return self.made.rows[0]

    @property
    def hoffmann(self) -> Row:
        """Hoffmann's law on active parameters."""
        rows = self.made.rows
        return next(row for row in rows if str(row.candidate) == "hoffmann (active, param)")


def study(name: str, *, seed: int) -> Study:
    """Compare every law on one table."""
    dataset, where = SETS[name]
    runs = load(dataset, where=where).table
    cut = splits.by_compute(runs, train_share=1 - HIDDEN)
    made = compare(runs, cut, settings=FitSettings(seed=seed))
    return Study(name, runs.take(cut.test), len(cut.train), made)


def law_records(one: Study) -> list[Record]:
    """One record for each law and convention."""
    return [
        {
            "table": one.name,
            "law": row.candidate.form.form,
            "n": row.candidate.convention.n,
            "sparsity": row.candidate.convention.sparsity,
            "n_coefficients": row.candidate.n_coefficients,
            "n_train": one.n_train,
            "n_test": len(one.hidden),
            "test_log_rmse": row.test.log_rmse,
            "test_mre": row.test.mre,
            "test_bias": row.test.bias,
            "rolling_error": row.rolling.error,
            "train_log_rmse": row.train.log_rmse,
            "chosen": int(row.candidate == one.made.choice.candidate),
        }
        for row in one.made.rows
    ]


def rule_records(one: Study) -> list[Record]:
    """One record for each rule of choice, ours first."""
    choice = one.made.choice
    plain = next(row for row in one.made.rows if row.candidate == choice.candidate)
    weighted = f"{plain.candidate}" + f", compute^{choice.emphasis:g}" * (choice.emphasis > 0)
    found = {
        "autotune": (weighted, one.made.chosen.log_rmse),
        "autotune, no emphasis": (str(plain.candidate), plain.test.log_rmse),
    }
    for rule, error in RULES.items():
        row = min(one.made.rows, key=error)
        found[rule] = (str(row.candidate), row.test.log_rmse)
    simple = _simplest(one.made.rows)
    found[f"fewest coefficients within {SIMPLER_WITHIN:g}"] = (
        str(simple.candidate),
        simple.test.log_rmse,
    )
    for power in POWERS:
        found[f"weights rolling^-{power}"] = ("combination", _combined(one, power))
    return [
        {
            "table": one.name,
            "rule": rule,
            "law": law,
            "test_log_rmse": error,
            "over_hindsight": error / one.hindsight.test.log_rmse,
            "over_hoffmann": error / one.hoffmann.test.log_rmse,
            "hindsight": str(one.hindsight.candidate),
        }
        for rule, (law, error) in found.items()
    ]


def _simplest(rows: Sequence[Row]) -> Row:
    least = min(row.rolling.error for row in rows)
    near = [row for row in rows if row.rolling.error <= SIMPLER_WITHIN * least]
    return min(near, key=lambda row: (row.candidate.n_coefficients, row.rolling.error))


def _combined(one: Study, power: int) -> float:
    """Error of the mean of all laws' predictions, weighted by a power of their rolling error."""
    rows = [row for row in one.made.rows if np.isfinite([row.rolling.error, row.test.mre]).all()]
    weights = np.array([row.rolling.error**-power for row in rows])
    losses = [predict(row.law, one.hidden, row.candidate.convention) for row in rows]
    return score_of(weights @ np.array(losses) / weights.sum(), one.hidden.loss).log_rmse


def farther(name: str, *, seed: int) -> list[Record]:
    """The same hidden runs, predicted from smaller ones, with and without the emphasis."""
    dataset, where = SETS[name]
    runs = load(dataset, where=where).table
    hidden = runs.take(splits.by_compute(runs, train_share=1 - HIDDEN).test)
    settings = FitSettings(seed=seed)
    records: list[Record] = []
    for cut in splits.rolling(runs, origins=FEWER):
        train = runs.take(cut.train)
        choice = choose(train, settings=settings)
        error = {}
        for power in (0.0, choice.emphasis):
            weighted = replace(settings, emphasis=power)
            law = fit(choice.form, train, convention=choice.convention, settings=weighted).law
            error[power] = score_beyond(law, hidden, choice.convention).log_rmse
        records.append({
            "table": name, "n_train": len(train),
            "farther": float(np.median(hidden.flops) / train.flops.max()),
            "law": str(choice.candidate), "emphasis": choice.emphasis,
            "log_rmse": error[choice.emphasis], "no_emphasis": error[0.0],
            "ratio": error[choice.emphasis] / error[0.0],
        })  # fmt: skip
    return records


def ratios(records: Sequence[Record]) -> str:
    """Error over hindsight, a line for each rule and a column for each table."""
    names = list(dict.fromkeys(str(each["table"]) for each in records))
    rows = []
    for rule in dict.fromkeys(str(each["rule"]) for each in records):
        own = [float(each["over_hindsight"]) for each in records if each["rule"] == rule]
        mean = float(np.exp(np.mean(np.log(own))))
        rows.append([rule, *(f"{value:.2f}" for value in own), f"{mean:.2f}", f"{max(own):.2f}"])
    short = [name.removeprefix("routed_clark2022 ") for name in names]
    return lay_out(["error over hindsight", *short, "geom. mean", "worst"], rows)


def main() -> None:
    """Print the table of rules; write all tables with --out."""
    parser = argparse.ArgumentParser(description="Held-out errors of laws on public tables.")
    parser.add_argument("--sets", default=",".join(SETS), help="names, separated by commas")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, help="folder for laws.csv, rules.csv, manifest.json")
    arguments = parser.parse_args()
    made_by = manifest(  # before the runs: the commit may move on meanwhile
        hidden_share=HIDDEN,
        rolling_origins=list(splits.ORIGINS),
        seed=arguments.seed,
        tables=tables(SETS),
    )
    laws: list[Record] = []
    rules: list[Record] = []
    beyond: list[Record] = []
    for name in arguments.sets.split(","):
        one = study(name, seed=arguments.seed)
        laws += law_records(one)
        rules += rule_records(one)
        beyond += farther(name, seed=arguments.seed)
        best = f"{one.made.choice.candidate} chosen, {one.hindsight.candidate} in hindsight"
        print(f"{name}: {best}", file=sys.stderr)
    print(ratios(rules))
    if arguments.out:
        arguments.out.mkdir(parents=True, exist_ok=True)
        write(arguments.out / "laws.csv", laws)
        write(arguments.out / "rules.csv", rules)
        write(arguments.out / "farther.csv", beyond)
        (arguments.out / "rules.txt").write_text(ratios(rules) + "\n")
        write_manifest(arguments.out / "manifest.json", made_by)


if __name__ == "__main__":
    main()
