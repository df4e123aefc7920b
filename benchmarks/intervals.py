"""How often 95 % intervals cover the truth, on synthetic tables shaped like the public ones.

    OMP_NUM_THREADS=1 python benchmarks/intervals.py [--tables 500] [--draws 300] [--out DIR]

The design (sizes, tokens, sparsity) is a public table's. The planted law is our fit of its real
losses, the noise is normal with that fit's rms log residual. Of forms that no public table feeds,
`designs.py` has the design, the law is a published one and the noise 0.6 %. Each table is fitted
afresh, and its intervals are asked whether they hold the planted coefficients, and the planted
optimal N_active at ten times the table's largest budget, dense. For that optimum they are those of
`autotune plan`; for a coefficient, what `autotune fit` prints. With --out, DIR/tables.jsonl has
the answers of each table as soon as they are known; the same command goes on from there.
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from designs import DESIGNS, FULL, NOISE
from evidence import Record, manifest, write, write_manifest
from interval_tables import Answers, Kept
from planted import PLANTED
from scipy.stats import binomtest

from autotune.cli.console import table as lay_out
from autotune.cli.open_runs import load
from autotune.fitting.design import natural
from autotune.fitting.fit import fit
from autotune.fitting.predict import predict
from autotune.fitting.runs import RunTable
from autotune.fitting.settings import Convention, FitSettings
from autotune.laws.base import ScalingLaw
from autotune.laws.catalogue import FORMS
from autotune.types import Floats

LEVEL = 0.95
BEYOND = 10.0
SIZES = np.geomspace(1e5, 1e15, 1601)
OPTIMUM = "N*"


@dataclass(frozen=True, slots=True)
class Case:
    """A form on the design of a public table, or of `designs.py`, and what to ask for.

    With `profile`, other coefficients than those are not profiled: the same intervals of the ones
    asked for, and no N*, which rests on all profiles. With `emphasis`, fits weigh runs by that
    power of compute, and no profile is made.
    """

    data: str
    form: str
    asked: tuple[str, ...]
    where: str = ""
    profile: tuple[str, ...] | None = None
    emphasis: float = 0.0


INVENTED = "designs.py"
_CHINCHILLA = "besiroglu_outlier == 0"
_ROUTER = "main_grid == 1 and (router_type == 'Dense' or router_type == 'S-Base')"
CASES = (
    Case("chinchilla_epoch", "hoffmann", ("alpha", "beta", "E"), _CHINCHILLA),
    Case("chinchilla_epoch", "kaplan", ("alpha_N", "alpha_D"), _CHINCHILLA),
    Case("chinchilla_epoch", "interaction", ("alpha", "beta"), _CHINCHILLA),
    Case("gadre2024_c4", "hoffmann", ("alpha", "beta", "E")),
    Case("gadre2024_c4", "kaplan", ("alpha_N", "alpha_D")),
    Case("gadre2024_c4", "interaction", ("alpha", "beta")),
    Case("joint_moe_part", "generalized", ("alpha", "beta", "gamma")),
    Case("joint_moe_part", "frantar", ("b_N", "b_D", "b_S")),
    Case("joint_moe_part", "effective", ("alpha", "beta", "t")),
    Case("joint_moe_part", "interaction", ("alpha", "beta", "t")),
    Case("joint_moe_part", "coupled", ("alpha", "beta", "delta")),
    Case("joint_moe_part", "abnar", ("alpha", "beta")),
    Case("frantar2023_t5", "frantar", ("b_N", "b_D", "b_S")),
    Case("frantar2023_t5", "generalized", ("alpha", "beta", "gamma")),
    Case("frantar2023_t5", "effective", ("alpha", "beta", "t")),
    Case("frantar2023_t5", "coupled", ("alpha", "beta", "delta")),
    Case("routed_clark2022", "clark", ("a", "b", "c"), _ROUTER),
    Case("routed_clark2022", "generalized", ("alpha", "gamma"), _ROUTER),
    Case(INVENTED, "krajewski", ("alpha", "beta", "gamma")),
    Case(INVENTED, "ludziejewski", ("alpha", "beta", "c")),
    Case(INVENTED, "muennighoff", ("alpha", "beta", "R_D")),
    Case(INVENTED, "zhao", ("alpha", "beta", "epsilon")),
    Case(INVENTED, "kumar", ("alpha", "beta", "gamma_w")),
)


@dataclass(frozen=True, slots=True)
class Planted:
    """What the runs of a synthetic table follow: a law as read, and the noise of log losses."""

    law: ScalingLaw
    convention: Convention
    noise: float


def planted_law(case: Case) -> tuple[Planted, RunTable]:
    """The law that a case plants, and the runs whose losses it replaces."""
    form = FORMS[case.form]
    if case.data == INVENTED:
        return Planted(PLANTED[case.form], natural(form), NOISE), DESIGNS[case.form]()
    runs = load(case.data, where=case.where).table
    found = fit(form, runs)
    return Planted(found.law, found.convention, found.score.log_rmse), runs


def optima(law: ScalingLaw, coefficients: Floats, flops: float) -> Floats:
    """Ln N_active of the dense optimum for each row of coefficients, on a fine grid.

    Not-a-number where the law has no loss, as with an infinite coefficient: no plan either.
    """
    names = law.coefficient_names()
    columns = {name: column[:, None] for name, column in zip(names, coefficients.T, strict=True)}
    factors = {name: FULL[name] for name in law.factors}
    with np.errstate(all="ignore"):
        loss = replace(law, **columns).loss(SIZES, flops / (6 * SIZES), 0.0, **factors)
    loss = np.where(np.isfinite(loss), loss, np.inf)
    best = np.log(SIZES)[loss.argmin(axis=1)]
    return np.where(np.isfinite(loss).any(axis=1), best, np.nan)


def covered(case: Case, planted: Planted, runs: RunTable, *, seed: int, draws: int) -> Answers:
    """Whether each interval of one synthetic table holds the truth, and what made it."""
    rng = np.random.default_rng((seed, len(runs)))
    noise = rng.normal(0.0, planted.noise, len(runs))
    losses = predict(planted.law, runs, planted.convention) * np.exp(noise)
    settings = FitSettings(
        bootstrap=draws, level=LEVEL, seed=seed, profile=case.profile, emphasis=case.emphasis
    )
    found = fit(FORMS[case.form], replace(runs, loss=losses), settings=settings)
    truth = planted.law.coefficients
    held = {
        name: (found.interval[name][0] <= truth[name] <= found.interval[name][1],
               found.interval_methods[name])
        for name in case.asked
        if name in found.interval
    }  # fmt: skip
    if case.profile is not None:
        return held
    if planted.law.fixed_tokens is not None or np.ptp(runs.tokens) < 0.05 * runs.tokens.max():
        return held
    flops = BEYOND * float(runs.flops.max())
    drawn, ends, best = (
        each[np.isfinite(each)]
        for each in (
            optima(found.law, rows, flops)
            for rows in (found.draws, found.ends, np.array([list(found.law.coefficients.values())]))
        )
    )
    if not len(best) or 2 * len(drawn) <= draws:
        return held  # `autotune plan` has no plan, or no interval
    low, high = np.quantile(drawn, [found.tail, 1 - found.tail])
    low, high = min([low, *ends]), max([high, *ends])
    at = optima(planted.law, np.array([list(truth.values())]), flops)[0]
    return held | {OPTIMUM: (bool(low <= at <= high), "draws, ends" if len(ends) else "draws")}


def study(case: Case, *, n_tables: int, draws: int, kept: Kept | None = None) -> list[Record]:
    """One record per quantity: how many of the tables' intervals hold it."""
    truth, runs = planted_law(case)
    known = {} if kept is None else kept.read()
    for seed in sorted(set(range(n_tables)) - known.keys()):
        known[seed] = covered(case, truth, runs, seed=seed, draws=draws)
        if kept is not None:
            kept.add(seed, known[seed])
    each = [known[seed] for seed in range(n_tables)]
    records = shares(case, each, n_runs=len(runs), noise=truth.noise)
    print(*records, sep="\n", file=sys.stderr, flush=True)
    return records


