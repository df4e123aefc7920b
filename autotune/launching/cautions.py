"""What to know before a job is submitted: what a site demands, and what its queues took."""

from autotune.errors import InputError
from autotune.launching.job import JobSpec
from autotune.launching.site import Limit, Site
from autotune.quantities import format_seconds, parse_seconds

DEMANDS = {
    "account": "--account PROJECT",
    "time": "--time 30m",
    "queue": "--queue NAME",
    "qos": "--qos NAME",
    "filesystems": "--set-site filesystems=home:eagle",
}


def check(job: JobSpec, site: Site) -> None:
    """Refuse a job that leaves out what its site demands.

    Raises:
        InputError: Naming everything that is missing, and what to write.
    """
    said = {
        "account": job.account,
        "time": job.seconds,
        "queue": job.queue,
        "qos": job.qos,
        "filesystems": site.filesystems,
    }
    missing = [name for name in site.requires if not said.get(name)]
    if missing:
        remedies = " ".join(DEMANDS.get(name, name) for name in missing)
        raise InputError(
            f"{site.name} takes no job without {' and '.join(missing)}. Add {remedies} "
            "(or --set-site requires= if that is no longer so)."
        )


def warnings(job: JobSpec, site: Site) -> list[str]:
    """Say what the site's queues did not take when its profile was written; never refuse."""
    named = {job.queue, job.qos} - {""}
    found = [limit for limit in site.limits if limit.queue in named]
    if site.limits and not found and job.queue:
        listed = ", ".join(dict.fromkeys(limit.queue for limit in site.limits))
        return [f"{site.name} had no queue {job.queue} as of {site.date} (it had {listed})"]
    broken = [reasons for limit in found if (reasons := _broken(limit, job))]
    notes = [limit.note for limit in found if limit.note]
    if found and len(broken) == len(found):  # a queue may have one limit for each job size
        notes += [f"{reason} (as of {site.date})" for reason in broken[0]]
    return notes


def _broken(limit: Limit, job: JobSpec) -> list[str]:
    low, high = limit.nodes
    reasons = []
    if not low <= job.nodes <= high:
        reasons.append(f"{limit.queue} took {low} to {high} nodes, not {job.nodes}")
    if limit.time and job.seconds > parse_seconds(limit.time):
        asked = format_seconds(job.seconds)
        reasons.append(f"{limit.queue} gave {limit.time} at most, not {asked}")
    return reasons
