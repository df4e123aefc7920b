"""What a job asks of its scheduler, as the directives at the head of its script."""

from autotune.errors import InputError
from autotune.launching.array import TaskArray
from autotune.launching.clock import clock
from autotune.launching.job import JobSpec
from autotune.launching.places import fill
from autotune.launching.site import Site

JOBS = "jobs"
"""The folder in a study's that holds its scripts, their output and the records of submissions."""


def slurm(job: JobSpec, site: Site) -> list[str]:
    """The `#SBATCH` lines: `man sbatch` of Slurm 20.11 and later."""
    shared = not site.cpus_per_node and job.ranks == 1 and job.workers > 1
    output = "%x-%A_%a.out" if job.array else "%x-%j.out"
    lines = [
        f"--job-name={job.name}",
        *_given("--account=", job.account),
        *_given("--partition=", job.queue),
        *_given("--qos=", job.qos),
        f"--nodes={job.nodes}",
        f"--ntasks-per-node={job.ranks_per_node}",
        *_given("--cpus-per-task=", str(job.workers) if shared else ""),
        *_given("", fill(site.gpu_directive, job, site) if site.gpus_per_node else ""),
        *_given("--time=", clock(job.seconds) if job.seconds else ""),
        *_given("--array=", job.array),
        *_given("--signal=B:USR1@", _warning(job, site)),
        "--requeue",
        "--open-mode=append",
        f"--output={job.folder}/{JOBS}/{output}",
        *site.directives,
    ]
    return [f"#SBATCH {line}" for line in lines]


def pbs(job: JobSpec, site: Site) -> list[str]:
    """The `#PBS` lines: the qsub manual page of OpenPBS 23.06.

    Raises:
        InputError: If the array is one that PBS cannot hold.
    """
    if job.array:
        array = TaskArray.parse(job.array)
        if array.ranges > 1 or len(array.tasks) < 2:
            raise InputError(f"PBS takes one range of two tasks or more, not {job.array!r}.")
    if job.qos:
        raise InputError("PBS has no --qos: name a --queue.")
    chunk = fill(site.chunk, job, site)
    lines = [
        f"-N {job.name}",
        *_given("-A ", job.account),
        *_given("-q ", job.queue),
        f"-l select={job.nodes}" + (f":{chunk}" if chunk else ""),
        *_given("-l walltime=", clock(job.seconds) if job.seconds else ""),
        *_given("-l filesystems=", site.filesystems),
        *_given("-J ", job.array),
        "-j oe",
        f"-o {job.folder}/{JOBS}/",
        *site.directives,
    ]
    return [f"#PBS {line}" for line in lines]


def _warning(job: JobSpec, site: Site) -> str:
    """When to warn; never where that is most of a short job, for Slurm may be a minute early."""
    short = 0 < job.seconds < 10 * site.warn_seconds
    return "" if short or not site.warn_seconds else str(site.warn_seconds)


def _given(before: str, value: str) -> list[str]:
    return [before + value] if value else []
