"""This machine without a scheduler: scripts run in the background, each in its own session."""

import os
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from autotune.errors import InputError, LaunchError
from autotune.launching.identity import lives
from autotune.launching.job import JobSpec
from autotune.launching.local_state import SUFFIX, Supervisor
from autotune.launching.scheduler import Answer
from autotune.launching.states import JobView, whole


class LocalScheduler:
    """The `Scheduler` port on this machine.

    Args:
        jobs: The folder of the study's scripts, where the state of its jobs is kept.
    """

    def __init__(self, jobs: Path) -> None:
        self._jobs = jobs

    def submit(self, script: Path, job: JobSpec) -> Iterator[str]:
        """Start a supervisor that outlives this process, and wait until it has reported."""
        if job.after and not self._file(job.after).is_file():
            raise InputError(f"--after {job.after}: this study has no such local job.")
        options = ["--seconds", str(job.seconds), "--chain", str(job.chain)]
        options += ["--array", job.array, "--after", job.after]
        log = script.with_suffix(".out")
        with log.open("ab") as out:
            started = subprocess.run(
                [job.python, "-m", "autotune.launching.local_run", str(script), *options],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                check=False,
            )
        if started.returncode:
            raise LaunchError(f"the job did not start: {_last(log)}.")
        yield from (f"{script.stem}.{number}" for number in range(1, job.chain + 1))

    def poll(self, ids: Sequence[str]) -> Answer:
        """Read what the supervisors wrote, and look whether their processes live."""
        views: list[JobView] = []
        notes: list[str] = []
        for path in dict.fromkeys(map(self._file, ids)):
            try:
                found = Supervisor.read(path).views()
            except (OSError, ValueError, TypeError, KeyError) as error:
                notes.append(f"{path.name}: {error}")
                continue
            views += [view for view in found if whole(view.id) in ids]
        return Answer(views, notes)

    def cancel(self, ids: Sequence[str]) -> None:
        """Tell each supervisor to end its tasks; where it is gone, tell the tasks."""
        for path in dict.fromkeys(map(self._file, ids)):
            supervisor = Supervisor.read(path)
            if supervisor.alive:
                os.kill(supervisor.pid, signal.SIGTERM)
                continue
            for task in supervisor.tasks.values():
                if task.pid and lives(task.pid, task.started):
                    with suppress(ProcessLookupError):
                        os.killpg(task.pid, signal.SIGTERM)

    def _file(self, name: str) -> Path:
        return self._jobs / f"{_label(name)}{SUFFIX}"


def _last(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return lines[-1] if lines else "it printed nothing"


def _label(name: str) -> str:
    return name.partition(".")[0]
