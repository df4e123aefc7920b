"""Hoffmann's three approaches on public tables, the bias of their grids, and their intervals.

    python benchmarks/isoflop.py [--out results/reference/isoflop] [--tables 200]

`approaches`: exponents of envelope, IsoFLOP parabolas and the parametric law on the same runs, with
95 % intervals, beside the published ones. `grids`: what parabolas on off-centre grids do to a
known law, without noise. `coverage`: how often 95 % intervals of IsoFLOP parabolas, and those of
resampling the runs of each budget instead, hold the noise-free exponent.
Tables are fetched, or taken from the folder that AUTOTUNE_DATA names.
"""

import argparse
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from evidence import Record, manifest, tables, write, write_manifest

from autotune.cli.console import table as lay_out
from autotune.cli.open_runs import load
from autotune.errors import AutotuneError
from autotune.fitting.allocation import AllocationFit, AllocationSettings, log_lines
from autotune.fitting.budgets import budgets
from autotune.fitting.envelope import envelope
from autotune.fitting.fit import fit
from autotune.fitting.grid_bias import Grid, grid_bias, off_centre
from autotune.fitting.isoflop import isoflop
from autotune.fitting.parabola import Parabola
from autotune.fitting.runs import RunTable
from autotune.fitting.settings import FitSettings
from autotune.laws.hoffmann import BESIROGLU_2024, HOFFMANN_2022_UNROUNDED, HoffmannLaw
from autotune.types import Floats

SETS: Mapping[str, tuple[str, str]] = {
    "chinchilla": ("chinchilla_epoch", "besiroglu_outlier == 0"),
    "chinchilla, all": ("chinchilla_epoch", ""),
    "joint, dense": ("joint_moe_part", "n_experts == 1"),
    "joint, 2 experts": ("joint_moe_part", "n_experts == 2"),
    "joint, 4 experts": ("joint_moe_part", "n_experts == 4"),
    "gadre": ("gadre2024_c4", ""),
}
PUBLISHED: Mapping[tuple[str, str], tuple[float, float, str]] = {
    ("chinchilla", "envelope"): (0.50, 0.50, "Hoffmann et al. (2022), approach 1"),
    ("chinchilla", "isoflop"): (0.49, 0.51, "Hoffmann et al. (2022), approach 2"),
    ("chinchilla, all", "parametric"): (0.46, 0.54, "Hoffmann et al. (2022), approach 3"),
    ("chinchilla", "parametric"): (0.513, 0.487, "Besiroglu et al. (2024)"),
}
LEVEL, DRAWS = 0.95, 1000
BUDGETS = (6e18, 3e19, 1e20, 5e20, 3e21)
LAWS = {"besiroglu2024": BESIROGLU_2024, "hoffmann2022-unrounded": HOFFMANN_2022_UNROUNDED}
CENTRES = (1 / 8, 1 / 4, 1 / 2, 1.0, 2.0, 4.0, 8.0)
FAR = 1e24
DESIGNS = ((5, 4, 0.002), (5, 7, 0.003), (9, 5, 0.003), (4, 6, 0.006))
"""Budgets, sizes of each over one decade, and noise of the log loss."""


def approach(name: str, runs: RunTable) -> Record:
    """Exponents of one approach, or why it has none."""
    limits: tuple[float | str, float | str]
    row: Record = {"a": "", "a_low": "", "a_high": "", "b": "", "in_use": "", "note": ""}
    try:
        if name == "parametric":
            a, limits, used = parametric(runs)
            b = 1 - a
        else:
            settings = AllocationSettings(bootstrap=DRAWS, level=LEVEL)
            made: AllocationFit = (isoflop if name == "isoflop" else envelope)(runs, settings)
            a, b = made.size.exponent, made.tokens.exponent
            limits = made.interval.get("a", ("", ""))
            used = f"{len(made.used)}/{len(made.points)}"
    except AutotuneError as error:
        return row | {"note": str(error).split(",")[0]}
    return row | {"a": a, "a_low": limits[0], "a_high": limits[1], "b": b, "in_use": used}


def parametric(runs: RunTable) -> tuple[float, tuple[float, float], str]:
    """The exponent a = beta/(alpha + beta) of Hoffmann's law, its limits, and the runs used."""
    made = fit(HoffmannLaw, runs, settings=FitSettings(bootstrap=DRAWS, level=LEVEL))
    columns = dict(zip(HoffmannLaw.coefficient_names(), made.draws.T, strict=True))
    low, high = np.quantile(
        columns["beta"] / (columns["alpha"] + columns["beta"]),
        [(1 - LEVEL) / 2, (1 + LEVEL) / 2],
        method="inverted_cdf",
    )
    law = made.law.coefficients
    a = law["beta"] / (law["alpha"] + law["beta"])
    return a, (float(low), float(high)), f"{len(runs)}/{len(runs)}"


def approaches() -> Iterator[Record]:
    """Every approach on every table."""
    for name, (data, where) in SETS.items():
        runs = load(data, where=where).table
        for method in ("envelope", "isoflop", "parametric"):
            a, b, source = PUBLISHED.get((name, method), ("", "", ""))
            yield {
                "table": name,
                "runs": len(runs),
                "approach": method,
                "published_a": a,
                "published_b": b,
                "published_by": source,
                **approach(method, runs),
            }


