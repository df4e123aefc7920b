"""What a supervisor puts into the environment of its trials: no MPI of ours, a launcher, GPUs.

A job script (or a site's profile) says by three variables what GPUs a node has:

    AUTOTUNE_GPUS_PER_NODE   how many; without it the environment is left as it is
    AUTOTUNE_GPU_VARIABLE    which variable hides the others: CUDA_VISIBLE_DEVICES (the default),
                             ROCR_VISIBLE_DEVICES, ZE_AFFINITY_MASK
    AUTOTUNE_GPU_ORDER       their names in the order of a node's ranks: `reverse`, or a list such
                             as 3,2,1,0 or 0.0,0.1,1.0,1.1; by default 0,1,2,...

A trial with R ranks gets min(R, GPUs) of them: rank 0 of a node the first ones, and so on.
A trial finds its number of ranks in AUTOTUNE_TRIAL_RANKS, and the words that start them in
AUTOTUNE_TRIAL_LAUNCHER, empty for one rank.
"""

import shutil
from collections.abc import Mapping

from autotune.errors import InputError

LAUNCHER = "AUTOTUNE_TRIAL_LAUNCHER"
RANKS = "AUTOTUNE_TRIAL_RANKS"
OURS = ("PMI_", "PMIX_", "OMPI_", "PRTE_", "PALS_", "HYDI_", "HYDRA_", "MPI_LOCAL")
"""Beginnings of variables that would make a nested mpiexec or MPI program take itself for ours."""
KEPT = ("ALLOW_RUN_AS_ROOT",)


def trial_environment(
    environ: Mapping[str, str], *, ranks: int, host: str, local_rank: int
) -> dict[str, str]:
    """The environment of a supervisor's trials.

    Args:
        environ: The supervisor's own.
        ranks: Ranks of a trial.
        host: The name of this node.
        local_rank: The supervisor's number on its node.

    Raises:
        InputError: If a variable about GPUs cannot be read, or nothing starts ranks here.
    """
    kept = {
        name: value
        for name, value in environ.items()
        if not name.startswith(OURS) or any(word in name for word in KEPT)
    }
    launcher = {RANKS: str(ranks), LAUNCHER: trial_launcher(environ, ranks=ranks, host=host)}
    return kept | launcher | gpu_binding(environ, ranks=ranks, local_rank=local_rank)


def trial_launcher(environ: Mapping[str, str], *, ranks: int, host: str) -> str:
    """The words that start a trial's ranks on this node; empty for one rank."""
    if ranks == 1:
        return ""
    path = environ.get("PATH")
    if "SLURM_JOB_ID" in environ and shutil.which("srun", path=path):
        return f"srun --overlap -N1 -n{ranks} --nodelist={host}"
    for name in ("mpiexec", "mpirun"):
        if shutil.which(name, path=path):
            return f"{name} -n {ranks}"
    raise InputError(
        f"a trial of {ranks} ranks needs srun, mpiexec or mpirun on PATH, and {host} has none."
    )


def gpu_binding(environ: Mapping[str, str], *, ranks: int, local_rank: int) -> dict[str, str]:
    """The variable that shows a trial its GPUs and hides the others; empty without GPUs."""
    text = environ.get("AUTOTUNE_GPUS_PER_NODE", "0")
    if not text.isdigit():
        raise InputError(f"AUTOTUNE_GPUS_PER_NODE must be a number, not {text!r}.")
    if not (count := int(text)):
        return {}
    order = environ.get("AUTOTUNE_GPU_ORDER", "")
    names = [str(number) for number in range(count)]
    names = names[::-1] if order == "reverse" else order.split(",") if order else names
    if len(names) != count or not all(names):
        raise InputError(
            f"AUTOTUNE_GPU_ORDER={order!r} names {len(names)} GPUs, AUTOTUNE_GPUS_PER_NODE {count}."
        )
    each = min(ranks, count)
    taken = [names[(local_rank * each + i) % count] for i in range(each)]
    variable = environ.get("AUTOTUNE_GPU_VARIABLE", "CUDA_VISIBLE_DEVICES")
    return {variable: ",".join(taken)}
