"""The `Store` port on a PostgreSQL server: each step is one transaction, alone in its study."""

import itertools
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from types import TracebackType
from typing import Any

from sqlalchemy import Connection, Engine, func, insert, update

from autotune.errors import StoreError
from autotune.ports import Beginning, anything
from autotune.store.ledger import MOST_DEATHS, Ledger, given_up, numbered
from autotune.store.patience import Patience
from autotune.store.postgres_source import Reader, writers
from autotune.store.postgres_tables import (
    RECORDS,
    WRITERS,
    AwayError,
    alone,
    in_no_hurry,
    talking,
)
from autotune.store.records import again, began
from autotune.store.study import Header
from autotune.trials import Failed, Outcome, Trial, to_json
from autotune.types import Value

BEAT_SECONDS = 10.0


class PostgresStore:
    """One writer of a study on a server.

    Attributes:
        header: What the study tunes, as its first job recorded it.
        writer: This job's name in the study, the first part of its trial ids.
        recorded: Outcomes that this job recorded before any other did.
    """

    def __init__(
        self,
        engine: Engine,
        study: str,
        header: Header,
        *,
        writer: str,
        patience: Patience,
    ) -> None:
        """Become a writer that is registered already, and say so every few seconds.

        Args:
            engine: The server.
            study: The study's name.
            header: What it tunes.
            writer: This job's name in it.
            patience: How long the server may be away before a call fails.
        """
        self.header, self.writer = header, writer
        self._patience = patience
        self.recorded = 0
        self._engine, self._study = engine, study
        self._reader = Reader(study)
        self._ledger = Ledger()
        self._outcomes: list[Outcome] = []
        self._begun: list[Trial] = []
        self._trials = itertools.count()
        self._closed = threading.Event()
        self._heart = threading.Thread(target=self._beat, daemon=True)
        self._heart.start()

    @property
    def count(self) -> int:
        """Trials of the study: with an outcome, running in any job, or interrupted."""
        return self._ledger.count

    def append(self, *outcomes: Outcome) -> list[bool]:
        """Make outcomes durable before returning, all of them in one transaction.

        Returns:
            Whether each counts: one whose trial another job recorded first is only kept.

        Raises:
            StoreError: If they could not be written; then none was.
        """
        return self._patience.wait(lambda: self._append(outcomes), AwayError)

    def _append(self, outcomes: Sequence[Outcome]) -> list[bool]:
        ids = [outcome.trial.id for outcome in outcomes]
        with self._transaction(f"the outcome of trial {', '.join(ids)} was not recorded") as link:
            recorded = self._ledger.recorded
            counts = [each not in recorded and each not in ids[:i] for i, each in enumerate(ids)]
            self._write(
                link,
                *(
                    to_json(outcome) if counted else again(outcome)
                    for outcome, counted in zip(outcomes, counts, strict=True)
                ),
            )
        for name in ids:
            self.recorded += self._ledger.record(name)
        return counts

    def new(self) -> list[Outcome]:
        """Outcomes that others recorded and this store has not yet returned."""
        self._patience.wait(self._look, AwayError)
        fresh, self._outcomes = self._outcomes, []
        return fresh

    def begun(self) -> list[Trial]:
        """Trials that others began and this store has not yet returned."""
        fresh, self._begun = self._begun, []
        return [trial for trial in fresh if trial.id not in self._ledger.recorded]

    def trial(self, config: dict[str, Value]) -> Trial:
        """Name a configuration `<writer>-<number>`.

        Raises:
            InputError: If a value is not a JSON scalar: it could not be recorded later.
        """
        return numbered(self.writer, self._trials, config)

    def begin(self, trial: Trial, n_trials: int) -> Beginning:
        """Record that a new trial is about to run, unless another job is in its way."""
        return self._patience.wait(lambda: self._begin(trial, n_trials), AwayError)

    def _begin(self, trial: Trial, n_trials: int) -> Beginning:
        with self._transaction(f"the start of trial {trial.id} was not recorded") as link:
            if any(each.id == trial.id for each in self._ledger.left_by(self.writer)):
                return Beginning.BEGUN  # when the answer was lost
            if self._seen(trial):
                return Beginning.TAKEN
            if self.count >= n_trials:
                return Beginning.FULL
            self._announce(link, trial)
        self._ledger.begin(self.writer, trial)
        return Beginning.BEGUN

    def resume(self, may: Callable[[Trial], bool] = anything) -> Trial | Failed | None:
        """Take over a trial whose job ended without its outcome, and record that it runs again.

        Returns:
            The trial, its attempt one higher; its failure if `MOST_DEATHS` jobs died while they
            ran it; None if no trial is interrupted.
        """
        return self._patience.wait(lambda: self._resume(may), AwayError)

    def _resume(self, may: Callable[[Trial], bool]) -> Trial | Failed | None:
        if self._ledger.count == len(self._ledger.recorded) + len(
            self._ledger.left_by(self.writer)
        ):
            return None  # nobody else has one
        with self._transaction("the start of a trial was not recorded") as link:
            jobs = writers(link, self._study)
            over = [name for name, job in jobs.items() if job.over and name != self.writer]
            left = [trial for name in over for trial in self._ledger.left_by(name)]
            trial = next(filter(may, left), None)
            if trial is None:
                return None
            deaths = self._ledger.died_with(trial.id, lambda name: jobs[name].died)
            following = replace(trial, attempt=trial.attempt + 1)
            self._announce(link, following)
        self._ledger.begin(self.writer, following)
        return following if deaths < MOST_DEATHS else given_up(following, deaths)

    def retry(self, trial: Trial) -> Trial | None:
        """Record that a trial runs again here, its attempt higher; None if it need not."""
        return self._patience.wait(lambda: self._retry(trial), AwayError)

    def _retry(self, trial: Trial) -> Trial | None:
        with self._transaction(f"the start of trial {trial.id} was not recorded") as link:
            mine = {each.id: each for each in self._ledger.left_by(self.writer)}
            if trial.id not in mine:
                return None
            following = replace(trial, attempt=mine[trial.id].attempt + 1)
            self._announce(link, following)
        self._ledger.begin(self.writer, following)
        return following

    def close(self) -> None:
        """Record that the job ended in order; again does nothing."""
        if self._closed.is_set():
            return
        self._closed.set()
        self._heart.join()
        with suppress(StoreError), talking("", self._engine), self._engine.begin() as link:
            link.execute(self._own().values(ended=True))

    def __enter__(self) -> "PostgresStore":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    @contextmanager
    def _transaction(self, failed: str) -> Iterator[Connection]:
        """Be alone in the study, and know all that others wrote."""
        with talking(failed, self._engine), self._engine.begin() as link:
            alone(link, self._study)
            self._read(link)
            yield link

    def _look(self) -> None:
        with talking("cannot read the study", self._engine), self._engine.connect() as link:
            self._read(link)

    def _read(self, link: Connection) -> None:
        for writer, said in self._reader.more(link):
            outcomes, trials = self._ledger.take(writer, [said])
            if writer == self.writer:
                continue
            self._begun += trials
            self._outcomes += [each for each in outcomes if self._ledger.record(each.trial.id)]

    def _seen(self, trial: Trial) -> bool:
        """Whether something not yet returned has the configuration of a trial."""
        fresh = [*self._begun, *(outcome.trial for outcome in self._outcomes)]
        return any(each.config == trial.config for each in fresh)

    def _announce(self, link: Connection, trial: Trial) -> None:
        in_no_hurry(link)
        self._write(link, began(trial, time.time()))

    def _write(self, link: Connection, *records: Mapping[str, Any]) -> None:
        rows = [{"study": self._study, "writer": self.writer, "record": each} for each in records]
        link.execute(insert(RECORDS), rows)

    def _own(self) -> Any:  # noqa: ANN401 - SQLAlchemy's type of a statement
        mine = (WRITERS.c.study == self._study, WRITERS.c.writer == self.writer)
        return update(WRITERS).where(*mine)

    def _beat(self) -> None:
        while not self._closed.wait(BEAT_SECONDS):
            with suppress(StoreError), talking("", self._engine), self._engine.begin() as link:
                link.execute(self._own().values(beat_at=func.clock_timestamp()))
