"""Whether this process is one of several that an MPI launcher started, and whether MPI agrees.

Reads the environment only: nothing here imports mpi4py, so that a command that no launcher
started pays nothing. The failure to catch is N processes that each believe to be alone: a launcher
and a library that do not speak to each other start N separate searches on one study.
"""

from collections.abc import Mapping
from pathlib import Path

RANKS = ("OMPI_COMM_WORLD_RANK", "PMI_RANK", "PMIX_RANK", "PALS_RANKID")
"""Variables by which a launcher tells a process its rank."""
SIZES = ("OMPI_COMM_WORLD_SIZE", "PMI_SIZE")
"""Variables by which a launcher tells the number of ranks."""
STEP_SIZE = "SLURM_STEP_NUM_TASKS"
LOCAL_RANKS = (
    "OMPI_COMM_WORLD_LOCAL_RANK",
    "PALS_LOCAL_RANKID",
    "PMI_LOCAL_RANK",
    "MPI_LOCALRANKID",
    "SLURM_LOCALID",
)
"""Variables by which a launcher tells a process its number on its node."""
REMEDY = (
    "With srun give --mpi=pmi2 for MPICH and --mpi=pmix for Open MPI; otherwise take the mpiexec "
    "of the MPI that mpi4py was built with (`autotune doctor` names both)"
)


def launched(environ: Mapping[str, str]) -> bool:
    """Whether a launcher started this process as one of several ranks.

    A Slurm step of one task is not a launch: `srun -n 1` is how one process gets on a node.
    """
    if _number(environ, STEP_SIZE) == 1 and "OMPI_COMM_WORLD_RANK" not in environ:
        return False
    return any(name in environ for name in RANKS) or STEP_SIZE in environ


def launcher_rank(environ: Mapping[str, str]) -> int:
    """The rank that the launcher gave this process, which may be 0 for all where MPI is not."""
    found = (_number(environ, name) for name in (*RANKS, "SLURM_PROCID"))
    return next((number for number in found if number is not None), 0)


def local_rank(environ: Mapping[str, str], *, default: int) -> int:
    """This process's number on its node."""
    found = (_number(environ, name) for name in LOCAL_RANKS)
    return next((number for number in found if number is not None), default)


def misfit(library: str, environ: Mapping[str, str]) -> str:
    """Why a library must not be started under this launcher at all; empty if it may."""
    if library == "MPICH" and SIZES[0] in environ:
        return f"mpi4py has MPICH, and the mpiexec of Open MPI started it. {REMEDY}."
    return ""


def refusal(size: int, environ: Mapping[str, str]) -> str:
    """Why a search must not start with these ranks; empty if it may.

    The launcher's own number decides. Slurm's and PBS's numbers are those of the allocation
    where an mpiexec starts fewer ranks in it, and are named only where MPI found one rank.

    Args:
        size: Ranks that MPI found.
        environ: The environment, as the launcher made it.
    """
    said = {name: n for name in SIZES if (n := _number(environ, name)) is not None}
    if not said and (step := _number(environ, STEP_SIZE)) is not None:
        said = {STEP_SIZE: step}
    if said and size not in said.values():
        names = ", ".join(f"{name}={n}" for name, n in said.items())
        return f"MPI found {size} rank{'s'[: size != 1]}, but the launcher says {names}. {REMEDY}."
    if size > 1:
        return ""
    further = {name: _number(environ, name) for name in (STEP_SIZE, "SLURM_NTASKS")}
    further["lines of PBS_NODEFILE"] = _lines(environ.get("PBS_NODEFILE", ""))
    if more := [f"{name}: {n}" for name, n in further.items() if n is not None and n > 1]:
        return f"MPI found 1 rank, but the job has more ({', '.join(more)}). {REMEDY}."
    return (
        "MPI found 1 rank, which leaves none to run trials: rank 0 proposes and records. Start 2 "
        "or more, or leave mpiexec and `-m mpi4py` out and give --workers."
    )


def _number(environ: Mapping[str, str], name: str) -> int | None:
    text = environ.get(name, "")
    return int(text) if text.isdigit() else None


def _lines(file: str) -> int | None:
    try:
        return len(Path(file).read_text().splitlines()) if file else None
    except OSError:
        return None
