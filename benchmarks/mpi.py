"""The MPI evaluator beside its peers, and how busy it keeps workers: tables under mpiexec.

    export OMP_NUM_THREADS=1
    python benchmarks/mpi.py tasks --out results/reference/mpi --peers peers
    python benchmarks/mpi.py manager --out results/reference/mpi
    python benchmarks/mpi.py workers --out results/reference/mpi --storage use --peers peers

`make install-mpi` makes the environments `.venv-mpich` and `.venv-openmpi`. `--peers DIR` names a
folder with environments `mpich` and `openmpi` that have libEnsemble and DeepHyper beside mpi4py; a
peer that does not run is left out, and said. `workers` continues the studies that it finds.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from statistics import median

from evidence import Record, manifest, write, write_manifest
from mpi_use import Span, recorded, use

from autotune.cli.console import table

ROOT = Path(__file__).resolve().parent.parent
JOBS, PROBLEM = (str(ROOT / "benchmarks" / name) for name in ("mpi_jobs.py", "mpi_problem.py"))
MPIS = ("mpich", "openmpi")
N_TASKS = {"autotune": 6000, "futures": 6000, "libensemble": 500, "deephyper": 300}
REPEATS, RANKS = 5, 4
WORKERS, LEARNERS, EACH, JOBS_EACH = (8, 16, 32), ("GP", "RF"), 40, 3
# Its proposals take seconds, more with each outcome: ten trials a worker, one job each.
EACH_OF_PEER, COUNTS_OF_PEER, PEER_SEED = 10, (8, 16), 12345
KIND = ("workers", "tool", "learner", "mpi")
SHOWN = ("busy", "busy_with_drain", "wait_seconds", "manager_cpu", "manager_mib")
RECORDED = ("100", "1000", "10000", "100000")
ROOTS = {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"}


def job(
    mpi: str, ranks: int, *arguments: str, python: Path | None = None
) -> "subprocess.CompletedProcess[str]":
    """One run under an MPI's mpiexec, in its environment or in a peer's."""
    home = ROOT / f".venv-{mpi}"
    launcher = [str(home / "bin" / "mpiexec"), *["--oversubscribe"][: mpi == "openmpi"]]
    interpreter = str(python or home / "bin" / "python")
    library = {"LD_LIBRARY_PATH": str(home / "lib")} if python else {}
    return subprocess.run(
        [*launcher, "-n", str(ranks), interpreter, *arguments],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | ROOTS | library | {"PYTHONPATH": str(ROOT)},
        cwd=tempfile.gettempdir(),  # peers leave files where they run
    )


def said(done: "subprocess.CompletedProcess[str]") -> list[dict[str, float]]:
    """The JSON lines of a job."""
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


def tasks(peers: Path | None) -> Iterator[Record]:
    """Tasks per second with an empty objective, medians of five.

    The tools take turns, so that whatever else the machine does falls on all of them.
    """
    for mpi in MPIS:
        rates: dict[str, list[float]] = {tool: [] for tool in N_TASKS}
        for _ in range(REPEATS):
            for tool, n in N_TASKS.items():
                own = tool in ("autotune", "futures")
                python = None if own or peers is None else peers.resolve() / mpi / "bin" / "python"
                done = job(mpi, RANKS, JOBS, "tasks", tool, str(n), "1", python=python)
                rates[tool] += [each["rate"] for each in said(done)]
                if not rates[tool]:
                    why = (done.stderr.strip().splitlines() or ["nothing said"])[-1]
                    print(f"{mpi} {tool}: left out: {why}", file=sys.stderr)
        for tool, found in rates.items():
            if found:
                row: Record = {"mpi": mpi, "tool": tool, "ranks": RANKS, "tasks": N_TASKS[tool]}
                yield row | {"median": median(found), "least": min(found), "most": max(found)}


def manager() -> Iterator[Record]:
    """CPU seconds of rank 0 for a trial, its search included, and its memory."""
    for learner in ("random", "auto", "RF"):
        done = job("mpich", RANKS, JOBS, "manager", learner, *RECORDED)
        for each in said(done):
            yield {"learner": learner, **each}


def workers(storage: Path, counts: list[int], peers: Path | None) -> Iterator[Record]:
    """How busy workers are with trials that sleep a log-normal time of mean 1 s, job by job.

    The learners take turns, so that whatever else the machine does falls on both.
    """
    storage.mkdir(parents=True, exist_ok=True)
    for count, seed, mpi in product(counts, range(JOBS_EACH), MPIS):
        for learner in LEARNERS:
            name = f"{mpi}-{learner}-{count}-{seed}"
            log = storage / f"{name}.err"
            if not log.exists():
                words = ("tune", PROBLEM, "--learner", learner, "--max-evals", str(EACH * count))
                where = ("--storage", str(storage), "--study", name, "--seed", str(seed))
                log.write_text(job(mpi, count + 1, JOBS, *words, *where).stderr)
            key: Record = {"mpi": mpi, "tool": "autotune", "learner": learner, "seed": seed}
            yield key | _row(count, recorded(storage / name), log.read_text())
    for count, mpi in product(counts, MPIS):
        if peers is not None and count in COUNTS_OF_PEER:
            log = storage / f"{mpi}-deephyper-{count}.out"
            if not log.exists():
                python, n = peers.resolve() / mpi / "bin" / "python", EACH_OF_PEER * count
                done = job(mpi, count + 1, JOBS, "deephyper", str(n), python=python)
                assert done.returncode == 0, done.stderr
                log.write_text(done.stdout)
            text = log.read_text()
            spans = [Span(**json.loads(line)) for line in text.splitlines() if "begun" in line]
            key = {"mpi": mpi, "tool": "deephyper", "learner": "ET", "seed": PEER_SEED}
            yield key | _row(count, spans, text)


def _row(count: int, spans: list[Span], said: str) -> Record:
    """How busy the workers of a job were, with what rank 0 said of its own CPU seconds."""
    (last,) = [line for line in said.splitlines() if line.startswith('{"cpu"')]
    spent = json.loads(last)
    found: Record = {"workers": count, **use(spans, count)}
    return found | {"manager_cpu": spent["cpu"] / len(spans), "manager_mib": spent["mib"]}


def medians(records: list[Record]) -> list[Record]:
    """Medians over the jobs that differ in nothing but the seed, and the least busy of them."""
    kinds: dict[tuple[object, ...], list[Record]] = {}
    for each in records:
        kinds.setdefault(tuple(each[name] for name in KIND), []).append(each)
    return [
        {**dict(zip(KIND, kind, strict=True)), "jobs": len(jobs)}
        | {name: median(float(each[name]) for each in jobs) for name in SHOWN}
        | {"least_busy": min(float(each["busy"]) for each in jobs)}
        for kind, jobs in kinds.items()
    ]


def main() -> None:
    """Measure a part, print its table and write it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("part", choices=("tasks", "manager", "workers"))
    parser.add_argument("--out", type=Path)
    parser.add_argument("--peers", type=Path)
    parser.add_argument("--storage", type=Path, default=Path("results/local/mpi"))
    parser.add_argument("--counts", type=int, nargs="+", default=WORKERS, help="of workers")
    given = parser.parse_args()
    parts = {
        "tasks": lambda: tasks(given.peers),
        "manager": manager,
        "workers": lambda: workers(given.storage.resolve(), given.counts, given.peers),
    }
    records = list(parts[given.part]())
    shown = medians(records) if given.part == "workers" else records
    rows = [[f"{v:.4g}" if isinstance(v, float) else str(v) for v in r.values()] for r in shown]
    print(table(list(shown[0]), rows, left=(0, 1)))
    if given.out:
        given.out.mkdir(parents=True, exist_ok=True)
        write(given.out / f"{given.part}.csv", records)
        load = " ".join(f"{each:.1f}" for each in os.getloadavg())
        write_manifest(given.out / f"{given.part}_manifest.json", manifest(load_average=load))


if __name__ == "__main__":
    main()
