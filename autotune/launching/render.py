"""Job scripts: a template of `launch/`, filled for one job on one site. Text in, text out."""

from shlex import quote
from string import Template

from autotune.launching import directives, program
from autotune.launching.job import JobSpec
from autotune.launching.site import Site

DIRECTIVES = {"slurm": directives.slurm, "pbs": directives.pbs}
SUBMITS = {"slurm": "sbatch", "pbs": "qsub", "local": "bash"}


def render(template: str, job: JobSpec, site: Site) -> str:
    """Fill a template for one job; an unknown `$name` raises KeyError.

    Args:
        template: The text of `template_name`, or a user's own. The shell's dollars are doubled.
        job: What to run.
        site: Where.

    Raises:
        InputError: If the site's scheduler cannot run such a job.
    """
    head = DIRECTIVES.get(site.scheduler)
    return Template(template).substitute(
        shell=site.shell,
        about=_about(job, site),
        directives="\n".join(head(job, site) if head else []),
        setup="\n".join(
            [*site.setup, *program.exports(job, site), f"cd {quote(job.workdir)} || exit 2"]
        ),
        program=program.program(job, site),
        command=program.launched(job, site) if site.launch or job.ranks == 1 else "",
        ranks=job.ranks,
        ranks_per_node=job.ranks_per_node,
    )


def template_name(job: JobSpec, site: Site) -> str:
    """The template in `launch/` that fits: the scheduler's, or for MPI without one, mpirun's."""
    if site.scheduler == "local" and job.ranks > 1 and not site.launch:
        return "mpirun.sh"
    return f"{site.scheduler}.sh"


def _about(job: JobSpec, site: Site) -> str:
    facts = f" (as of {site.date})" if site.date else ""
    kind = f"{job.nodes} node{'s' * (job.nodes > 1)} x {job.ranks_per_node} "
    kind += "MPI rank" + "s" * (job.ranks_per_node > 1) if job.ranks > 1 else "process, no MPI"
    return (
        f"autotune: {kind}, for the site {site.name}{facts}.\n"
        f"# Edit it if you like: `{SUBMITS[site.scheduler]}` takes it as it is, and again."
    )
