"""CPU seconds of one ask and tell with many observations, and of a batch of asks.

    OMP_NUM_THREADS=1 python benchmarks/search_cost.py --out results/reference/search

Every search is told the same random configurations of the routed mixture (`problems/moe.py`),
then asked and told one at a time: `loaded_s` is the telling of them all and the first ask and
tell, `next_s` the median of the next five. In the batch, 64 are asked for before any is told:
`loaded_s` is the telling, `next_s` the whole batch. Each row is made in a process of its own
that gets `--limit` CPU seconds; an empty figure is one not reached by then.
"""

import argparse
import csv
import json
import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from cpu import spent
from evidence import Record, manifest, write, write_manifest
from problems.suite import SUITE
from search_ours import own
from search_peers import PEERS, quiet
from search_run import Answer

from autotune.cli.console import table
from autotune.search.codec import Codec

TOLD, BATCH_TOLD, BATCH = (100, 1000, 10_000), 2000, 64
REPEATS = 5
PROBLEM = "moe"
LIMIT = 120
FIGURES = ("loaded_s", "next_s")
PEERS_THAT_LOAD = (
    "optuna TPE",
    "optuna GP",
    "skopt RF",
    "skopt ET",
    "skopt GP",
    "deephyper CBO",
)
"""The others cannot be told evaluations made elsewhere all at once."""


def measure(name: str, told: int, batch: int) -> dict[str, float]:
    """The two figures of one row."""
    bench = SUITE[PROBLEM]()
    codec, rng = Codec(bench.problem.space), np.random.default_rng(0)
    configs = [codec.decode(point) for point in rng.random((told, len(codec.names)))]
    values = [bench.true(config) for config in configs]
    asker: Any = {**PEERS, **own(bench.problem)}[name].start(bench.problem, 0)
    begin = spent()
    asker.load(configs, values)
    if batch:
        loaded = spent()
        asker.ask_many(batch)
        return {"loaded_s": loaded - begin, "next_s": spent() - loaded}
    each = [begin]
    for _ in range(REPEATS + 1):
        config = asker.ask()
        asker.tell(config, Answer(bench.true(config)))
        each.append(spent())
    seconds = np.diff(each)
    return {"loaded_s": float(seconds[0]), "next_s": median(map(float, seconds[1:]))}


def row(name: str, told: int, batch: int, limit: int) -> Record:
    """One row, made in a process that is ended after `limit` CPU seconds."""
    asked = [name, str(told), str(batch)]
    done = subprocess.run(
        [sys.executable, __file__, "--row", *asked],
        stdout=subprocess.PIPE,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CPU, (limit, limit)),
    )
    found = json.loads(done.stdout) if done.returncode == 0 else {"loaded_s": "", "next_s": ""}
    return {"search": name, "told": told, "batch": batch, **found}


def rows(names: list[str], told: list[int], limit: int) -> Iterator[Record]:
    """Every row; once a search is over the limit, larger numbers are left out."""
    for name in names:
        for count in told:
            made = row(name, count, 0, limit)
            yield made
            if made["next_s"] == "":
                break
        yield row(name, BATCH_TOLD, BATCH, limit)


def merged(older: list[Record], made: Record) -> list[Record]:
    """Older rows with a new one, in the place of the same one if there was such."""

    def key(each: Record) -> list[str]:
        return [str(each[name]) for name in ("search", "told", "batch")]

    return [each for each in older if key(each) != key(made)] + [made]


def recorded(path: Path) -> list[Record]:
    """The rows of a file."""
    if not path.exists():
        return []
    with path.open(newline="") as file:
        return [
            {k: float(v) if v and k in FIGURES else v for k, v in each.items()}
            for each in csv.DictReader(file)
        ]


def together(path: Path, made_by: dict[str, object]) -> dict[str, object]:
    """The runs that a table's rows come from, this one last: each call adds or renews rows."""
    kept = path.with_name("cost_manifest.json")
    before = json.loads(kept.read_text()).get("runs", []) if kept.exists() else []
    same = made_by["command"], made_by["commit"]
    others = [each for each in before if (each["command"], each["commit"]) != same]
    return {"runs": [*others, made_by]}


def main() -> None:
    """Print the table, or write it."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--searches", type=lambda text: text.split(","), help="default: all")
    parser.add_argument(
        "--told", type=lambda text: [int(each) for each in text.split(",")], default=[*TOLD]
    )
    parser.add_argument("--limit", type=int, default=LIMIT, help="CPU seconds of a row")
    parser.add_argument("--row", nargs=3, help=argparse.SUPPRESS)
    parser.add_argument("--out", type=Path, help="folder for cost.csv and cost_manifest.json")
    options = parser.parse_args()
    if options.row:
        name, told, batch = options.row
        with quiet():
            print(json.dumps(measure(name, int(told), int(batch))))
        return
    made_by = manifest(limit=options.limit, repeats=REPEATS)
    names = options.searches or [
        *own(SUITE[PROBLEM]().problem),
        *(name for name in PEERS_THAT_LOAD if PEERS[name].installed),
    ]
    path = options.out / "cost.csv" if options.out else None
    made = recorded(path) if path else []
    for each in rows(names, options.told, options.limit):
        print(each, file=sys.stderr)
        made = merged(made, each)
        if path:
            path.parent.mkdir(parents=True, exist_ok=True)
            write(path, made)
            write_manifest(path.with_name("cost_manifest.json"), together(path, made_by))
    cells = [
        [f"{v:.3g}" if isinstance(v, float) else str(v) for v in each.values()] for each in made
    ]
    print(table(list(made[0]), cells, left=(0,)))


if __name__ == "__main__":
    main()
