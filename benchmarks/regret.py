"""How close searches come to the exact optimum: `moe_budget` over seeds, as a table.

    OMP_NUM_THREADS=1 python benchmarks/regret.py --out results/reference/moe_budget

Every search gets the same number of evaluations, one at a time, with its default settings.
The gap is (best found - exact optimum) / exact optimum; the exact optimum is enumerated.
"""

import argparse
import json
import platform
import shlex
import subprocess
import sys
import time
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from statistics import median

import numpy as np

from autotune import problem_file
from autotune.cli.console import table
from autotune.problem import Problem
from autotune.search import factory
from autotune.search.settings import SearchSettings
from autotune.trials import Completed, Timing, Trial

WITHIN = 1e-3
PACKAGES = ("autotune-llm", "ConfigSpace", "numpy", "scipy", "scikit-learn", "scikit-optimize")


@dataclass(frozen=True)
class Run:
    """One search: the gap after each evaluation, shape (n,), and what it cost."""

    engine: str
    learner: str
    acq: str
    seed: int
    gaps: np.ndarray
    cpu_seconds_per_evaluation: float


def one(problem: Problem, settings: SearchSettings, n: int) -> Run:
    """Run one search to `n` evaluations."""
    known = problem.best_known()
    assert known is not None
    search, values = factory.search(problem, settings), []
    begin = time.process_time()
    for i in range(n):
        config = search.ask()
        assert config is not None
        answer = problem.objective(config)
        assert not isinstance(answer, float)
        values.append(answer["objective"])
        search.tell(Completed(Trial(str(i), config), values[-1], Timing(0.0, "w0", 0.0, 0.0)))
    cpu = (time.process_time() - begin) / n
    gaps = (np.minimum.accumulate(values) - known.value) / known.value
    return Run(settings.engine, settings.learner, str(settings.acq), settings.seed, gaps, cpu)


def summary(runs: list[Run]) -> dict[str, object]:
    """What many seeds of one search amount to."""
    last = [float(run.gaps[-1]) for run in runs]
    half = [float(run.gaps[len(run.gaps) // 2 - 1]) for run in runs]
    return {
        "engine": "-" if runs[0].learner == "random" else runs[0].engine,
        "learner": runs[0].learner,
        "acq": "-" if runs[0].learner == "random" else runs[0].acq,
        "seeds": len(runs),
        "median_gap_half_way": median(half),
        "median_gap": median(last),
        "worst_gap": max(last),
        "within_0.1_percent": sum(gap <= WITHIN for gap in last),
        "cpu_seconds_per_evaluation": median(run.cpu_seconds_per_evaluation for run in runs),
    }


def as_table(rows: list[dict[str, object]], n: int) -> str:
    """The summaries for people."""
    headers = [
        "engine",
        "learner",
        "acq",
        "seeds",
        f"gap@{n // 2}",
        f"gap@{n}",
        "worst",
        "<= 0.1 %",
        "CPU s",
    ]
    cells = [
        [value if isinstance(value, str) else f"{value:.3g}" for value in row.values()]
        for row in rows
    ]
    return table(headers, cells, left=(0, 1, 2))


def manifest(arguments: argparse.Namespace, problem: Problem) -> dict[str, object]:
    """What made these figures."""
    known = problem.best_known()
    commit = subprocess.run(
        ["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=False
    ).stdout.strip()
    return {
        "command": shlex.join(["python", *sys.argv]),
        "commit": commit,
        "python": platform.python_version(),
        "versions": {name: metadata.version(name) for name in PACKAGES},
        "problem": problem.name,
        "options": dict(problem.options),
        "exact": None if known is None else {"value": known.value, "config": known.config},
        "evaluations": arguments.evaluations,
        "seeds": list(range(arguments.seeds)),
    }


def main() -> None:
    """Run every search over every seed and print, or write, the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--searches",
        default="native/GP/EI,native/GP/LCB,skopt/GP/LCB,skopt/GP/gp_hedge,"
        "skopt/RF/LCB,skopt/RF/gp_hedge,native/random/LCB",
    )
    parser.add_argument("--evaluations", type=int, default=100)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--flops", default="1e21")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument("--out", type=Path, help="folder for table.txt, runs.json, manifest.json")
    arguments = parser.parse_args()
    problem = problem_file.load("moe_budget", {"flops": arguments.flops})
    made_by = manifest(arguments, problem)  # before the runs: the commit may move on meanwhile
    runs: list[Run] = []
    rows = []
    for name in arguments.searches.split(","):
        engine, learner, acq = name.split("/")
        settings = [
            SearchSettings(engine=engine, learner=learner, acq=acq, seed=seed)
            for seed in range(arguments.seeds)
        ]
        of_one = [one(problem, each, arguments.evaluations) for each in settings]
        runs += of_one
        rows.append(summary(of_one))
        print(rows[-1], file=sys.stderr)
    document = {
        "manifest": made_by,
        "summary": rows,
        "runs": [
            {
                "engine": r.engine,
                "learner": r.learner,
                "acq": r.acq,
                "seed": r.seed,
                "gaps": [float(f"{gap:.4g}") for gap in r.gaps],
            }
            for r in runs
        ],
    }
    print(
        json.dumps(document, indent=2) if arguments.json else as_table(rows, arguments.evaluations)
    )
    if arguments.out:
        arguments.out.mkdir(parents=True, exist_ok=True)
        for part in ("manifest", "runs"):
            text = json.dumps(document[part], indent=None if part == "runs" else 2)
            (arguments.out / f"{part}.json").write_text(text + "\n")
        (arguments.out / "table.txt").write_text(as_table(rows, arguments.evaluations) + "\n")


if __name__ == "__main__":
    main()
