"""Who is alive: each job moves a counter of its own, and others watch whether it moves."""

import math
import os
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autotune.store.lines import Journal
from autotune.store.presence import gone
from autotune.store.records import FORMAT

FOLDER = "leases"
LOOK_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class JobRun:
    """A run of a scheduler's job.

    Attributes:
        id: What the scheduler calls the job, itself and its cluster included.
        run: How many times it was started before; None if that is not known.
    """

    id: str
    run: int | None

    def replaces(self, start: Mapping[str, Any]) -> bool:
        """Whether a start record is of an earlier run of this job, which has therefore ended."""
        job = start.get("job") or {}
        before = job.get("run")
        if job.get("id") != self.id or before is None or self.run is None:
            return False
        return int(before) < self.run


@dataclass(frozen=True, slots=True)
class Pace:
    """How often a job says that it is alive, and how long others wait for that.

    Attributes:
        beat: Seconds between two moves of the counter; infinite for none after the first.
        patience: Seconds without one after which a job counts as dead, by the clock of whoever
            watches. Clocks of two machines are never compared.
        clock: Seconds, never set back.
    """

    beat: float = 10.0
    patience: float = 60.0
    clock: Callable[[], float] = time.monotonic


class Every:
    """Says when so many seconds have passed; the first time at once."""

    def __init__(self, seconds: float, clock: Callable[[], float]) -> None:
        self._seconds = seconds
        self._clock = clock
        self._next = -math.inf

    def due(self) -> bool:
        """Whether it is time; if so, the next time is that much later."""
        now = self._clock()
        if now < self._next:
            return False
        self._next = now + self._seconds
        return True


class Lease:
    """This job's counter, moved by a thread of its own until it is released."""

    def __init__(self, study: Path, writer: str, beat: float) -> None:
        """Create the counter.

        Args:
            study: The study's folder.
            writer: This job's name in it.
            beat: Seconds between two moves; infinite for none.

        Raises:
            OSError: If the counter cannot be written.
        """
        (study / FOLDER).mkdir(exist_ok=True)
        self._path = study / FOLDER / writer
        self._descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
        self._count = 0
        self._move()
        self._released = threading.Event()
        self._thread: threading.Thread | None = None
        if beat < math.inf:
            self._thread = threading.Thread(target=self._run, args=(beat,), daemon=True)
            self._thread.start()

    def release(self) -> None:
        """Stop moving, and remove the counter."""
        self._released.set()
        if self._thread is not None:
            self._thread.join()
        os.close(self._descriptor)
        with suppress(OSError):
            self._path.unlink()

    def _run(self, beat: float) -> None:
        while not self._released.wait(beat):
            with suppress(OSError):  # failing storage ends the job when it has to record something
                self._move()

    def _move(self) -> None:
        """Overwrite the counter in place: that needs no room on a full disk."""
        self._count += 1
        os.pwrite(self._descriptor, b"%020d\n" % self._count, 0)
        os.fsync(self._descriptor)


class Watch:
    """Judges which jobs of a study are dead.

    One is if its process, on this machine, is gone; if the scheduler started its job anew as
    this one; or if its counter has not moved for as long as patience lasts.
    """

    def __init__(self, study: Path, pace: Pace, job: JobRun | None) -> None:
        self._study = study
        self._pace = pace
        self._job = job
        self._gone: set[str] = set()
        self._still: set[str] = set()
        self._seen: dict[str, tuple[bytes, float]] = {}
        self._looks = Every(LOOK_SECONDS, pace.clock)

    def dead(self, writer: str) -> bool:
        """Whether a job was dead when `look` was last called."""
        return writer in self._gone or writer in self._still

    def gone(self, writer: str) -> bool:
        """Whether a job is known to have ended, and will not come back."""
        return writer in self._gone

    def due(self) -> bool:
        """Whether it is time to look at all jobs again; once it is, it is not for a while."""
        return self._looks.due()

    def look(self, journal: Journal) -> None:
        """Judge the job that writes a journal, unless it is known to be gone."""
        writer = journal.writer
        if writer in self._gone:
            return
        if journal.start and self._ended(journal.start):
            self._gone.add(writer)
        elif self.moved(writer, self._counter(writer)):
            self._still.discard(writer)
        else:
            self._still.add(writer)

    def moved(self, what: str, now_is: bytes) -> bool:
        """Whether what is watched under a name has changed within the time of patience."""
        now = self._pace.clock()
        was, since = self._seen.get(what, (None, now))
        if was != now_is:
            self._seen[what] = (now_is, now)
            return True
        return now - since < self._pace.patience

    def _ended(self, start: Mapping[str, Any]) -> bool:
        """Whether the job of a start record has ended; format 1 says nothing of what runs."""
        replaced = self._job is not None and self._job.replaces(start)
        return replaced or gone(start) or int(start["format"]) < FORMAT

    def _counter(self, writer: str) -> bytes:
        try:
            return (self._study / FOLDER / writer).read_bytes()
        except OSError:
            return b""
