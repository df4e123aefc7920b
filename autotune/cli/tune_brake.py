"""When `autotune tune` stops: signals, a stop file, its own limits, and the end of its job."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from autotune.cli import console
from autotune.cli.tune_job import Job
from autotune.deadline import Deadline, default_margin
from autotune.errors import InputError
from autotune.quantities import format_seconds

STOP_FILE = "stop"
LOOK_SECONDS = 1.0
SAME_WISH = 1.0  # seconds: a scheduler signals every process, and launchers pass signals on
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1)


class StopFile:
    """A file that stops the jobs of a study when it is created or touched; called to ask.

    One that is there from the start is of an earlier wish, and counts for nothing until it is
    touched again. It is never removed: other jobs may not have seen it yet.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / STOP_FILE
        self._before = self._mark()
        self._next = 0.0
        self._found = False

    def __call__(self) -> bool:
        """Whether it was touched since; looked for once a second."""
        now = time.monotonic()
        if not self._found and now >= self._next:
            self._next = now + LOOK_SECONDS
            self._found = self._mark() not in {None, self._before}
        return self._found

    def _mark(self) -> tuple[int, int] | None:
        """What changes when the file is touched or made anew; None if there is none."""
        try:
            stat = self._path.stat()
        except OSError:
            return None
        return stat.st_mtime_ns, stat.st_ino


class Brake:
    """Whether to stop: a signal or the stop file came, time is up, or enough was spent.

    Attributes:
        closed: Whether `closing` was true when it was last asked.
    """

    def __init__(
        self,
        *,
        timeout: float | None = None,
        cost: float | None = None,
        deadline: Deadline | None = None,
        file: StopFile | None = None,
    ) -> None:
        """Start the clock.

        Args:
            timeout: Seconds from now.
            cost: What may be spent.
            deadline: The end of the job, on the monotonic clock.
            file: The study's stop file.
        """
        self._end = None if timeout is None else time.monotonic() + timeout
        self._most = cost
        self._deadline = deadline
        self._file = file
        self._spent = 0.0
        self._signalled: float | None = None
        self._interrupted = self._stopped = False
        self.closed = False

    def spend(self, cost: float) -> None:
        """Add to what was spent."""
        self._spent += cost

    @property
    def why(self) -> str | None:
        """Why to stop at once, in the words of a result's `ended`; None to go on."""
        now = time.monotonic()
        if self._interrupted:
            return "interrupted"
        if self._stopped or (self._file is not None and self._file()):
            return "stopped"
        if self._most is not None and self._spent >= self._most:
            return "cost"
        if self._end is not None and now >= self._end:
            return "timeout"
        if self._deadline is not None and self._deadline.over(now):
            return "walltime"
        return None

    def __call__(self) -> bool:
        """Whether to stop at once; asked by the loop between steps."""
        return self.why is not None

    def closing(self, trial_seconds: float) -> bool:
        """Whether a trial that takes so long would come too near to the end of the job."""
        deadline = self._deadline
        self.closed = deadline is not None and deadline.closes(time.monotonic(), trial_seconds)
        return self.closed

    @contextmanager
    def signals(self) -> Iterator[None]:
        """Take SIGINT as an interruption, SIGTERM and SIGUSR1 as the scheduler's wish to stop.

        A second signal does not wait for a trial, unless it comes at once with the first.
        """
        before = {number: signal.signal(number, self._note) for number in ENDING}
        try:
            yield
        except KeyboardInterrupt:
            self._interrupted = self._interrupted or not self._stopped
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _note(self, number: int, frame: FrameType | None) -> None:
        del frame
        first, now = self._signalled is None, time.monotonic()
        same = not first and number != signal.SIGINT and now - (self._signalled or now) < SAME_WISH
        if same:
            return
        self._signalled = now if first else self._signalled
        self._interrupted = self._interrupted or number == signal.SIGINT
        self._stopped = self._stopped or number != signal.SIGINT
        if not first:
            raise KeyboardInterrupt
        said = f"\n{signal.Signals(number).name}: saving; once more to stop at once\n"
        os.write(2, said.encode())  # print may be at work below us, and is not reentrant


def deadline(job: Job, walltime: float | None, margin: float | None) -> Deadline | None:
    """The end of this process's job, on the monotonic clock; None if it is not known.

    Args:
        job: The scheduler's job, or the process by itself.
        walltime: Seconds from the job's start to its end; None to go by what the scheduler says.
        margin: Seconds before the end by which trials should be over; None for the default.

    Raises:
        InputError: If there is a margin and no end, or the margin is all of the time.
    """
    end = job.end if walltime is None else job.start + walltime
    if end is None:
        if job.said:
            console.talk(f"note: the end of {job.name} is not known ({job.said}): give --walltime")
        if margin is not None:
            raise InputError("--margin is time before an end, and none is known. Give --walltime.")
        return None
    whole, left = end - job.start, end - time.time()
    kept = default_margin(whole) if margin is None else margin
    if kept >= whole:
        raise InputError(
            f"a --margin of {format_seconds(kept)} leaves nothing of the "
            f"{format_seconds(max(whole, 0.0))} that the job has."
        )
    console.talk(
        f"{job.name} ends in {format_seconds(max(left, 0.0))}; "
        f"trials should be over {format_seconds(kept)} before"
    )
    return Deadline(time.monotonic() + left, kept)
