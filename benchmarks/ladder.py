"""From a ladder of real runs to a plan, and the plan trained beside its neighbours.

Trains a dense and a sparse ladder, compares every law on it, fits some, plans a budget that no run
of the ladder has, and trains the planned size and sizes around it. Each step is a command of
autotune.

    python benchmarks/ladder.py --out results/reference/ladder --storage results/local

A run that is in the storage is not trained again, so that the same command goes on after a kill and
a larger --budget adds runs. On two cores it takes an hour or less.
"""

import argparse
import csv
import json
import math
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib import metadata
from pathlib import Path
from typing import Any

from evidence import Record, manifest, write, write_manifest

LADDER = (
    "ladder", "--experts", "1,8", "--sizes", "6K,14K,38K,111K,195K", "--tokens", "500K,1M,2M",
    "--name", "laptop",
)  # fmt: skip
SETS = {"dense": "n_experts == 1", "dense and sparse": ""}
LAWS = {"dense": ("hoffmann", "interaction", "kaplan"), "dense and sparse": ("generalized",)}
PLANNED = "ladder-dense"
LAW = "hoffmann"
BUDGET = 2e11  # 6 N D; no run of the ladder has it
FACTORS = (1 / 3, 1.0, 3.0)
STEPS = ("ladder", "laws", "fits", "optimum")
SEQUENCES = 4  # those of the ladder


def autotune(*words: object) -> str:
    """What a command prints; its talk goes to the terminal."""
    command = [sys.executable, "-m", "autotune", *map(str, words)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode > 1:
        raise SystemExit(f"status {done.returncode} from: {' '.join(command)}")
    return done.stdout


def where(table: str) -> tuple[str, ...]:
    """The option that keeps the rows of a set."""
    return ("--where", SETS[table]) if SETS[table] else ()


def comparison(runs: Path) -> Iterator[Record]:
    """Every law's held-out error on each set."""
    for table in SETS:
        made = json.loads(autotune("compare", runs, *where(table), "--json"))
        for row in made["rows"]:
            yield {
                "runs": table,
                "law": row["law"],
                "n": row["convention"]["n"],
                "sparsity": row["convention"]["sparsity"],
                "coefficients": row["n_coefficients"],
                "test_log_rmse": row["test"]["log_rmse"],
                "test_bias": row["test"]["bias"],
                "rolling_error": row["rolling"]["error"],
                "train_log_rmse": row["train"]["log_rmse"],
                "chosen": int(
                    (row["law"], row["convention"])
                    == (made["chosen"]["law"], made["chosen"]["convention"])
                ),
            }


def fits(runs: Path, storage: Path) -> Iterator[Record]:
    """The coefficients of some laws, with intervals over trunks."""
    for table, laws in LAWS.items():
        for law in laws:
            saved = ("--save", PLANNED, "--force") if (table, law) == ("dense", LAW) else ()
            made = json.loads(
                autotune(
                    "fit", runs, "--law", law, *where(table), "--group", "trunk", "--json",
                    "--storage", storage, *saved,
                )
            )  # fmt: skip
            for name, value in made["coefficients"].items():
                low, high = made["interval"].get(name, (math.nan, math.nan))
                yield {
                    "runs": table, "law": law, "coefficient": name, "value": value,
                    "low": low, "high": high, "rms_log_residual": made["rms_log_residual"],
                    "status": made["status"],
                }  # fmt: skip


def trained(n_active: float, storage: Path) -> dict[str, Any]:
    """One run of a size on what the budget pays for, from the storage if it was trained before."""
    tokens = BUDGET / (6 * n_active)
    out = storage / "ladder-optimum" / f"{n_active:.0f}"
    again = ("--resume",) if out.exists() else ()
    made = autotune(
        "train", "--n-active", f"{n_active:.0f}", "--tokens", f"{tokens:.0f}",
        "--sequences", SEQUENCES, "--out", out, *again, "--json",
    )  # fmt: skip
    found: dict[str, Any] = json.loads(made)["results"][0]
    return found


def predicted(n_active: float, tokens: float, storage: Path) -> float:
    """The fitted law's loss."""
    made = json.loads(
        autotune(
            "predict", "--law", PLANNED, "--storage", storage, "--json",
            "--n-active", f"{n_active:.0f}", "--tokens", f"{tokens:.0f}",
        )
    )  # fmt: skip
    return float(made["rows"][0]["loss"])


def optimum(storage: Path, workers: int) -> Iterator[Record]:
    """The planned size and its neighbours at equal 6 N D: predicted and measured."""
    plan = json.loads(
        autotune("plan", "--flops", BUDGET, "--law", PLANNED, "--storage", storage, "--json")
    )["plans"][0]
    with ThreadPoolExecutor(max_workers=workers) as pool:  # each waits for a process of one thread
        futures = [pool.submit(trained, factor * plan["n_active"], storage) for factor in FACTORS]
        found = [future.result() for future in futures]
    for factor, result in zip(FACTORS, found, strict=True):
        size, tokens = result["size"]["n_active"], result["tokens"]
        yield {
            "of_planned_size": factor,
            "n_active": size,
            "tokens": tokens,
            "flops_6nd": result["flops_6nd"],
            "flops": result["flops"],
            "predicted": predicted(size, tokens, storage),
            "measured": result["loss"],
            "cpu_seconds": result["cost"]["cpu_seconds"],
        }


def rows(path: Path) -> Sequence[dict[str, str]]:
    """A run table as it stands."""
    with path.open() as stream:
        return list(csv.DictReader(stream))


def main() -> None:
    """Run every step, and write tables and texts."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--storage", type=Path, default=Path("results/local"))
    parser.add_argument("--budget", default="15min", help="of the ladder; %(default)s")
    parser.add_argument("--workers", type=int, default=2, help="runs at once; %(default)s")
    parser.add_argument("--steps", default=",".join(STEPS), help="of %(default)s")
    asked = parser.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    runs = asked.out / "runs.csv"
    steps = asked.steps.split(",")
    if "ladder" in steps:
        cut = ("--budget", asked.budget, "--workers", asked.workers)
        said = autotune(*LADDER, *cut, "--storage", asked.storage, "--out", runs)
        (asked.out / "ladder.txt").write_text(said.partition("\nRun table")[0] + "\n")
    if "laws" in steps:
        write(asked.out / "laws.csv", list(comparison(runs)))
    if "fits" in steps:
        write(asked.out / "fits.csv", list(fits(runs, asked.storage)))
    if "optimum" in steps:
        write(asked.out / "optimum.csv", list(optimum(asked.storage, asked.workers)))
    corpus = rows(runs)[0]["corpus"]
    trainer = {name: metadata.version(name) for name in ("torch", "transformers")}
    made_by = manifest(corpus=corpus, budget_6nd=BUDGET, trainer=trainer)
    write_manifest(asked.out / "manifest.json", made_by)


if __name__ == "__main__":
    main()
