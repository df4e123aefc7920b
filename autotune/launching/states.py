"""The state of a job, in one set of words for every scheduler."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class JobState(StrEnum):
    """Where a job stands."""

    QUEUED = "queued"
    HELD = "held"
    RUNNING = "running"
    ENDING = "ending"
    COMPLETED = "completed"
    FAILED = "failed"
    TIMEOUT = "time limit"
    CANCELLED = "cancelled"
    NODE_LOST = "node lost"
    PREEMPTED = "preempted"
    OUT_OF_MEMORY = "out of memory"
    UNKNOWN = "unknown"

    @property
    def live(self) -> bool:
        """Whether the job may still do something."""
        return self in _LIVE

    @property
    def works(self) -> bool:
        """Whether the job has nodes now."""
        return self in {JobState.RUNNING, JobState.ENDING}


_LIVE = {JobState.QUEUED, JobState.HELD, JobState.RUNNING, JobState.ENDING}
_SLURM = {
    "PENDING": JobState.QUEUED,
    "CONFIGURING": JobState.QUEUED,
    "REQUEUED": JobState.QUEUED,
    "REQUEUE_FED": JobState.QUEUED,
    "REQUEUE_HOLD": JobState.HELD,
    "RESV_DEL_HOLD": JobState.HELD,
    "SPECIAL_EXIT": JobState.HELD,
    "RUNNING": JobState.RUNNING,
    "RESIZING": JobState.RUNNING,
    "SUSPENDED": JobState.RUNNING,
    "STOPPED": JobState.RUNNING,
    "SIGNALING": JobState.RUNNING,
    "STAGE_OUT": JobState.RUNNING,
    "COMPLETING": JobState.ENDING,
    "COMPLETED": JobState.COMPLETED,
    "FAILED": JobState.FAILED,
    "BOOT_FAIL": JobState.NODE_LOST,
    "LAUNCH_FAILED": JobState.FAILED,
    "RECONFIG_FAIL": JobState.FAILED,
    "REVOKED": JobState.CANCELLED,
    "DEADLINE": JobState.TIMEOUT,
    "TIMEOUT": JobState.TIMEOUT,
    "CANCELLED": JobState.CANCELLED,
    "NODE_FAIL": JobState.NODE_LOST,
    "PREEMPTED": JobState.PREEMPTED,
    "OUT_OF_MEMORY": JobState.OUT_OF_MEMORY,
}


def of_slurm(words: str | Iterable[str]) -> JobState:
    """Read Slurm's state: a word, a list of flags (from 23.11 on), or `CANCELLED by 1000`.

    Among several flags the base state decides, which comes first, but a job with COMPLETING is
    still ending, and one that is requeued to be held will not start by itself.
    """
    listed = [words] if isinstance(words, str) else list(words)
    states = [_SLURM.get(word.split()[0].rstrip("+")) for word in listed if word.split()]
    known = [state for state in states if state is not None]
    for first in (JobState.ENDING, JobState.HELD):
        if first in known:
            return first
    return known[0] if known else JobState.UNKNOWN


def whole(name: str) -> str:
    """The id of the job that a task belongs to, brackets left out.

    Slurm writes `12_3` and `12_[4-7]`, PBS `12[3].server` and `12[].server`, this machine
    `0001.1[3]`.
    """
    return re.sub(r"\[[^\]]*\]", "", re.sub(r"^(\d+)_.*", r"\1", name))


@dataclass(frozen=True, slots=True, kw_only=True)
class JobView:
    """What a scheduler says of one job, or of one task of an array.

    Attributes:
        id: As the scheduler writes it; `12_3` or `12[3]` for a task.
        state: Where it stands.
        tasks: How many tasks it stands for: the waiting rest of an array is one entry.
        nodes: Nodes; 0 if unknown.
        reason: Why it waits or how it ended, in the scheduler's word.
        exit_code: The script's exit code; None while it runs or if unknown.
        started_at: Seconds since the epoch; None if it has not started.
        ends_at: When it must have ended, or ended; seconds since the epoch.
        restarts: How often it was requeued.
    """

    id: str
    state: JobState
    tasks: int = 1
    nodes: int = 0
    reason: str = ""
    exit_code: int | None = None
    started_at: float | None = None
    ends_at: float | None = None
    restarts: int = 0
