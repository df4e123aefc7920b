"""The numbers that a profile's texts may name in braces."""

from autotune.errors import InputError
from autotune.launching.job import JobSpec
from autotune.launching.site import Site


def fill(text: str, job: JobSpec, site: Site) -> str:
    """Fill a profile's text, for example `mpiexec -n {ranks} --ppn {ranks_per_node}`.

    Raises:
        InputError: If it names something else in braces.
    """
    numbers = _numbers(job, site)
    try:
        return text.format_map(numbers)
    except (KeyError, IndexError, ValueError, AttributeError) as error:
        listed = ", ".join(f"{{{name}}}" for name in numbers)
        raise InputError(
            f"site {site.name}: cannot fill {text!r} ({error}). It may name {listed}."
        ) from None


def _numbers(job: JobSpec, site: Site) -> dict[str, int | str]:
    cpus = site.cpus_per_node or max(job.ranks_per_node, job.workers)
    return {
        "nodes": job.nodes,
        "ranks": job.ranks,
        "ranks_per_node": job.ranks_per_node,
        "cpus_per_node": cpus,
        "cpus_per_rank": max(1, cpus // job.ranks_per_node),
        "gpus_per_node": site.gpus_per_node,
        "ngpus": f":ngpus={site.gpus_per_node}" if site.gpus_per_node else "",
        "mpi": f" --mpi={site.mpi}" if site.mpi else "",
    }
