"""What every scheduler can be asked, and how its programs are called."""

import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from autotune.errors import LaunchError
from autotune.launching.job import JobSpec
from autotune.launching.states import JobView

PATIENCE_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What a scheduler knows of some jobs.

    Attributes:
        views: What it says, one entry for each job or task that it still knows.
        notes: What it could not say, and why.
    """

    views: Sequence[JobView]
    notes: Sequence[str] = ()


class Scheduler(Protocol):
    """Takes jobs, tells how they are, and ends them."""

    def submit(self, script: Path, job: JobSpec) -> Iterator[str]:
        """Hand in a script `job.chain` times, and yield each job's id as soon as it has one.

        Raises:
            LaunchError: If the scheduler is not here, or refuses the job.
        """
        ...

    def poll(self, ids: Sequence[str]) -> Answer:
        """Ask about jobs; a scheduler that does not answer is a note, not an error."""
        ...

    def cancel(self, ids: Sequence[str]) -> None:
        """End jobs.

        Raises:
            LaunchError: If the scheduler refuses.
        """
        ...


@dataclass(frozen=True, slots=True)
class Said:
    """How a program ended, and what it printed."""

    status: int
    out: str
    error: str

    @property
    def complaint(self) -> str:
        """The last line of its complaint, or its exit status."""
        lines = (self.error.strip() or self.out.strip()).splitlines()
        return lines[-1].strip() if lines else f"exit status {self.status}"


def call(*command: str) -> Said:
    """Run a scheduler's program; one that is missing or hangs ends with status 127 or 124."""
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=PATIENCE_SECONDS,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except FileNotFoundError:
        return Said(127, "", f"no {command[0]} on PATH")
    except OSError as error:
        return Said(126, "", f"{command[0]}: {error.strerror}")
    except subprocess.TimeoutExpired:
        return Said(124, "", f"{command[0]} did not answer in {PATIENCE_SECONDS:g} s")
    return Said(done.returncode, done.stdout, done.stderr)


def must(*command: str) -> str:
    """Run a scheduler's program and return what it printed.

    Raises:
        LaunchError: If it is missing, hangs or fails; the message is its own.
    """
    said = call(*command)
    if said.status:
        raise LaunchError(f"{command[0]}: {said.complaint}")
    return said.out
