"""`autotune doctor`: what this machine can do, and what stands in the way."""

import os
import shutil
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import typer

from autotune.cli import console, storage_option

EPILOG = """examples:

  autotune doctor

  autotune doctor --storage /scratch/me/results --json

  autotune doctor --hpc --storage /scratch/me/results

With --hpc inside an allocation, every node of it is asked about files and clocks.
Exit status: 0 all is well; 1 something is in the way, or cannot be written.
"""
REQUIRED = (
    "numpy",
    "scipy",
    "ConfigSpace",
    "scikit-learn",
    "scikit-optimize",
    "pooch",
    "typer",
    "rich",
)
EXTRAS = {
    "mpi": ("mpi4py",),
    "train": ("torch", "transformers"),
    "report": ("jinja2", "plotly", "matplotlib"),
    "serve": ("fastapi", "uvicorn"),
    "optuna": ("optuna",),
    "parquet": ("pyarrow",),
}
SLOW_SYNC_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at: `ok`, `absent` (and optional) or `problem`."""

    what: str
    state: str
    detail: str


def register(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    app.command("doctor", epilog=EPILOG)(doctor)


def doctor(
    storage: Annotated[
        Path, typer.Option(help="The folder that studies go to.", callback=storage_option.folder)
    ] = Path("results/local"),
    hpc: Annotated[
        bool, typer.Option("--hpc", help="Check what a cluster has to do right, too.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Check the installation, MPI, schedulers, storage and machine."""
    findings = [
        _distribution(),
        Finding("python", "ok", f"{sys.version.split()[0]} at {sys.executable}"),
        *map(_required, REQUIRED),
        *(_optional(name, extra) for extra, names in EXTRAS.items() for name in names),
        *_mpi(),
        *(_program(name, what) for name, what in (("sbatch", "Slurm"), ("qsub", "PBS"))),
        _storage(storage),
        _machine(),
        *(_hpc(storage) if hpc else ()),
    ]
    problems = [finding for finding in findings if finding.state == "problem"]
    if json:
        console.emit_json({"ok": not problems, "findings": [asdict(f) for f in findings]})
    else:
        rows = [(finding.what, finding.state, finding.detail) for finding in findings]
        console.say(console.table(["what", "state", "detail"], rows, left=(0, 1, 2)))
        count = f"{len(problems)} problem{'' if len(problems) == 1 else 's'}"
        console.say(f"\n{count if problems else 'all is well'}")
    if problems:
        raise typer.Exit(1)


def _hpc(storage: Path) -> list[Finding]:
    from autotune.cli.doctor_hpc import findings

    return list(findings(storage))


def _distribution() -> Finding:
    """Two distributions that provide `autotune` overwrite each other in silence."""
    from importlib import metadata

    owners = set(metadata.packages_distributions().get("autotune", []))
    version = _version("autotune-llm")
    where = Path(__file__).resolve().parent.parent
    if version is not None:
        owners.add("autotune-llm")  # an editable install lists no files
    if owners == {"autotune-llm"}:
        return Finding("autotune", "ok", f"{version} from autotune-llm at {where}")
    if not owners:
        return Finding("autotune", "ok", f"not installed; imported from {where}")
    strangers = " ".join(sorted(owners - {"autotune-llm"}))
    remedy = f"pip uninstall {strangers}; pip install --force-reinstall autotune-llm"
    named = " and ".join(sorted(owners))
    return Finding(
        "autotune", "problem", f"provided by {named}, which overwrite each other: {remedy}"
    )


def _version(name: str) -> str | None:
    from importlib import metadata

    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _required(name: str) -> Finding:
    version = _version(name)
    if version is None:
        return Finding(name, "problem", "missing: pip install autotune-llm")
    return Finding(name, "ok", version)


def _optional(name: str, extra: str) -> Finding:
    version = _version(name)
    if version is None:
        return Finding(name, "absent", f"pip install 'autotune-llm[{extra}]'")
    return Finding(name, "ok", version)


def _mpi() -> list[Finding]:
    """The launcher, and whether mpi4py finds its library; MPI itself is not initialised."""
    launcher = next(filter(None, map(shutil.which, ("mpiexec", "mpirun", "srun"))), None)
    found = [
        Finding("MPI launcher", "ok", _launcher_version(launcher))
        if launcher
        else Finding("MPI launcher", "absent", "no mpiexec, mpirun or srun on PATH")
    ]
    if _version("mpi4py") is not None:
        said = _run([sys.executable, "-c", _PROBE])
        state = "ok" if said.startswith("MPI ") else "problem"
        found.append(Finding("mpi4py's MPI library", state, said))
    return found


_PROBE = """
import mpi4py
mpi4py.rc.initialize = False
from mpi4py import MPI
print("MPI %d.%d, " % MPI.Get_version() + MPI.Get_library_version().splitlines()[0])
"""


def _launcher_version(path: str) -> str:
    said = _run([path, "--version"])
    return f"{path}: {said}" if said else path


def _run(command: list[str]) -> str:
    """The first line that a command prints, or its last line of complaint."""
    import subprocess

    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    said = done.stdout.strip().splitlines()[:1] or done.stderr.strip().splitlines()[-1:]
    return said[0] if said else ""


def _program(name: str, what: str) -> Finding:
    path = shutil.which(name)
    if path:
        return Finding(what, "ok", path)
    return Finding(what, "absent", f"no {name} on PATH")


def _storage(storage: Path) -> Finding:
    """Write, sync and remove a file where studies go, creating the folder only for that."""
    from autotune.store.create import write_test

    nearest = storage.absolute()
    while not nearest.exists() and nearest != nearest.parent:
        nearest = nearest.parent
    try:
        seconds = write_test(nearest)
    except OSError as error:
        detail = f"cannot write in {nearest}: {error.strerror}. Choose another --storage"
        return Finding("storage", "problem", detail)
    free = shutil.disk_usage(nearest).free / 1e9
    detail = f"{nearest}: {1e3 * seconds:.2g} ms to sync a record, {free:.3g} GB free"
    slow = seconds > SLOW_SYNC_SECONDS
    return Finding("storage", "problem" if slow else "ok", detail + (": too slow" * slow))


def _machine() -> Finding:
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    detail = f"{usable} of {os.cpu_count()} cores usable, {memory:.1f} GiB of memory"
    return Finding("machine", "ok", detail)