def grids() -> Iterator[Record]:
    """Grids of two laws: off by one factor at every budget, drifting to 1, and of fixed sizes."""
    for name, law in LAWS.items():
        for decades in (1, 2):
            for centre in CENTRES:
                drift = np.geomspace(centre, 1, len(BUDGETS))
                for shape, factors in (("constant", [centre] * len(BUDGETS)), ("drifting", drift)):
                    made = off_centre(law, BUDGETS, centre=factors, decades=decades)
                    yield bias_row(name, law, made, shape, decades, centre)
        sizes = np.geomspace(5e7, 2e10, 9)
        fixed = [Grid(c, sizes) for c in BUDGETS]
        yield bias_row(name, law, fixed, "the same sizes", float(np.log10(400)), "")


def bias_row(
    name: str,
    law: HoffmannLaw,
    made: Sequence[Grid],
    shape: str,
    decades: float,
    centre: float | str,
) -> Record:
    """One design on one law."""
    bias = grid_bias(law, made, ahead_flops=FAR)
    return {
        "law": name,
        "centre_over_optimum": centre,
        "decades": decades,
        "along_compute": shape,
        "inside": f"{sum(bias.inside)}/{len(bias.inside)}",
        "vertex_first": bias.vertex[0],
        "vertex_last": bias.vertex[-1],
        "a": bias.exponent,
        "true_a": bias.true_exponent,
        "n_at_1e24": bias.ahead,
    }


def coverage(count: int) -> Iterator[Record]:
    """How often 95 % intervals hold the exponent of the noise-free runs, of `count` tables."""
    law = BESIROGLU_2024
    for n_budgets, n_sizes, noise in DESIGNS:
        made = off_centre(
            law, np.geomspace(6e18, 3e21, n_budgets).tolist(), centre=1.0, decades=1, sizes=n_sizes
        )
        truth = isoflop(runs_of(law, made, None, 0.0), AllocationSettings(bootstrap=0))
        held = np.zeros(2)
        wide: tuple[list[float], list[float]] = ([], [])
        for seed in range(count):
            runs = runs_of(law, made, np.random.default_rng(seed), noise)
            ours = isoflop(runs, AllocationSettings(bootstrap=400)).interval["a"]
            for i, (low, high) in enumerate((ours, by_runs(runs, seed))):
                held[i] += low <= truth.size.exponent <= high
                wide[i].append(high - low)
        yield {
            "budgets": n_budgets,
            "sizes": n_sizes,
            "noise": noise,
            "tables": count,
            "residuals_cover": held[0] / count,
            "residuals_width": float(np.median(wide[0])),
            "runs_cover": held[1] / count,
            "runs_width": float(np.median(wide[1])),
        }


def runs_of(
    law: HoffmannLaw, made: Sequence[Grid], rng: np.random.Generator | None, noise: float
) -> RunTable:
    """Runs of a law on grids."""
    n = np.concatenate([grid.sizes for grid in made])
    d = np.concatenate([grid.tokens for grid in made])
    error = np.zeros(len(n)) if rng is None else noise * rng.normal(size=len(n))
    return RunTable(
        n_active=n, n_total=n, tokens=d, loss=law.loss(n, d) * np.exp(error), flops=6 * n * d,
        weight=np.ones(len(n)), lines=np.arange(len(n)) + 2,
    )  # fmt: skip


def by_runs(runs: RunTable, seed: int) -> tuple[float, float]:
    """The interval of a from resampling the runs of each budget."""
    rng = np.random.default_rng(seed)
    found = budgets(runs.flops, runs.n_active, 0.1)
    draws: Floats = np.full((400, len(found)), np.nan)
    for i in range(len(draws)):
        for j, rows in enumerate(found):
            drawn = np.bincount(rng.integers(len(rows), size=len(rows)), minlength=len(rows))
            if (drawn > 0).sum() > 2:
                kept = rows[drawn > 0]
                parabola = Parabola.on(np.log(runs.n_active[kept]), drawn[drawn > 0].astype(float))
                vertex = parabola.vertex(parabola.fit(runs.loss[kept]))
                draws[i, j] = vertex if parabola.inside(vertex) else np.nan
    log_c = np.array([np.log(runs.flops[rows]).mean() for rows in found])
    slope = log_lines(log_c, draws)[:, 0]
    low, high = np.quantile(slope[np.isfinite(slope)], [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)


def shown(rows: Sequence[Record]) -> str:
    """Records as a table for people."""

    def cell(value: str | float) -> str:
        return f"{value:.4g}" if isinstance(value, float) else str(value)

    names = [name for name in rows[0] if any(row[name] != "" for row in rows)]
    left = [i for i, name in enumerate(names) if isinstance(rows[0][name], str)]
    return lay_out(names, [[cell(row[name]) for name in names] for row in rows], left=left)


def main() -> None:
    """Print the tables; write them with --out."""
    parser = argparse.ArgumentParser(description="Three approaches on public tables.")
    parser.add_argument("--out", type=Path, help="folder for the tables and manifest.json")
    parser.add_argument("--tables", type=int, default=200, help="tables of each coverage design")
    arguments = parser.parse_args()
    made_by = manifest(tables=tables(SETS), draws=DRAWS, level=LEVEL, seed=0)
    made = {"approaches": list(approaches()), "grids": list(grids())}
    if arguments.tables:
        made["coverage"] = list(coverage(arguments.tables))
    for rows in made.values():
        print(shown(rows), end="\n\n")
    if arguments.out:
        arguments.out.mkdir(parents=True, exist_ok=True)
        for name, rows in made.items():
            write(arguments.out / f"{name}.csv", rows)
            (arguments.out / f"{name}.txt").write_text(shown(rows) + "\n")
        write_manifest(arguments.out / "manifest.json", made_by)


if __name__ == "__main__":
    main()
