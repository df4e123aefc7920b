"""What designs cost, how many points are models, and searches over both forms of the problem.

    OMP_NUM_THREADS=1 python benchmarks/design.py [--seeds 10] [--out DIR]

Four tables. `cost`: CPU seconds of a design at 1e24 FLOPs, in this process and as a command beside
`import numpy`, of a law's choice of shape, and of a map of a million pairs of ratios. `feasible`:
of random points of `moe_architecture`, how many are models within the budget. `laws`: what a law of
N_a, N and tokens chooses, beside the shape laws, and both losses. `searches`: trials until the loss
is within a share of the best known, which both forms have in common. The loss there has a penalty
that is invented: it measures searches, and predicts nothing.
"""

import argparse
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from cpu import cpu
from design_searches import searches
from evidence import Record, manifest, write, write_manifest

from autotune import problem_file
from autotune.architecture.feasibility import feasible_widths
from autotune.cli.console import table as lay_out
from autotune.planning.design import candidates
from autotune.planning.design_question import DesignQuestion
from autotune.planning.design_target import target
from autotune.planning.joint_design import by_shape_laws, joint, models
from autotune.planning.joint_ranges import Over
from autotune.search.codec import Codec

LARGE = 1e24
BUDGETS = ("1e18", "1e20", "3e20", "1e22", "1e24")
POINTS = 2000
LAWS = ("abnar2025", "generalized-moe", "zhao2025")
SIDE = 1000


def costs(repeats: int) -> Iterator[Record]:
    """CPU seconds of each thing that `autotune design` does, the median of some runs."""
    question = DesignQuestion(flops=LARGE)
    command = [sys.executable, "-m", "autotune", "design", "--flops", f"{LARGE:g}"]
    calls: dict[str, Callable[[], object]] = {
        "import numpy": lambda: _run([sys.executable, "-c", "import numpy"]),
        "autotune design --flops 1e24": lambda: _run(command),
        "design, ten models, in process": lambda: candidates(question, target(question), top=10),
        "a law's choice among 256,000 designs": lambda: joint(question, "zhao2025"),
        "map of 1,000 by 1,000 ratios": lambda: shape_map(LARGE),
    }
    for name, call in calls.items():
        times = [cpu(call)[0] for _ in range(repeats)]
        yield {"what": name, "runs": repeats, "cpu_seconds": statistics.median(times)}


def _run(command: list[str]) -> None:
    subprocess.run(command, check=True, capture_output=True)


def shape_map(flops: float) -> float:
    """Share of a grid over M/N_a of 5 to 18 and N/N_a of 0 to 40 that hidden sizes exist for."""
    asked = target(DesignQuestion(flops=flops))
    found = feasible_widths(
        float(asked.triad.flops_per_token), np.linspace(5, 18, SIDE),
        expansion=np.linspace(0.04, 40, SIDE), constants=asked.constants,
    )  # fmt: skip
    return float(np.isfinite(found.low).mean())


def feasible(budgets: tuple[str, ...] = BUDGETS) -> Iterator[Record]:
    """Of uniform points of each form, how many obey all constraints, and the budget alone."""
    for flops in budgets:
        for form in ("reduced", "unreduced"):
            problem = problem_file.load("moe_architecture", {"flops": flops, "form": form})
            codec = Codec(problem.space)
            rows = np.random.default_rng(0).random((POINTS, len(codec.names)))
            broken = [
                [rule.text for rule in problem.broken(codec.decode(row))]
                for row in codec.snap(rows)
            ]
            over = sum(any("M D" in rule for rule in each) for each in broken)
            yield {
                "flops": flops, "form": form, "points": POINTS,
                "feasible": sum(not each for each in broken),
                "within_budget": POINTS - over,
            }  # fmt: skip


def laws(budgets: tuple[str, ...] = BUDGETS, names: tuple[str, ...] = LAWS) -> Iterator[Record]:
    """What each law chooses near the shape laws and among all shapes, and what these give."""
    for flops in budgets:
        question = DesignQuestion(flops=float(flops))
        for law in names:
            for over in Over:
                found = joint(question, law, over)
                (first,) = models(question, found, top=1)
                shapes = by_shape_laws(question, found)
                yield {
                    "flops": flops, "law": law, "over": str(over),
                    "M": float(first.triad.flops_per_token),
                    "density": float(first.triad.density),
                    "expansion": float(first.triad.expansion),
                    "layers": first.model.n_layers, "d_model": first.model.d_model,
                    "loss": found.value(first),
                    "loss_by_shape_laws": found.value(shapes) if shapes else "",
                    "stopped_at": "; ".join(found.ends),
                }  # fmt: skip


def main() -> None:
    """Print the tables; write them with --out."""
    parser = argparse.ArgumentParser(description="Designs: cost, feasible share, searches.")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--out", type=Path, help="folder for four tables and manifest.json")
    arguments = parser.parse_args()
    made_by = manifest(seeds=arguments.seeds, repeats=arguments.repeats, map=shape_map(LARGE))
    tables = {
        "cost": list(costs(arguments.repeats)),
        "feasible": list(feasible()),
        "laws": list(laws()),
        "searches": list(searches(arguments.seeds)),
    }
    for name, records in tables.items():
        rows = [
            [f"{v:.4g}" if isinstance(v, float) else str(v) for v in each.values()]
            for each in records
        ]
        print(f"\n{name}\n{lay_out(list(records[0]), rows, left=(0,))}")
        if arguments.out:
            arguments.out.mkdir(parents=True, exist_ok=True)
            write(arguments.out / f"{name}.csv", records)
    if arguments.out:
        write_manifest(arguments.out / "manifest.json", made_by)


if __name__ == "__main__":
    main()
