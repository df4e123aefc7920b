"""Utilisation of 64 to 10,000 workers, by a model that is calibrated with measured costs.

    OMP_NUM_THREADS=1 python benchmarks/scale.py --out results/reference/scale

First the search is timed at records of several lengths and with as many running trials as there
are workers; what a message and a journal line cost is given on the command line, as
`benchmarks/mpi.py` and `autotune doctor` measure them. Then `scale_model.py` simulates a run for
each number of workers and each length of trial.
"""

import argparse
import json
from dataclasses import asdict, dataclass, fields
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from cpu import spent
from evidence import Record, manifest, write, write_manifest
from problems.suite import SUITE
from scale_model import Costs, Load, simulate

from autotune.cli.console import table
from autotune.evaluators.mpi_pace import MEASURED, Pace
from autotune.search import factory
from autotune.search.codec import Codec
from autotune.search.settings import SearchSettings
from autotune.trials import Completed, Timing, Trial

WORKERS = (64, 256, 1000, 2000, 4000, 10_000)
SECONDS = (0.1, 1.0, 10.0, 60.0, 600.0, 3600.0)
SIGMA = 1.0
PER_WORKER = 20
RECORDED = (20, 400, 1000, 10_000, 40_000)
RUNNING = (0, 64, 512, 2000)
REPEATS = 5
PROBLEM = "moe"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wire:
    """Costs of the manager that are measured elsewhere, in seconds; see `scale_model.Costs`.

    Attributes:
        latency: A small message between two nodes; that of one machine is far less.
        dispatch: One over the empty tasks per second of `benchmarks/mpi.py`.
        switch: How long the search may keep the interpreter while the dispatcher wants it.
        sync: What makes lines of the journal durable, however many.
        line: One line of the journal, and its trial's line at the start.
    """

    latency: float = 20e-6
    dispatch: float = 210e-6
    switch: float = 0.5e-3
    sync: float = 5e-3
    line: float = 0.1e-3


def measured(recorded: int, running: int) -> Record:
    """CPU seconds of telling an outcome, of a refit and of one proposal."""
    bench = SUITE[PROBLEM]()
    codec, rng = Codec(bench.problem.space), np.random.default_rng(0)
    search = factory.search(bench.problem, SearchSettings())

    def tell(number: int, config: Any) -> None:  # noqa: ANN401 - a configuration
        trial = Trial(f"a-{number}", config)
        search.tell(Completed(trial, bench.true(config), Timing(0.0, "w0", 0.0, 0.0)))

    for number, point in enumerate(rng.random((recorded, len(codec.names)))):
        tell(number, codec.decode(point))
    asked = [search.ask() for _ in range(running + 1)]
    tells, refits, asks = [], [], []
    for number in range(REPEATS):
        start = spent()
        tell(recorded + number, asked.pop(0))
        begin = spent()
        tells.append(begin - start)
        asked.append(search.ask())
        middle = spent()
        search.ask()
        refits.append(middle - begin)
        asks.append(spent() - middle)
    ask = median(asks)
    refit = max(median(refits) - ask, 0.0)
    told = {"recorded": recorded, "running": running, "tell_s": median(tells)}
    return told | {"refit_s": refit, "ask_s": ask}


def costs(rows: list[Record], workers: int, wire: Wire) -> Costs:
    """The costs with so many workers, straight lines between the records that were measured.

    A refit takes in every running trial; its cost is carried on in a straight line beyond the most
    running trials that were measured.
    """

    def at(figure: str, recorded: int) -> float:
        lines = []
        for running in RUNNING:
            found = [row for row in rows if row["running"] == running]
            x = [float(row["recorded"]) for row in found]
            lines.append(float(np.interp(recorded, x, [float(row[figure]) for row in found])))
        if workers <= RUNNING[-1]:
            return float(np.interp(workers, RUNNING, lines))
        slope = (lines[-1] - lines[-2]) / (RUNNING[-1] - RUNNING[-2])
        return lines[-1] + max(slope, 0.0) * (workers - RUNNING[-1])

    wires = {each.name: getattr(wire, each.name) for each in fields(wire) if each.name != "line"}
    tell = wire.line + median(float(row["tell_s"]) for row in rows)
    return Costs(refit=partial(at, "refit_s"), ask=partial(at, "ask_s"), tell=tell, **wires)


def simulated(rows: list[Record], workers: int, seconds: float, wire: Wire) -> Record:
    """Utilisation of one crew with trials of one length."""
    trials, each = PER_WORKER * workers, costs(rows, workers, wire)
    pace = Pace()
    for _ in range(MEASURED):
        pace.outcome(seconds)
        pace.proposal(each.sync + each.refit(trials // 2) + each.ask(trials // 2))
    ahead = workers * pace.held() + pace.ahead(workers)
    load = Load(workers=workers, seconds=seconds, sigma=SIGMA, trials=trials, ahead=ahead)
    use = simulate(load, each, np.random.default_rng(0))
    return {"workers": workers, "trial_s": seconds, **asdict(use)}


def main() -> None:
    """Print the table, or write it."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    for field in fields(Wire):
        parser.add_argument(f"--{field.name}", type=float, default=field.default, help="seconds")
    parser.add_argument("--out", type=Path, help="folder for search_costs.csv and utilisation.csv")
    options = parser.parse_args()
    wire = Wire(**{field.name: getattr(options, field.name) for field in fields(Wire)})
    rows = [measured(recorded, running) for running in RUNNING for recorded in RECORDED]
    made = [simulated(rows, w, s, wire) for w in WORKERS for s in SECONDS]
    if options.out:
        options.out.mkdir(parents=True, exist_ok=True)
        write(options.out / "search_costs.csv", rows)
        write(options.out / "utilisation.csv", made)
        write_manifest(options.out / "manifest.json", manifest(wire=json.dumps(asdict(wire))))
    for each in (rows, made):
        cells = [[f"{value:.4g}" for value in row.values()] for row in each]
        print(table(list(each[0]), cells))


if __name__ == "__main__":
    main()
