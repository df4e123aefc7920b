"""What `squeue --json` says, in the schemas of Slurm 22.05 to 25.05."""

import json
from collections.abc import Mapping
from typing import Any

from autotune.errors import InputError
from autotune.launching.array import TaskArray
from autotune.launching.states import JobState, JobView, of_slurm


def views(text: str) -> list[JobView]:
    """Read every job.

    Numbers are plain up to 22.05 and `{"set", "infinite", "number"}` later; a state is a word up
    to 23.02 and a list of flags later.

    Raises:
        ValueError: If the text is not such a document, or tells of an error instead of jobs:
            squeue ends with status 0 all the same when no controller answers.
    """
    document = json.loads(text)
    if not isinstance(document, dict) or not isinstance(document.get("jobs"), list):
        raise ValueError("no list of jobs")  # noqa: TRY004 - of a text, not of an argument
    errors = document.get("errors")
    if errors and not document["jobs"]:
        first = errors[0] if isinstance(errors, list) else errors
        raise ValueError(first.get("description", first) if isinstance(first, dict) else first)
    return [_view(job) for job in document["jobs"] if isinstance(job, dict)]


def _view(job: Mapping[str, Any]) -> JobView:
    state = of_slurm(_words(job.get("job_state")))
    waits = state in {JobState.QUEUED, JobState.HELD}
    reason = str(job.get("state_reason") or "")
    return JobView(
        id=_id(job),
        state=state,
        tasks=_tasks(job),
        nodes=int(_number(job.get("node_count")) or 0),
        reason="" if reason == "None" else reason,
        exit_code=None if state.live else _exit_code(job.get("exit_code")),
        started_at=None if waits else _number(job.get("start_time")) or None,
        ends_at=None if waits else _number(job.get("end_time")) or None,
        restarts=int(_number(job.get("restart_cnt")) or 0),
    )


def _id(job: Mapping[str, Any]) -> str:
    array = _number(job.get("array_job_id"))
    if not array:
        return str(int(_number(job.get("job_id")) or 0))
    waiting = str(job.get("array_task_string") or "")
    task = _number(job.get("array_task_id"))
    number = f"[{waiting}]" if waiting or task is None else f"{int(task)}"
    return f"{int(array)}_{number}"


def _tasks(job: Mapping[str, Any]) -> int:
    waiting = str(job.get("array_task_string") or "")
    if not waiting:
        return 1
    try:
        return len(TaskArray.parse(waiting).tasks)
    except InputError:  # a long list ends in "..."
        return 1


def _words(value: Any) -> list[str]:  # noqa: ANN401 - any JSON value
    listed = value if isinstance(value, list) else [value]
    return [word for word in listed if isinstance(word, str)]


def _number(value: Any) -> float | None:  # noqa: ANN401 - any JSON value
    if isinstance(value, dict):
        return _number(value.get("number")) if value.get("set", True) else None
    if isinstance(value, str):
        return _number(int(value)) if value.isdecimal() and len(value) < 16 else None
    return float(value) if isinstance(value, int | float) and abs(value) < 1e15 else None


def _exit_code(value: Any) -> int | None:  # noqa: ANN401 - any JSON value
    """Up to 22.05 the wait status, later an object with the code or a signal."""
    if isinstance(value, int):
        return value >> 8 if value & 127 == 0 else 128 + (value & 127)
    if isinstance(value, dict):
        signal = value.get("signal")
        killed = _number(signal.get("id")) if isinstance(signal, dict) else None
        if killed:
            return 128 + int(killed)
        code = _number(value.get("return_code"))
        return None if code is None else int(code)
    return None
