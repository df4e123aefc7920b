"""What `sacct -P` and `scontrol show job` print."""

import re
from datetime import datetime

from autotune.launching.clock import seconds_of
from autotune.launching.states import JobView, of_slurm

SACCT = ("JobID", "State", "ExitCode", "NNodes", "Start", "End", "Timelimit")
"""The columns that `accounted` reads, all of them in every Slurm from 15.08 on."""
_FIELD = re.compile(r"(?:^|\s)([A-Za-z]+)=(\S*)")


def accounted(text: str) -> list[JobView]:
    """Read `sacct -n -P -D -X -o JobID,State,...`: the last record of each job, restarts counted.

    With -D every run of a requeued job has a record of its own, in the order they ran.
    """
    found: dict[str, JobView] = {}
    for line in text.splitlines():
        cells = line.split("|")
        if len(cells) != len(SACCT) or not cells[0]:
            continue
        job, state, code, nodes, start, end, limit = cells
        begun = _time(start)
        before = found.get(job)
        found[job] = JobView(
            id=job,
            state=of_slurm(state),
            nodes=int(nodes) if nodes.isdecimal() else 0,
            exit_code=None if of_slurm(state).live else _exit_code(code),
            started_at=begun,
            ends_at=_time(end) or _limit(begun, limit),
            restarts=before.restarts + 1 if before else 0,
        )
    return list(found.values())


def shown(text: str) -> list[JobView]:
    """Read `scontrol show job`: records of `Key=Value`, separated by blank lines."""
    records = [dict(_FIELD.findall(part)) for part in re.split(r"\n\s*\n", text)]
    return [_shown(record) for record in records if record.get("JobState")]


def _shown(record: dict[str, str]) -> JobView:
    state = of_slurm(record["JobState"])
    array, task = record.get("ArrayJobId"), record.get("ArrayTaskId")
    named = f"{array}_[{task}]" if task and not task.isdecimal() else f"{array}_{task}"
    reason = record.get("Reason", "")
    restarts = record.get("Restarts", "")
    nodes = re.match(r"\d+", record.get("NumNodes", ""))
    waits = state.live and not state.works
    return JobView(
        id=named if array else record.get("JobId", ""),
        state=state,
        nodes=int(nodes[0]) if nodes else 0,
        reason="" if reason == "None" else reason,
        exit_code=None if state.live else _exit_code(record.get("ExitCode", "")),
        started_at=None if waits else _time(record.get("StartTime", "")),
        ends_at=None if waits else _time(record.get("EndTime", "")),
        restarts=int(restarts) if restarts.isdecimal() else 0,
    )


def _exit_code(text: str) -> int | None:
    """`3:0` is exit code 3; `0:9` is a death by signal 9."""
    code, _, signal = text.partition(":")
    if not (code.isdecimal() and signal.isdecimal()):
        return None
    return 128 + int(signal) if int(signal) else int(code)


def _time(text: str) -> float | None:
    """Local time as Slurm prints it, to seconds since the epoch; None for Unknown and the like."""
    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError:
        return None


def _limit(begun: float | None, limit: str) -> float | None:
    seconds = seconds_of(limit)
    return None if begun is None or seconds is None else begun + seconds
