"""The command line that a job script runs."""

from shlex import quote

from autotune.launching.job import JobSpec
from autotune.launching.places import fill
from autotune.launching.site import Site

WIDTH = 96
TASK = {
    "slurm": "${SLURM_ARRAY_TASK_ID:-0}",
    "pbs": "${PBS_ARRAY_INDEX:-0}",
    "local": "${AUTOTUNE_TASK:-0}",
}
DEAF = """sh -c 'trap "" USR1; exec "$@"' sh \\
    """
"""Before the program: Slurm's warning would end it while it loads, and is heeded from then on. What
is ignored stays so in what a shell becomes, and beyond a launcher only from within."""


def program(job: JobSpec, site: Site) -> str:
    """The verb of `autotune` with its arguments, wrapped to lines.

    Under MPI it runs as `python -m mpi4py`, which ends the whole job when one rank raises: an
    MPI that waits for a dead rank waits for ever. Every task of an array has a seed of its own,
    or all of them would propose the same configurations. Until it listens to signals, it is deaf
    to the one that Slurm warns by.
    """
    module = "-m mpi4py -m autotune" if job.ranks > 1 else "-m autotune"
    words = [quote(job.python), *module.split(), job.verb, *map(quote, job.arguments)]
    if job.array:
        words += ["--seed", f'"$(({job.seed} + {TASK[site.scheduler]}))"']
    return DEAF * (site.scheduler == "slurm") + _wrapped(words)


def launched(job: JobSpec, site: Site) -> str:
    """The program behind the site's launcher, if the job has MPI."""
    command = program(job, site)
    if job.ranks == 1:
        return command
    return f"{fill(site.launch, job, site)} \\\n    {command}"


def exports(job: JobSpec, site: Site) -> list[str]:
    """Tell the program which GPU each of its processes is to use, unless the launcher does."""
    bound = site.gpus_bound_by_launcher and job.ranks > 1
    if bound or not site.gpus_per_node or not site.gpu_variable:
        return []
    lines = [
        f"export AUTOTUNE_GPUS_PER_NODE={site.gpus_per_node}",
        f"export AUTOTUNE_GPU_VARIABLE={quote(site.gpu_variable)}",
    ]
    return lines + (
        [f"export AUTOTUNE_GPU_ORDER={quote(site.gpu_order)}"] if site.gpu_order else []
    )


def _wrapped(words: list[str]) -> str:
    """Join words to lines, an option on one line with its value."""
    groups: list[str] = []
    for word in words:
        if groups and (not word.startswith("-") and groups[-1].startswith("-")):
            groups[-1] += f" {word}"
        else:
            groups.append(word)
    lines, line = [], ""
    for group in groups:
        if line and len(line) + len(group) > WIDTH:
            lines.append(line)
            line = ""
        line += f" {group}" if line else group
    return " \\\n    ".join([*lines, line])
