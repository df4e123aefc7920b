"""The scheduler's job that this process runs in: which one, since when, and until when."""

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass

from autotune.launching import pbs_json, slurm_text
from autotune.launching.scheduler import call
from autotune.process_stat import process_stat
from autotune.store.lease import JobRun

JOB_START = "AUTOTUNE_JOB_START"


@dataclass(frozen=True, slots=True)
class Job:
    """What is known of the job; times are seconds since the epoch.

    Attributes:
        run: Its id, and how often it was started before; None outside of a job.
        start: When it started; if that is not known, when this process did.
        end: When it will be killed; None if that is not known.
        said: Why the end is not known, for a job that should have one.
    """

    run: JobRun | None = None
    start: float = 0.0
    end: float | None = None
    said: str = ""

    @property
    def name(self) -> str:
        """What to call it."""
        return "this run" if self.run is None else f"job {self.run.id.rpartition(':')[2]}"


def current(environ: Mapping[str, str] = os.environ) -> Job:
    """Read the environment, and ask the scheduler what that does not say.

    A scheduler that does not answer is no reason to fail.
    """
    given = _number(environ.get(JOB_START))
    start = _process_start() if given is None else given
    if environ.get("SLURM_JOB_ID"):
        return _slurm(environ, start)
    if environ.get("PBS_JOBID"):
        return _pbs(environ["PBS_JOBID"], start)
    return Job(start=start)


def _slurm(environ: Mapping[str, str], start: float) -> Job:
    job_id = environ["SLURM_JOB_ID"]
    cluster = environ.get("SLURM_CLUSTER_NAME", "")
    restarts = _number(environ.get("SLURM_RESTART_COUNT", "0"))
    run = JobRun(f"slurm:{cluster}:{job_id}", None if restarts is None else int(restarts))
    start = _number(environ.get("SLURM_JOB_START_TIME")) or start
    end = _number(environ.get("SLURM_JOB_END_TIME"))
    if end is not None:
        return Job(run, start, end)
    answer = call("scontrol", "show", "job", job_id)
    views = [] if answer.status else slurm_text.shown(answer.out)
    if not views:
        why = answer.complaint if answer.status else "no such job"
        return Job(run, start, None, f"scontrol: {why}")
    end = views[0].ends_at
    return Job(run, views[0].started_at or start, end, "" if end else "scontrol gave no end")


def _pbs(job_id: str, start: float) -> Job:
    answer = call("qstat", "-f", "-F", "json", job_id)
    try:
        views = [] if answer.status else pbs_json.views(answer.out)
    except ValueError:
        views = []
    if not views:
        why = f"qstat: {answer.complaint}" if answer.status else "qstat gave no end"
        return Job(JobRun(f"pbs:{job_id}", None), start, None, why)
    run = JobRun(f"pbs:{job_id}", views[0].restarts)
    start, end = views[0].started_at or start, views[0].ends_at
    return Job(run, start, end, "" if end else "it has no walltime")


def _process_start() -> float:
    """When this process was started: loading a package from a busy file system takes a while."""
    now, stat = time.time(), process_stat("self")
    if stat is None:
        return now
    born = int(stat.started) / os.sysconf("SC_CLK_TCK")
    return now - max(0.0, time.clock_gettime(time.CLOCK_BOOTTIME) - born)


def _number(text: str | None) -> float | None:
    try:
        return float(text or "")
    except ValueError:
        return None
