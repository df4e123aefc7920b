"""Supervises a local job: `python -m autotune.launching.local_run SCRIPT ...`, see `local`.

The command returns as soon as the job has a record; the supervisor goes on in a session of its own.
"""

import argparse
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from types import FrameType

from autotune.launching.array import TaskArray
from autotune.launching.identity import started
from autotune.launching.local_state import SUFFIX, Supervisor
from autotune.launching.states import JobState, whole

TICK_SECONDS = 0.1
GRACE_SECONDS = 30.0
"""Between TERM and KILL, as Slurm's KillWait."""


@dataclass
class Running:
    """A started script: its process, and why it was told to end."""

    process: subprocess.Popen[bytes]
    told: JobState | None = None
    told_at: float = 0.0

    def tell(self, why: JobState) -> None:
        """Send TERM once to the script and what it started; KILL after the grace."""
        if self.told is None:
            self.told, self.told_at = why, time.monotonic()
            self._signal(signal.SIGTERM)
        elif time.monotonic() > self.told_at + GRACE_SECONDS:
            self._signal(signal.SIGKILL)

    def _signal(self, number: signal.Signals) -> None:
        if self.process.poll() is None:  # not waited for yet, so the group is still its own
            os.killpg(self.process.pid, number)


class Local:
    """Runs one script: an array's tasks side by side, a chain's links one after the other."""

    def __init__(self, script: Path, seconds: int, at_once: int, names: list[str]) -> None:
        self.script = script
        self.at_once = at_once
        self.record = Supervisor.here(names, seconds)
        self.running: dict[str, Running] = {}
        self.cancelled = False
        self.save()

    def save(self) -> None:
        """Publish where the tasks stand."""
        self.record.write(self.script.with_suffix(SUFFIX))

    def wait_for(self, over: Callable[[], bool]) -> None:
        """Wait until another job is over, or this one is cancelled."""
        while not (over() or self.cancelled):
            time.sleep(TICK_SECONDS)

    def link(self, names: list[str]) -> None:
        """Run the tasks of one link."""
        waiting = list(names)
        while waiting or self.running:
            while waiting and not self.cancelled and len(self.running) < self.at_once:
                self._start(waiting.pop(0))
            for name in list(self.running):
                self._look(name)
            if self.cancelled and waiting:
                for name in waiting:
                    self._note(name, state=JobState.CANCELLED, ended_at=time.time())
                waiting = []
            time.sleep(TICK_SECONDS)

    def _start(self, name: str) -> None:
        task = name.partition("[")[2].rstrip("]")
        with (self.script.parent / f"{name}.out").open("ab") as out:
            process = subprocess.Popen(
                ["bash", str(self.script)],
                env=os.environ | {"AUTOTUNE_TASK": task or "0"},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.running[name] = Running(process)
        self._note(
            name,
            state=JobState.RUNNING,
            pid=process.pid,
            started=started(process.pid),
            started_at=time.time(),
        )

    def _look(self, name: str) -> None:
        running, task = self.running[name], self.record.tasks[name]
        status = running.process.poll()
        if status is None:
            limit = self.record.seconds
            late = limit and time.time() > (task.started_at or 0) + limit
            if self.cancelled or late or running.told:
                running.tell(JobState.CANCELLED if self.cancelled else JobState.TIMEOUT)
            return
        del self.running[name]
        code = status if status >= 0 else 128 - status
        state = running.told or (JobState.FAILED if code else JobState.COMPLETED)
        self._note(name, state=state, exit_code=code, ended_at=time.time())

    def _note(self, name: str, **changes: object) -> None:
        self.record.tasks[name] = replace(self.record.tasks[name], **changes)  # type: ignore[arg-type]
        self.save()


def names_of(label: str, chain: int, array: str) -> list[list[str]]:
    """The ids of each link of a chain: `0001.1`, or for an array `0001.1[0]`, `0001.1[1]`, ..."""
    tasks = TaskArray.parse(array).tasks if array else None
    links = [f"{label}.{number}" for number in range(1, chain + 1)]
    return [[f"{link}[{task}]" for task in tasks] if tasks else [link] for link in links]


def _over(script: Path, job: str) -> Callable[[], bool]:
    """Whether a job of the same study is over."""
    path = script.parent / f"{job.partition('.')[0]}{SUFFIX}"

    def over() -> bool:
        views = Supervisor.read(path).views()
        return not any(v.state.live for v in views if whole(v.id) == job)

    return over


def main(arguments: list[str]) -> None:
    """Run a script to its end."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("script", type=Path)
    parser.add_argument("--seconds", type=int, default=0)
    parser.add_argument("--chain", type=int, default=1)
    parser.add_argument("--array", default="")
    parser.add_argument("--after", default="")
    given = parser.parse_args(arguments)
    if os.fork():
        os._exit(0 if _reported(given.script) else 1)
    os.setsid()
    links = names_of(given.script.stem, given.chain, given.array)
    at_once = TaskArray.parse(given.array).at_once if given.array else 0
    local = Local(
        given.script,
        given.seconds,
        at_once or len(links[0]),
        [name for link in links for name in link],
    )

    def cancel(number: int, frame: FrameType | None) -> None:
        del number, frame
        local.cancelled = True

    signal.signal(signal.SIGTERM, cancel)
    if given.after:
        local.wait_for(_over(given.script, given.after))
    for names in links:
        local.link(names)


def _reported(script: Path) -> bool:
    """Whether the process that was forked off wrote its record, before it ended."""
    while not script.with_suffix(SUFFIX).is_file():
        ended, _ = os.waitpid(-1, os.WNOHANG)
        if ended:
            return script.with_suffix(SUFFIX).is_file()
        time.sleep(0.01)
    return True


if __name__ == "__main__":
    main(sys.argv[1:])
