"""CPU time and objective of a fit of Hoffmann's law beside other tools, and of every other law.

The runs are the 240 of Besiroglu et al. where AUTOTUNE_DATA holds them, and otherwise a planted
law with noise on a grid of the same size. `fit_peers.py` says how each tool is run; one that is
not installed is named and passed over (`pip install 'autotune-llm[bench]'`). Every law of the
catalogue is then fitted to 270 planted runs. Ours are medians; a peer runs once.

    OMP_NUM_THREADS=1 python benchmarks/fit.py [--every 1] [--out results/reference/fit_speed]
"""

import argparse
import csv
import json
import os
import sys
from contextlib import redirect_stdout
from pathlib import Path
from statistics import median

import numpy as np
from cpu import cpu
from evidence import Record, manifest, write, write_manifest
from fit_peers import PEERS
from planted import PLANTED, planted

from autotune.cli.console import table as lay_out
from autotune.fitting.design import design, natural
from autotune.fitting.fit import fit
from autotune.fitting.minimum import effort_for
from autotune.fitting.runs import RunTable
from autotune.fitting.settings import FitSettings
from autotune.fitting.twin import pose
from autotune.laws.base import ScalingLaw
from autotune.laws.hoffmann import BESIROGLU_2024, HoffmannLaw
from autotune.types import Floats

REPEATS, DRAWS = 9, 1000
FASTER, EXCESS, LONGEST_FIT, LONGEST_DRAWS, LONGEST_LAW = 200, 1e-9, 0.1, 8.0, 2.0
"""The goals: times less CPU than `JUDGED`, relative excess of the sum, and CPU seconds."""

JUDGED = ("scipy L-BFGS-B", "chinchilla", "chinchilla, loss x 1e6")
ROWS, NOISE, SEEDS = 270, 0.005, range(5)


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


def ours(data: RunTable, draws: int) -> list[Record]:
    """Our fit, and our fit with intervals."""
    timed = [cpu(lambda: fit(HoffmannLaw, data)) for _ in range(REPEATS)]
    seconds, best = median(each[0] for each in timed[1:]), timed[0][1]
    drawn, _ = cpu(lambda: fit(HoffmannLaw, data, settings=FitSettings(bootstrap=draws)))
    starts = screened(HoffmannLaw, data)
    return [
        {"tool": tool, "starts": starts, "of": starts, "cpu_s": each, "sum": best.objective_sum}
        for tool, each in (("autotune", seconds), (f"autotune, {draws} draws", drawn))
    ]


def screened(form: type[ScalingLaw], data: RunTable) -> int:
    """Starts whose linear coefficients a fit solves for."""
    inputs = design(form, data, natural(form))
    posed = pose(form, inputs, data.loss, weight=data.weight, settings=FitSettings())
    return effort_for(posed.model).screened


def peers(data: RunTable, every: int) -> list[Record]:
    """Each tool that is installed; CPU seconds are those of the whole grid."""
    found: list[Record] = []
    for name, run in PEERS.items():
        try:
            with redirect_stdout(sys.stderr):  # some of them talk
                answer = run(data, every)
        except ImportError as absent:
            print(f"{name}: passed over, {absent.name} is not installed", file=sys.stderr)
            continue
        seconds = answer.seconds * answer.of / answer.starts
        found.append({
            "tool": name, "starts": answer.starts, "of": answer.of,
            "cpu_s": seconds, "sum": answer.sum,
        })  # fmt: skip
    return found


def laws() -> list[Record]:
    """A fit of every form to planted runs: median CPU seconds over seeds."""
    return [law_record(law) for law in PLANTED.values()]


def law_record(law: ScalingLaw) -> Record:
    """Fits of one form to runs that it made."""
    form, data = type(law), planted(law, noise=NOISE, seed=4, size=ROWS)
    each = [cpu(lambda s=s: fit(form, data, settings=FitSettings(seed=s))) for s in SEEDS]
    return {
        "law": form.form, "runs": ROWS, "coefficients": len(form.coefficient_names()),
        "screened": screened(form, data), "minima": each[0][1].starts[0],
        "agreeing": each[0][1].starts[1], "cpu_s": median(seconds for seconds, _ in each),
        "slowest_s": max(seconds for seconds, _ in each),
    }  # fmt: skip


def compared(records: list[Record]) -> list[Record]:
    """With the CPU time and the sum of each beside ours."""
    seconds, best = float(records[0]["cpu_s"]), float(records[0]["sum"])
    return [
        each
        | {"times_ours": float(each["cpu_s"]) / seconds, "excess": float(each["sum"]) / best - 1}
        for each in records
    ]


def missed(tools: list[Record], forms: list[Record]) -> list[str]:
    """The goals that these figures miss."""
    fitted, drawn, *others = tools
    said = []
    if float(fitted["cpu_s"]) > LONGEST_FIT:
        said.append(f"a fit takes {fitted['cpu_s']:.3g} s, over {LONGEST_FIT}")
    if float(drawn["cpu_s"]) > LONGEST_DRAWS:
        said.append(f"a fit with draws takes {drawn['cpu_s']:.3g} s, over {LONGEST_DRAWS}")
    for each in others:
        if each["tool"] in JUDGED and float(each["times_ours"]) < FASTER:
            said.append(f"{each['tool']} takes {each['times_ours']:.0f} times ours, under {FASTER}")
        if float(each["excess"]) < -EXCESS:
            said.append(f"{each['tool']} is lower by {-float(each['excess']):.1e} of the sum")
    return said + [
        f"{each['law']} takes {each['slowest_s']:.3g} s, over {LONGEST_LAW}"
        for each in forms
        if float(each["slowest_s"]) > LONGEST_LAW
    ]


def shown(records: list[Record]) -> str:
    """Records as a table for people."""
    rows = [[f"{v:.4g}" if isinstance(v, float) else str(v) for v in r.values()] for r in records]
    return lay_out(list(records[0]), rows, left=(0,))


def main() -> int:
    """Print both tables; the exit status is 1 where a goal is missed."""
    parser = argparse.ArgumentParser(description="A fit beside other tools.")
    parser.add_argument("--every", type=int, default=1, help="take each so many-th start")
    parser.add_argument("--draws", type=int, default=DRAWS)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--out", type=Path, help="folder for tools.csv, laws.csv, manifest.json")
    args = parser.parse_args()
    data = runs()
    made_by = manifest(every=args.every, draws=args.draws, runs=f"{data.name} ({len(data)})")
    tools = compared(ours(data, args.draws) + peers(data, args.every))
    forms = laws()
    misses = missed(tools, forms)
    if args.json:
        print(json.dumps({"tools": tools, "laws": forms, "missed": misses}, indent=2))
    else:
        print(f"{data.name} ({len(data)})", shown(tools), "", shown(forms), *misses, sep="\n")
    if args.out:
        args.out.mkdir(parents=True, exist_ok=True)
        write(args.out / "tools.csv", tools)
        write(args.out / "laws.csv", forms)
        write_manifest(args.out / "manifest.json", made_by)
    return 1 if misses else 0


if __name__ == "__main__":
    sys.exit(main())
