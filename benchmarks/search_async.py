"""Sixty-four workers on a simulated clock: regret and time beside one worker.

    OMP_NUM_THREADS=1 python benchmarks/search_async.py --out results/reference/search

An evaluation takes a log-uniform time of 0.5 to 1.5 units. A worker that is done waits for the
manager, which serves one worker at a time and takes the CPU seconds that our tell and ask really
took. The unit is a minute, as short training runs take; with `--unit 1` it is a second, and the
manager is then what everyone waits for. Both searches make the same number of evaluations.
"""

import argparse
import heapq
import sys
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np
from cpu import spent
from evidence import Record, manifest, write, write_manifest
from problems.bench import Bench
from problems.suite import SUITE
from search_ours import own
from search_peers import quiet
from search_run import Asker, Config, Meter

from autotune.cli.console import table

WORKERS, EVALUATIONS, SEEDS, UNIT = 64, 640, 3, 60.0
SHORTEST, LONGEST = 0.5, 1.5
PROBLEMS = ("moe", "hartmann6")


@dataclass(frozen=True, slots=True)
class Simulated:
    """What a simulated run came to.

    Attributes:
        regret: At the end.
        seconds: Simulated, until the last evaluation ended.
        manager: CPU seconds of all asks and tells.
        busy: Share of the workers' time spent evaluating.
    """

    regret: float
    seconds: float
    manager: float
    busy: float


@dataclass(frozen=True, slots=True)
class Farm:
    """Workers, evaluations to share among them, and seconds per unit of time."""

    workers: int
    evaluations: int
    unit: float


def simulate(bench: Bench, asker: Asker, farm: Farm, seed: int) -> Simulated:
    """Run a search on simulated workers, each served again as soon as it is done."""
    meter = Meter(bench, seed, farm.evaluations)
    rng = np.random.default_rng((seed, farm.evaluations))
    lasting = farm.unit * np.exp(rng.uniform(np.log(SHORTEST), np.log(LONGEST), farm.evaluations))
    waiting: list[tuple[float, int, Config | None]] = [(0.0, -1, None)] * farm.workers
    free_at = manager = end = 0.0
    started = 0
    while waiting:
        at, _, config = heapq.heappop(waiting)
        begin, skipped = spent(), meter.idle
        if config is not None:
            end = at
            asker.tell(config, meter(config))
        proposed = asker.ask() if started < farm.evaluations else None
        took = spent() - begin - (meter.idle - skipped)
        manager += took
        free_at = max(free_at, at) + took
        if proposed is not None:
            heapq.heappush(waiting, (free_at + float(lasting[started]), started, proposed))
            started += 1
    busy = float(lasting.sum()) / (farm.workers * end)
    return Simulated(meter.regrets[-1], end, manager, busy)


def compared(name: str, learner: str, seed: int, farm: Farm) -> Record:
    """Many workers beside one, on one problem and seed."""
    bench = SUITE[name]()
    start = own(bench.problem)[learner].start
    assert start is not None, learner
    many, one = (
        simulate(bench, start(bench.problem, seed), each, seed)
        for each in (farm, Farm(1, farm.evaluations, farm.unit))
    )
    return {
        "problem": name,
        "search": learner,
        "seed": seed,
        "regret": many.regret,
        "regret_of_one": one.regret,
        "wall_ratio": one.seconds / many.seconds,
        "busy": many.busy,
        "manager_s": many.manager,
        "manager_of_one_s": one.manager,
    }


def main() -> None:
    """Print the table of medians, and write the rows."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--problems", type=lambda text: text.split(","), default=PROBLEMS)
    parser.add_argument("--search", default="autotune")
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--evals", type=int, default=EVALUATIONS)
    parser.add_argument("--workers", type=int, default=WORKERS)
    parser.add_argument("--unit", type=float, default=UNIT, help="seconds of a unit of time")
    parser.add_argument("--out", type=Path, help="folder for async.csv and async_manifest.json")
    options = parser.parse_args()
    made_by = manifest(
        workers=options.workers, evaluations=options.evals, unit_seconds=options.unit
    )
    farm = Farm(options.workers, options.evals, options.unit)
    rows = []
    with quiet():
        for name in options.problems:
            for seed in range(options.seeds):
                rows.append(compared(name, options.search, seed, farm))
                print(rows[-1], file=sys.stderr)
    if options.out:
        options.out.mkdir(parents=True, exist_ok=True)
        write(options.out / "async.csv", rows)
        write_manifest(options.out / "async_manifest.json", made_by)
    print(as_table(rows))


def as_table(rows: list[Record]) -> str:
    """Medians over seeds."""
    names = list(rows[0])[3:]
    cells = []
    for problem in dict.fromkeys(row["problem"] for row in rows):
        of = [row for row in rows if row["problem"] == problem]
        medians = [median(float(row[name]) for row in of) for name in names]
        cells.append([str(problem), str(len(of)), *(f"{value:.3g}" for value in medians)])
    return table(["problem", "seeds", *names], cells, left=(0,))


if __name__ == "__main__":
    main()
