"""The scheduler that a site or a submission names."""

from pathlib import Path

from autotune import checks
from autotune.launching.directives import JOBS
from autotune.launching.local import LocalScheduler
from autotune.launching.pbs import Pbs
from autotune.launching.scheduler import Scheduler
from autotune.launching.site import SCHEDULERS
from autotune.launching.slurm import Slurm


def scheduler(name: str, folder: Path) -> Scheduler:
    """Make the adapter of a scheduler for a study's folder."""
    checks.one_of("scheduler", name, SCHEDULERS)
    if name == "local":
        return LocalScheduler(folder / JOBS)
    return Slurm() if name == "slurm" else Pbs()
