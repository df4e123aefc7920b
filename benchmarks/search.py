"""Searches beside each other on problems with a known optimum: regret and CPU seconds.

    OMP_NUM_THREADS=1 python benchmarks/search.py --out results/reference/search

Every run is one search, one problem and one seed, with the tool's defaults and one evaluation
at a time; it is written to `runs.jsonl` when it ends, and runs that are there already are not
made again. `search_peers.py` says how each tool is run and what it is told of failures; one
that is not installed is named and passed over (`pip install 'autotune-llm[bench]'`).

Regret is counted without noise, on the configuration with the least measured value. As many
proposals that break a constraint as there are evaluations are free, and each further one counts
as an evaluation; only ours and Optuna's TPE and GP know constraints.
"""

import argparse
import functools
import re
import subprocess
import sys
import tempfile
from importlib import metadata
from pathlib import Path

from evidence import Record, manifest, write, write_manifest
from problems.bench import Bench, UnavailableError
from problems.suite import SUITE
from search_ours import own
from search_peers import PEERS, Peer, quiet
from search_record import Journal, Row, cells, losses, markdown, put, steps, summary
from search_run import run

from autotune.cli.console import table

EVALUATIONS, SEEDS = 100, 10
COSTLY: dict[str, dict[str, int]] = {
    "skopt RF": {"moe": SEEDS, "hartmann6": SEEDS, "ackley10": SEEDS},
    "skopt ET": {"moe": SEEDS},
    "smac BlackBox": {"moe": SEEDS, "hartmann6": SEEDS, "ackley10": SEEDS},
    "deephyper CBO": {"moe": SEEDS, "hartmann6": SEEDS},
}
"""Seeds by problem of tools that take a quarter of a CPU second an evaluation or more, and are not
the best on any problem; they have none on the others."""

OURS = "autotune"


def seeds_of(peer: str, problem: str, asked: int | None) -> int:
    """How many seeds a search gets on a problem."""
    if asked is not None:
        return asked
    return COSTLY[peer].get(problem, 0) if peer in COSTLY else SEEDS


def benches(names: list[str]) -> list[Bench]:
    """The problems asked for; one that cannot be had here is named and passed over."""
    found = []
    for name in names:
        try:
            found.append(SUITE[name]())
        except UnavailableError as reason:
            print(f"{name}: passed over, {reason}", file=sys.stderr)
    return found


def searches(names: list[str] | None, bench: Bench) -> list[Peer]:
    """The searches asked for, all by default; one that is not installed is passed over.

    So is one that the problem has not: a prior's, where there is no law of it.
    """
    known = {**PEERS, **own(bench.problem, noise=bench.noise)}
    for name in names or ():
        if name not in known:
            print(f"{name}: passed over, {bench.name} has {', '.join(known)}", file=sys.stderr)
    chosen = [known[name] for name in (names or known) if name in known]
    for peer in chosen:
        if not peer.installed:
            print(f"{peer.name}: passed over, {peer.module} is not installed", file=sys.stderr)
    return [peer for peer in chosen if peer.installed]


@functools.cache
def commit() -> str:
    """The commit of this checkout, short."""
    here = Path(__file__).resolve().parent
    asked = ["git", "rev-parse", "--short", "HEAD"]
    return subprocess.run(
        asked, cwd=here, capture_output=True, text=True, check=False
    ).stdout.strip()


def row(bench: Bench, peer: Peer, seed: int, evaluations: int) -> Row:
    """Make one run."""
    with quiet():
        made = run(bench, peer.search, seed=seed, evaluations=evaluations)
    version = f"{peer.package} {metadata.version(peer.package)}"
    if peer.package == "autotune-llm":
        version += f" at {commit()}"
    return Row(
        problem=bench.name,
        peer=peer.name,
        seed=seed,
        evaluations=len(made.regrets),
        cpu_s=float(f"{made.seconds:.4g}"),
        refused=made.refused,
        version=version,
        steps=steps(made.regrets),
    )


def fill(journal: Journal, chosen: list[Bench], options: argparse.Namespace) -> None:
    """Make the runs that are missing, the first seed of everything first."""
    todo = [
        (seed, bench, peer)
        for bench in chosen
        for peer in searches(options.peers, bench)
        for seed in range(seeds_of(peer.name, bench.name, options.seeds))
        if (bench.name, peer.name, seed) not in journal.rows
    ]
    for number, (seed, bench, peer) in enumerate(sorted(todo, key=lambda each: each[0]), start=1):
        made = row(bench, peer, seed, options.evals)
        journal.add(made)
        regret = made.steps[-1][1] if made.steps else float("inf")
        print(
            f"{number}/{len(todo)} {bench.name}, {peer.name}, seed {seed}: "
            f"{regret:.3g} in {made.cpu_s:.3g} CPU s",
            file=sys.stderr,
        )


def recorded(folder: Path, records: list[Record], made_by: object) -> None:
    """Write the summary, its table and its losses, and the manifest."""
    write(folder / "regret.csv", records)
    write_manifest(folder / "manifest.json", made_by)
    readme = folder / "README.md"
    if readme.exists():
        said = losses(records, own=OURS)
        text = put(readme.read_text(), "table", markdown(records))
        readme.write_text(put(text, "losses", "\n".join(f"- {line}" for line in said)))


def split(text: str) -> list[str]:
    """Names at commas; one that a space follows is part of a name ("autotune, prior abnar2025")."""
    return re.split(r",(?! )", text)


def parsed() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--problems", type=split, default=list(SUITE), help="by name, with commas")
    parser.add_argument("--peers", type=split, help="by name, with commas; default: all")
    parser.add_argument(
        "--seeds", type=int, help="of every search; default: 10, fewer for slow ones"
    )
    parser.add_argument("--evals", type=int, default=EVALUATIONS)
    parser.add_argument(
        "--again", action="store_true", help="drop the runs asked for, then make them"
    )
    parser.add_argument(
        "--no-runs", action="store_true", help="only tables and plots, from the runs there are"
    )
    parser.add_argument("--out", type=Path, help="folder for runs, tables and plots")
    return parser.parse_args()


def main() -> None:
    """Make the runs, print the table, and write it with the plots."""
    options = parsed()
    chosen = benches(options.problems)
    out = options.out or Path(tempfile.mkdtemp(prefix="autotune-search-"))
    made_by = manifest(
        evaluations=options.evals,
        caveats={bench.name: bench.caveat for bench in chosen if bench.caveat},
        optima={bench.name: bench.optimum for bench in chosen},
    )
    journal = Journal(out / "runs.jsonl")
    if options.again:
        peers = options.peers or {peer for _, peer, _ in journal.rows}
        journal.drop((bench.name for bench in chosen), peers)
    if not options.no_runs:
        fill(journal, chosen, options)
    order = {name: i for i, name in enumerate(SUITE)}
    rows = sorted(journal.rows.values(), key=lambda r: (order[r.problem], r.peer, r.seed))
    records = summary(rows, evaluations=options.evals)
    print(table(list(records[0]), cells(records), left=(0, 1)))
    print("\n".join(losses(records, own=OURS)))
    if options.out:
        from search_plots import draw  # matplotlib is an extra

        made_by["peers"] = sorted({row.version for row in rows})
        recorded(out, records, made_by)
        for bench in chosen:
            draw(bench, [row for row in rows if row.problem == bench.name], options.evals, out)


if __name__ == "__main__":
    main()
