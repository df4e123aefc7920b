"""A study that is read once, and then on as it grows."""

import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from autotune.errors import StoreError
from autotune.store.ledger import Ledger
from autotune.store.lines import Journal, writers
from autotune.store.presence import gone
from autotune.store.records import Event
from autotune.store.study import HEADER, Header, Study, merged, read_header
from autotune.trials import Completed, Outcome


class Source(Protocol):
    """Where the records of a study come from."""

    @property
    def folder(self) -> Path:
        """Where the study lies; the last part is its name."""
        ...

    @property
    def header(self) -> Header:
        """What the study tunes."""
        ...

    @property
    def server(self) -> str:
        """Address of the server that has it, empty if it is a folder."""
        ...

    def more(self) -> Sequence[tuple[str, Sequence[Event]]]:
        """What each writer said since the last call."""
        ...

    def jobs(self) -> Mapping[str, tuple[Mapping[str, Any], bool]]:
        """The start record of each writer, and whether its job has ended."""
        ...

    def notes(self) -> Sequence[str]:
        """What a reader should know."""
        ...


class FolderSource:
    """The journals of a study's folder."""

    server = ""

    def __init__(self, folder: Path) -> None:
        """Find a study.

        Raises:
            StoreError: If there is none in the folder.
        """
        header = read_header(folder)
        if header is None:
            raise StoreError(f"no study at {folder}: it has no {HEADER}.")
        self.folder, self.header = folder, header
        self._journals: dict[str, Journal] = {}

    def more(self) -> list[tuple[str, list[Event]]]:
        """What each journal holds beyond what was read."""
        for writer in writers(self.folder):
            if writer not in self._journals:
                self._journals[writer] = Journal(self.folder, writer)
        return [(writer, journal.more()) for writer, journal in sorted(self._journals.items())]

    def jobs(self) -> dict[str, tuple[Mapping[str, Any], bool]]:
        """The start record of each journal, and whether its job is known to have ended."""
        return {
            writer: (journal.start or {}, journal.ended or gone(journal.start or {}))
            for writer, journal in sorted(self._journals.items())
        }

    def notes(self) -> list[str]:
        """The torn last lines that were ignored."""
        return [note for journal in self._journals.values() if (note := journal.note())]


class Feed:
    """The outcomes of a study in the order in which they were read, and sums over them.

    Attributes:
        outcomes: Each trial's outcome once; it grows at its end alone.
        places: Where each is among them, by trial.
        n_completed: How many have a value.
        failures: How many failed, by kind.
        best: The outcome at the target of least value, the earliest of equals.
        steps: Each outcome that was the best when it came, with its place among the outcomes.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        self._ledger = Ledger()
        self._lock = threading.Lock()
        self.outcomes: list[Outcome] = []
        self._ranked: list[Completed] = []
        self._n_ranked = 0
        self.places: dict[str, int] = {}
        self.n_completed = 0
        self.failures: Counter[str] = Counter()
        self.best: Completed | None = None
        self.steps: list[tuple[int, Completed]] = []

    @property
    def name(self) -> str:
        """The study's name."""
        return self._source.folder.name

    @property
    def header(self) -> Header:
        """What the study tunes."""
        return self._source.header

    @property
    def n_open(self) -> int:
        """Trials that were begun and have no outcome."""
        return self._ledger.count - len(self.outcomes)

    def refresh(self) -> int:
        """Read on, and return how many outcomes there are.

        Raises:
            StoreError: If something is there that is not a record, or nothing can be read.
        """
        with self._lock:
            said = self._source.more()
            batches = [self._ledger.take(writer, events)[0] for writer, events in said if events]
            for outcome in merged(batches):
                if self._ledger.record(outcome.trial.id):
                    self._add(outcome)
            return len(self.outcomes)

    def ranked(self) -> list[Completed]:
        """Outcomes that have a value by value, the earliest of equals first."""
        with self._lock:
            fresh = self.outcomes[self._n_ranked :]
            if fresh:
                self._n_ranked = len(self.outcomes)
                valued = [each for each in fresh if isinstance(each, Completed)]
                self._ranked = [*self._ranked, *valued]
                self._ranked.sort(key=lambda each: each.value)  # fast: most is in order
            return self._ranked

    def study(self) -> Study:
        """The study as read so far; its outcomes go on growing with the feed."""
        with self._lock:
            jobs = self._source.jobs()
            left = {writer: self._ledger.left_by(writer) for writer in jobs}
        starts = [start for start, _ in jobs.values() if start]
        return Study(
            folder=self._source.folder,
            header=self.header,
            outcomes=self.outcomes,
            jobs=sorted(starts, key=lambda start: start["at"]),
            notes=self._source.notes(),
            running=[each for name, (_, over) in jobs.items() if not over for each in left[name]],
            interrupted=[each for name, (_, over) in jobs.items() if over for each in left[name]],
            server=self._source.server,
        )

    def _add(self, outcome: Outcome) -> None:
        self.places[outcome.trial.id] = len(self.outcomes)
        self.outcomes.append(outcome)
        if not isinstance(outcome, Completed):
            self.failures[outcome.kind.value] += 1
            return
        self.n_completed += 1
        better = self.best is None or outcome.value < self.best.value
        if better and self.header.reaches_target(outcome):
            self.best = outcome
            self.steps.append((len(self.outcomes) - 1, outcome))
