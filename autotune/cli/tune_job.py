"""The scheduler's job that this process runs in: which one, since when, and until when."""

import json
import os
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from autotune.quantities import parse_seconds
from autotune.store.lease import JobRun

ANSWER_SECONDS = 15.0
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
    answer, why = _ask(["scontrol", "show", "job", "-o", job_id])
    said = dict(word.split("=", 1) for word in answer.split() if "=" in word)
    end = _moment(said.get("EndTime", ""))
    return Job(run, _moment(said.get("StartTime", "")) or start, end, "" if end else why)


def _pbs(job_id: str, start: float) -> Job:
    answer, why = _ask(["qstat", "-f", "-F", "json", job_id])
    try:
        (told,) = json.loads(answer)["Jobs"].values()
    except (ValueError, KeyError, AttributeError, TypeError):
        return Job(JobRun(f"pbs:{job_id}", None), start, None, why or "qstat gave no JSON")
    runs = _number(str(told.get("run_count", "")))
    run = JobRun(f"pbs:{job_id}", None if runs is None else int(runs))
    start = _moment(str(told.get("stime", ""))) or start
    try:
        walltime = parse_seconds(str(told["Resource_List"]["walltime"]))
    except (KeyError, TypeError, ValueError):
        return Job(run, start, None, "it has no walltime")
    return Job(run, start, start + walltime)


def _ask(command: list[str]) -> tuple[str, str]:
    """What a scheduler's command prints, and why if that is nothing of use."""
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=ANSWER_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return "", f"{command[0]}: {getattr(error, 'strerror', None) or 'no answer'}"
    if done.returncode:
        words = (done.stderr or done.stdout).strip().splitlines()
        return "", f"{command[0]}: {words[-1] if words else f'status {done.returncode}'}"
    return done.stdout, f"{command[0]} gave no end"


def _process_start() -> float:
    """When this process was started: loading a package from a busy file system takes a while."""
    now = time.time()
    try:
        fields = Path("/proc/self/stat").read_text().rpartition(")")[2].split()
        born = int(fields[19]) / os.sysconf("SC_CLK_TCK")
        return now - max(0.0, time.clock_gettime(time.CLOCK_BOOTTIME) - born)
    except (OSError, ValueError, IndexError, AttributeError):
        return now


def _moment(text: str) -> float | None:
    """Seconds since the epoch of `2026-11-28T01:00:00`, `Sat Nov 28 01:00:00 2026` or a number."""
    for form in ("%Y-%m-%dT%H:%M:%S", "%a %b %d %H:%M:%S %Y"):
        try:
            return datetime.strptime(text, form).astimezone().timestamp()
        except ValueError:
            continue
    return _number(text)


def _number(text: str | None) -> float | None:
    try:
        return float(text or "")
    except ValueError:
        return None
