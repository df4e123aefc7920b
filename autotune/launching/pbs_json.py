"""What `qstat -x -f -F json` says, in OpenPBS and PBS Professional."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from autotune.launching.clock import seconds_of
from autotune.launching.states import JobState, JobView

WALLTIME = -29
"""Exit_status of a job that PBS ended at its walltime (JOB_EXEC_KILL_WALLTIME)."""
TERMINATED = 91
"""Substate of a job that was deleted; its Exit_status may be 0 all the same."""
_STATES = {
    "Q": JobState.QUEUED,
    "T": JobState.QUEUED,
    "W": JobState.QUEUED,
    "M": JobState.QUEUED,
    "H": JobState.HELD,
    "B": JobState.RUNNING,
    "R": JobState.RUNNING,
    "S": JobState.RUNNING,
    "U": JobState.RUNNING,
    "E": JobState.ENDING,
}


def views(text: str) -> list[JobView]:
    """Read every job.

    Raises:
        ValueError: If the text is not such a document.
    """
    document = json.loads(text, strict=False)  # a comment may hold raw control characters
    if not isinstance(document, dict):
        raise ValueError("not an object")  # noqa: TRY004 - of a text, not of an argument
    jobs = document.get("Jobs") or {}
    return [_view(name, job) for name, job in jobs.items() if isinstance(job, dict)]


def _view(name: str, job: Mapping[str, Any]) -> JobView:
    state = _state(job)
    begun = _time(job.get("stime")) if state.works or not state.live else None
    wanted = job.get("Resource_List") or {}
    limit = seconds_of(str(wanted.get("walltime", "")))
    nodes, runs = wanted.get("nodect", 0), job.get("run_count", 0)
    ended = None if state.live else _time(job.get("obittime") or job.get("mtime"))
    by_limit = None if begun is None or limit is None else begun + limit
    code = job.get("Exit_status")
    return JobView(
        id=name,
        state=state,
        nodes=int(nodes) if str(nodes).isdecimal() else 0,
        reason=" ".join(str(job.get("comment", "")).split()),
        exit_code=int(code) if code is not None and not state.live else None,
        started_at=begun,
        ends_at=ended or by_limit,
        restarts=max(0, int(runs) - 1) if str(runs).isdecimal() else 0,
    )


def _state(job: Mapping[str, Any]) -> JobState:
    """An ended job's state is in its exit status, substate and comment, which disagree at times."""
    letter = str(job.get("job_state", ""))
    if letter not in {"F", "X"}:
        return _STATES.get(letter, JobState.UNKNOWN)
    code, comment = job.get("Exit_status"), str(job.get("comment", ""))
    if code == WALLTIME or "exceeded resource walltime" in comment:
        return JobState.TIMEOUT
    if job.get("substate") == TERMINATED or "terminated" in comment:
        return JobState.CANCELLED
    if code is None:  # deleted before it ran
        return JobState.CANCELLED if letter == "F" else JobState.UNKNOWN
    return JobState.COMPLETED if code == 0 else JobState.FAILED


def _time(value: Any) -> float | None:  # noqa: ANN401 - any JSON value
    """Seconds since the epoch from a number or from `Mon Jan  5 10:00:00 2026`, local time."""
    if isinstance(value, int | float):
        return float(value)
    try:
        return datetime.strptime(str(value), "%a %b %d %H:%M:%S %Y").timestamp()
    except ValueError:
        return None
