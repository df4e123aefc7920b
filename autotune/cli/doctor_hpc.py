"""`autotune doctor --hpc`: scheduler, launchers, MPI, the shared file system and its clocks."""

import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from autotune.cli.doctor import Finding
from autotune.launching import dialect, filesystem
from autotune.launching.dialect import Dialect
from autotune.launching.scheduler import call

LAUNCHERS = ("mpiexec", "mpirun", "srun")
MOST_SKEW_SECONDS = 5.0
VISIBLE_SECONDS = 10.0
_SIZE = "from mpi4py import MPI; print('size', MPI.COMM_WORLD.Get_size())"
_LIBRARY = (
    "import mpi4py; mpi4py.rc.initialize = False; from mpi4py import MPI; "
    "print(MPI.Get_library_version())"
)


def findings(storage: Path) -> Iterator[Finding]:
    """Everything that a cluster has to do right, one finding each."""
    yield _scheduler()
    yield from map(_launcher, LAUNCHERS)
    yield _mpi()
    nearest = storage.absolute()
    while not nearest.exists() and nearest != nearest.parent:
        nearest = nearest.parent
    try:
        with tempfile.TemporaryDirectory(prefix=".doctor-", dir=nearest) as name:
            yield from _files(Path(name), nearest)
    except OSError as error:
        yield Finding("shared files", "problem", f"cannot write in {nearest}: {error.strerror}")


def _scheduler() -> Finding:
    """Whether a scheduler answers, and whether Slurm keeps accounts."""
    if shutil.which("sbatch"):
        said = call("sinfo", "-h", "-o", "%P %D %T")
        if said.status:
            return Finding("scheduler", "problem", f"Slurm does not answer: {said.complaint}")
        version = call("sbatch", "--version").out.strip()
        queues = sorted({line.split()[0].rstrip("*") for line in said.out.splitlines() if line})
        accounts = call("sacct", "-n", "-X", "-o", "JobID")
        told = "sacct answers" if accounts.status == 0 else f"no sacct ({accounts.complaint})"
        return Finding("scheduler", "ok", f"{version}; partitions {', '.join(queues)}; {told}")
    if shutil.which("qsub"):
        said = call("qstat", "-Q")
        if said.status:
            return Finding("scheduler", "problem", f"PBS does not answer: {said.complaint}")
        queues = [line.split()[0] for line in said.out.splitlines()[2:] if line.split()]
        return Finding("scheduler", "ok", f"PBS; queues {', '.join(queues)}")
    return Finding("scheduler", "absent", "no sbatch and no qsub: --scheduler local runs jobs here")


def _launcher(name: str) -> Finding:
    path = shutil.which(name)
    if path is None:
        return Finding(name, "absent", "not on PATH")
    said = call(path, "--version")
    kind = dialect.of(said.out + said.error)
    if said.status:
        return Finding(name, "absent", f"{path} does not work here: {said.complaint}")
    if kind is Dialect.UNKNOWN:
        first = (said.out + said.error).strip().splitlines()[:1]
        return Finding(name, "problem", f"{path}: not one of the known ones: {first}")
    words = " ".join(kind.words(2, 4))
    return Finding(name, "ok", f"{kind}, {path}; 2 nodes x 4 ranks: {name} {words}")


def _mpi() -> Finding:
    """Start two ranks: mpi4py of another MPI than the launcher's makes two worlds of one."""
    what = "MPI and mpi4py"
    library = call(sys.executable, "-c", _LIBRARY)
    if library.status:
        return Finding(what, "absent", f"{library.complaint}: pip install 'autotune-llm[mpi]'")
    built = library.out.strip().splitlines()[0]
    path = shutil.which("mpiexec") or shutil.which("mpirun")
    if path is None:
        return Finding(what, "absent", f"mpi4py has {built}; no mpiexec on PATH")
    version = call(path, "--version")
    kind = dialect.of(version.out + version.error)
    said = call(path, "-n", "2", sys.executable, "-c", _SIZE)
    sizes = [line.split()[1] for line in said.out.splitlines() if line.startswith("size ")]
    if sizes == ["2", "2"]:
        return Finding(what, "ok", f"{kind} starts 2 ranks of {built}")
    if sizes or not any(word in built for word in kind.libraries):
        remedy = "install mpi4py for that MPI, or put its mpiexec first on PATH"
        return Finding(what, "problem", f"{path} is {kind}, but mpi4py has {built}: {remedy}")
    return Finding(what, "absent", f"{kind} does not start ranks here: {said.complaint}")


def _files(folder: Path, nearest: Path) -> Iterator[Finding]:
    """Check the folder from here, or inside an allocation from each of its nodes."""
    command = _everywhere()
    if command is None:
        seen, complaint = [filesystem.check(folder)], ""
    else:
        said = call(*command, sys.executable, "-m", "autotune.launching.filesystem", str(folder))
        seen, complaint = _read(said.out), "" if said.status == 0 else said.complaint
    if complaint or not seen:
        yield Finding("shared files", "problem", f"the nodes did not check it: {complaint}")
        return
    hosts = ", ".join(sorted(each.host for each in seen))
    wrong = [f"{each.host}: {text}" for each in seen for text in each.wrong]
    hidden = [each.host for each in seen if not _visible(folder / each.file)]
    wrong += [f"what {host} wrote is not seen here: is {nearest} shared?" for host in hidden]
    slowest = 1e3 * max(each.append_seconds for each in seen)
    fine = f"append, rename and exclusive creation on {hosts}; {slowest:.2g} ms an append"
    yield Finding("shared files", "problem" if wrong else "ok", "; ".join(wrong) or fine)
    worst = max(seen, key=lambda each: abs(each.skew))
    late = abs(worst.skew) > MOST_SKEW_SECONDS
    detail = f"the clock of {worst.host} and the file server's differ by {abs(worst.skew):.2g} s"
    yield Finding("clocks", "problem" if late else "ok", detail)


def _everywhere() -> list[str] | None:
    """The words that start one process on each node of this allocation; None outside of one."""
    nodes = os.environ.get("SLURM_JOB_NUM_NODES")
    if nodes and nodes.isdecimal() and shutil.which("srun"):
        return ["srun", *Dialect.SRUN.words(int(nodes), 1)]
    nodefile, path = os.environ.get("PBS_NODEFILE"), shutil.which("mpiexec")
    if nodefile and path and Path(nodefile).is_file():
        version = call(path, "--version")
        count = len(set(Path(nodefile).read_text().split()))
        return [path, *dialect.of(version.out + version.error).words(count, 1)]
    return None


def _read(text: str) -> list[filesystem.Seen]:
    documents = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
    return [filesystem.Seen(**{**each, "wrong": tuple(each["wrong"])}) for each in documents]


def _visible(path: Path) -> bool:
    """Whether a file of another node appears here; some file systems cache names for seconds."""
    end = time.monotonic() + VISIBLE_SECONDS
    while not path.exists():
        if time.monotonic() > end:
            return False
        time.sleep(0.2)
    return True