def shares(case: Case, each: Sequence[Answers], *, n_runs: int, noise: float) -> list[Record]:
    """How many tables' intervals hold each quantity."""
    records: list[Record] = []
    for name in (*case.asked, OPTIMUM):
        hits = [one[name] for one in each if name in one]
        if not hits:
            continue
        held = sum(hit for hit, _ in hits)
        sure = binomtest(held, len(hits)).proportion_ci(LEVEL, method="wilson")
        by = [method for _, method in hits]
        records.append({
            "table": case.data, "runs": n_runs, "noise": noise,
            "law": case.form, "quantity": name, "tables": len(hits), "covered": held / len(hits),
            "low": float(sure.low), "high": float(sure.high),
            "by": max(sorted(set(by)), key=by.count),
        })  # fmt: skip
    return records


def main() -> None:
    """Print the table; write it with --out."""
    parser = argparse.ArgumentParser(description="Coverage of the intervals of fits.")
    parser.add_argument("--tables", type=int, default=500)
    parser.add_argument("--draws", type=int, default=300)
    parser.add_argument("--cases", default=",".join(map(str, range(len(CASES)))),
                        help="which rows of CASES")  # fmt: skip
    parser.add_argument("--asked", help="ask for these coefficients only, and profile no others")
    parser.add_argument("--emphasis", type=float, default=0.0, help="of every fit")
    parser.add_argument("--out", type=Path, help="folder for coverage.csv and what made it")
    arguments = parser.parse_args()
    made_by = manifest(
        level=LEVEL,
        tables=arguments.tables,
        draws=arguments.draws,
        emphasis=arguments.emphasis,
    )
    records: list[Record] = []
    for case in (CASES[int(i)] for i in arguments.cases.split(",")):
        case = replace(case, emphasis=arguments.emphasis)
        if arguments.asked:
            asked = tuple(arguments.asked.split(","))
            case = replace(case, asked=asked, profile=asked)
        made = {
            "table": case.data, "law": case.form, "draws": arguments.draws,
            "emphasis": case.emphasis, "commit": str(made_by["commit"]),
        }  # fmt: skip
        kept = Kept(arguments.out / "tables.jsonl", made) if arguments.out else None
        records += study(case, n_tables=arguments.tables, draws=arguments.draws, kept=kept)
    rows = [[f"{v:.3g}" if isinstance(v, float) else str(v) for v in r.values()] for r in records]
    print(lay_out(list(records[0]), rows, left=(0, 3, 4, 8)))
    if arguments.out:
        arguments.out.mkdir(parents=True, exist_ok=True)
        write(arguments.out / "coverage.csv", records)
        write_manifest(arguments.out / "manifest.json", made_by)


if __name__ == "__main__":
    main()
