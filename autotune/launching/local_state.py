"""The record that a local job's supervisor keeps: one writer, replaced whole at each change."""

import json
import os
import socket
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from autotune.launching.identity import lives, started
from autotune.launching.states import JobState, JobView

SUFFIX = ".local.json"
LOST = "its supervisor was killed"


@dataclass(frozen=True, slots=True)
class Task:
    """One run of the script."""

    state: JobState = JobState.QUEUED
    pid: int = 0
    started: str | None = None
    started_at: float | None = None
    ended_at: float | None = None
    exit_code: int | None = None


@dataclass(frozen=True, slots=True)
class Supervisor:
    """A submission's supervising process and its tasks by id."""

    pid: int
    started: str | None
    host: str
    seconds: int
    tasks: dict[str, Task] = field(default_factory=dict)

    @classmethod
    def here(cls, names: list[str], seconds: int) -> "Supervisor":
        """This process, with nothing run yet; `seconds` is a task's time limit, 0 for none."""
        tasks = {name: Task() for name in names}
        return cls(os.getpid(), started(os.getpid()), socket.gethostname(), seconds, tasks)

    def write(self, path: Path) -> None:
        """Replace the record."""
        scratch = path.with_name(f".{path.name}-{os.getpid()}")
        scratch.write_text(json.dumps(asdict(self), indent=1) + "\n", encoding="utf-8")
        scratch.replace(path)

    @classmethod
    def read(cls, path: Path) -> "Supervisor":
        """Read a record.

        Raises:
            OSError, ValueError, TypeError, KeyError: If there is none.
        """
        document = json.loads(path.read_text(encoding="utf-8"))
        tasks = {
            name: replace(Task(**task), state=JobState(task["state"]))
            for name, task in document.pop("tasks").items()
        }
        return cls(**document, tasks=tasks)

    @property
    def alive(self) -> bool:
        """Whether the supervisor still runs, as far as this host can tell."""
        return self.host == socket.gethostname() and lives(self.pid, self.started)

    def views(self) -> list[JobView]:
        """What its tasks are doing."""
        return [self._view(name, task) for name, task in self.tasks.items()]

    def _view(self, name: str, task: Task) -> JobView:
        state, reason = task.state, ""
        if state.live and self.host != socket.gethostname():
            state, reason = JobState.UNKNOWN, f"runs on {self.host}"
        elif state.live and not self.alive and not lives(task.pid, task.started):
            state, reason = JobState.NODE_LOST, LOST
        limit = task.started_at + self.seconds if task.started_at and self.seconds else None
        return JobView(
            id=name,
            state=state,
            nodes=1,
            reason=reason,
            exit_code=task.exit_code,
            started_at=task.started_at,
            ends_at=task.ended_at or limit,
        )
