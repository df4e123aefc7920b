"""The journal store: each job appends to a file of its own and reads the others'."""

import errno
import itertools
import math
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, replace
from pathlib import Path
from types import TracebackType
from typing import Any

from autotune.errors import StoreError
from autotune.ports import Beginning, anything
from autotune.store.claims import Claims
from autotune.store.create import establish, sync_folder, write_test
from autotune.store.lease import Every, JobRun, Lease, Pace, Watch
from autotune.store.ledger import MOST_DEATHS, Ledger, given_up, numbered
from autotune.store.others import Others
from autotune.store.own import OwnJournal
from autotune.store.presence import here
from autotune.store.records import FORMAT, again, began, ended, withdrew
from autotune.store.study import Header
from autotune.trials import Completed, Failed, Outcome, Trial, to_json
from autotune.types import Value

SOON = 0.02  # seconds: trials that are shorter do not look for news twice each


class JournalStore:
    """The `Store` port on a folder: append-only JSON lines, one writer per file, no locks.

    Attributes:
        folder: The study's folder.
        header: What the study tunes, as its first job recorded it.
        writer: This job's name in the study, the first part of its trial ids.
        recorded: Outcomes that this job recorded before any other did.
    """

    def __init__(
        self,
        folder: Path,
        header: Header,
        *,
        journal: OwnJournal,
        job: JobRun | None,
        pace: Pace,
    ) -> None:
        self.folder = folder
        self.header = header
        self.writer = journal.writer
        self.recorded = 0
        self._journal = journal
        self._lease = Lease(folder, self.writer, pace.beat)
        self._ledger = Ledger()
        self._claims = Claims(folder, self.writer)
        watch = Watch(folder, pace, job)
        self._others = Others(folder, self.writer, self._ledger, watch)
        self._pace = pace
        self._looked = self._fresh_until = -math.inf
        self._syncs = Every(pace.beat, pace.clock)
        self._trials = itertools.count()

    @classmethod
    def open(
        cls,
        folder: Path,
        header: Header,
        *,
        start: Mapping[str, Any],
        label: str = "",
        job: JobRun | None = None,
        pace: Pace | None = None,
    ) -> "JournalStore":
        """Create a study or continue one, with a new journal for this job.

        Args:
            folder: The study's folder; created if it is missing.
            header: What is to be tuned.
            start: Settings of the search, for the journal's first line; JSON values.
            label: What to call the writer; by default the next free number.
            job: The scheduler's job that this process runs in.
            pace: How often to say that the job is alive, and how long to wait for others to.

        Raises:
            StoreError: If the folder cannot be written, or holds a study of another problem.
        """
        recorded = establish(folder, header)
        try:
            write_test(folder)
            journal = OwnJournal.create(folder, label)
            try:
                run = {} if job is None else {"job": asdict(job)}
                journal.write({"start": _circumstances() | run | {"search": dict(start)}})
                sync_folder(folder)
                return cls(folder, recorded, journal=journal, job=job, pace=pace or Pace())
            except BaseException:
                journal.discard()
                raise
        except OSError as error:
            raise StoreError(
                f"cannot write in {folder}: {error.strerror}. "
                "Free some space there, or choose another --storage."
            ) from error

    @property
    def count(self) -> int:
        """Trials of the study: with an outcome, running in any job, or interrupted."""
        return self._ledger.count

    def append(self, *outcomes: Outcome) -> list[bool]:
        """Make outcomes durable before returning, all of them with one sync.

        Returns:
            Whether each counts: one whose trial another job recorded first is only kept.

        Raises:
            StoreError: If some could not be written. The journal then holds those before them
                alone, and the next `append` may succeed.
        """
        if self._pace.clock() - self._looked > 0.5 * self._pace.patience:
            self._look()  # we were away for so long that another job may have taken over
        ids = [outcome.trial.id for outcome in outcomes]
        recorded = self._ledger.recorded
        counts = [each not in recorded and each not in ids[:i] for i, each in enumerate(ids)]
        records = [
            to_json(outcome) if counted else again(outcome)
            for outcome, counted in zip(outcomes, counts, strict=True)
        ]
        try:
            self._journal.write(*records)
        except OSError:
            self._append_each(outcomes, records)
        else:
            for outcome in outcomes:
                self._note(outcome)
        return counts

    def new(self) -> list[Outcome]:
        """Outcomes that others recorded and this store has not yet returned, oldest first.

        Raises:
            StoreError: If another journal holds lines that are not records.
        """
        if self._journal.dirty and self._syncs.due():
            with self._recorded("what runs"):
                self._journal.sync()
        if self._pace.clock() > self._fresh_until:
            self._look()
        return self._others.outcomes()

    def begun(self) -> list[Trial]:
        """Trials that others began and this store has not yet returned."""
        return self._others.begun()

    def trial(self, config: dict[str, Value]) -> Trial:
        """Name a configuration `<writer>-<number>`.

        Raises:
            InputError: If a value is not a JSON scalar: it could not be recorded later.
        """
        return numbered(self.writer, self._trials, config)

    def begin(self, trial: Trial, n_trials: int) -> Beginning:
        """Record that a new trial is about to run, unless another job is in its way.

        It is announced before others are looked for: of two jobs that begin at the same moment,
        at least one sees the other, and withdraws.

        Raises:
            StoreError: If it could not be written.
        """
        with self._recorded(f"the start of trial {trial.id}"):
            self._announce(trial)
            self._look()
            mine = True
            if self._others.any_alive:
                self._journal.sync()  # or other machines might not see it
                mine = self._claims.configuration(trial)
                self._look()
            self._fresh_until = self._looked + SOON
            if mine and not self._others.has(trial):
                if self.count <= n_trials:
                    return Beginning.BEGUN
                found = Beginning.FULL
            else:
                found = Beginning.TAKEN
            self._journal.write(withdrew(trial), sync=False)
        self._ledger.withdraw(self.writer, trial.id)
        self._claims.release(trial.id)
        return found

    def resume(self, may: Callable[[Trial], bool] = anything) -> Trial | Failed | None:
        """Take over a trial whose job ended without its outcome, and record that it runs again.

        Args:
            may: Whether a trial may be taken over now.

        Returns:
            The trial, its attempt one higher; its failure if `MOST_DEATHS` jobs died while they
            ran it; None if no trial is interrupted.

        Raises:
            StoreError: If it could not be written.
        """
        for trial in filter(may, self._others.left()):
            claimed = self.retry(trial)
            if claimed is None:
                continue
            deaths = self._ledger.died_with(trial.id, self._others.died)
            return claimed if deaths < MOST_DEATHS else given_up(claimed, deaths)
        return None

    def retry(self, trial: Trial) -> Trial | None:
        """Record that a trial runs again here, its attempt higher.

        Returns:
            The trial; None if it has an outcome by now, or another job took it.

        Raises:
            StoreError: If it could not be written.
        """
        with self._recorded(f"the start of trial {trial.id}"):
            claimed = self._claimed(trial)
            if claimed is not None:
                self._announce(claimed)
        return claimed

    def close(self) -> None:
        """Record that the job ended in order, and close the journal; again does nothing."""
        if self._journal.closed:
            return
        with suppress(OSError):  # without this line, others find out for themselves
            self._journal.write(ended(time.time()))
        self._claims.release_all()
        self._lease.release()
        self._journal.close()

    def __enter__(self) -> "JournalStore":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _append_each(self, outcomes: Sequence[Outcome], records: Sequence[dict[str, Any]]) -> None:
        """Write as many as there is room for, and name the rest with their values."""
        for number, record in enumerate(records):
            rest = ", ".join(map(_named, outcomes[number:]))
            with self._recorded(f"the outcome of trial {rest}"):
                self._journal.write(record)
            self._note(outcomes[number])

    def _note(self, outcome: Outcome) -> None:
        """Remember what is durable."""
        self.recorded += self._ledger.record(outcome.trial.id)
        self._claims.release(outcome.trial.id)

    def _look(self) -> None:
        self._looked = self._pace.clock()
        self._others.look()

    def _announce(self, trial: Trial) -> None:
        """Record that a trial runs; what follows it, or the next beat, makes that durable."""
        self._journal.write(began(trial, time.time()), sync=False)
        self._ledger.begin(self.writer, trial)

    @contextmanager
    def _recorded(self, what: str) -> Iterator[None]:
        """Turn a failure to write into words."""
        try:
            yield
        except OSError as error:
            full = error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
            remedy = "Free some space and" if full else "Mend the storage and"
            raise StoreError(
                f"{what} was not recorded in {self.folder}: {error.strerror}. "
                f"{remedy} start the same command again."
            ) from error

    def _claimed(self, trial: Trial) -> Trial | None:
        """The next attempt at an interrupted trial, if it is this job's to make."""
        following = replace(trial, attempt=trial.attempt + 1)
        while not self._claims.attempt(following):
            holder, claim = self._claims.holder(following), f"{trial.id} {following.attempt}"
            if self._others.works(holder, claim):
                return None
            following = replace(following, attempt=following.attempt + 1)
        self._look()  # whoever ran it may have recorded it, or lives
        still = trial.id not in self._ledger.recorded
        return following if still else None


def _named(outcome: Outcome) -> str:
    value = f" = {outcome.value!r}" if isinstance(outcome, Completed) else ""
    return f"{outcome.trial.id}{value}"


def _circumstances() -> dict[str, Any]:
    return here() | {"format": FORMAT, "at": time.time(), "command": sys.argv}
