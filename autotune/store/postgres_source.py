"""The records of a study on a PostgreSQL server, for whoever reads."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, func, select

from autotune.errors import StoreError
from autotune.store.postgres_tables import RECORDS, STUDIES, WRITERS, address, talking
from autotune.store.presence import gone
from autotune.store.records import Ended, Event, event
from autotune.store.study import Header

PATIENCE_SECONDS = 60.0
"""Without a sign of life for so long, a writer counts as dead; by the server's clock."""


@dataclass(frozen=True, slots=True)
class Job:
    """A writer of a study.

    Attributes:
        start: What it said when it began.
        ended: Whether it ended in order.
        died: Whether it is gone without that.
    """

    start: Mapping[str, Any]
    ended: bool
    died: bool

    @property
    def over(self) -> bool:
        """Whether it runs no trial any more."""
        return self.ended or self.died


class Reader:
    """The rows of a study, each once."""

    def __init__(self, study: str) -> None:
        self._study = study
        self._place = 0

    def more(self, connection: Connection) -> list[tuple[str, Event]]:
        """Who said what since the last call.

        Raises:
            StoreError: If a row is not a record.
        """
        query = (
            select(RECORDS.c.place, RECORDS.c.writer, RECORDS.c.record)
            .where(RECORDS.c.study == self._study, RECORDS.c.place > self._place)
            .order_by(RECORDS.c.place)
        )
        found: list[tuple[str, Event]] = []
        seen = self._place
        for place, writer, record in connection.execute(query):
            try:
                said = event(record)
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                raise StoreError(
                    f"row {place} of {RECORDS.name} is not a record ({error}). Something other "
                    "than autotune wrote it: delete the row."
                ) from error
            seen = place
            if said is not None and not isinstance(said, Ended):
                found.append((writer, said))
        self._place = seen  # at the end: what is read in part is read again
        return found


class PostgresSource:
    """The `Source` port on a server."""

    def __init__(self, engine: Engine, study: str) -> None:
        self._engine = engine
        self._reader = Reader(study)
        self.folder = Path(study)
        self.header = header_of(engine, study)
        self.server = address(engine)

    def more(self) -> list[tuple[str, list[Event]]]:
        """What each writer said since the last call."""
        said: dict[str, list[Event]] = {}
        with talking("cannot read a study", self._engine), self._engine.connect() as connection:
            for writer, each in self._reader.more(connection):
                said.setdefault(writer, []).append(each)
        return list(said.items())

    def jobs(self) -> dict[str, tuple[Mapping[str, Any], bool]]:
        """The start record of each writer, and whether its job has ended or is dead."""
        with talking("cannot read a study", self._engine), self._engine.connect() as connection:
            found = writers(connection, self.folder.name)
        return {writer: (job.start, job.over) for writer, job in found.items()}

    def notes(self) -> list[str]:
        """Nothing: a server keeps whole rows."""
        return []


def header_of(engine: Engine, study: str) -> Header:
    """What a study tunes.

    Raises:
        StoreError: If there is no such study.
    """
    query = select(STUDIES.c.header).where(STUDIES.c.study == study)
    with talking("cannot read a study", engine), engine.connect() as connection:
        found = connection.execute(query).scalar()
    if found is None:
        raise StoreError(f"no study {study} at {address(engine)}.")
    return Header.from_json(found, where=f"the header of {study}")


def writers(connection: Connection, study: str) -> dict[str, Job]:
    """The writers of a study by name."""
    silence = func.extract("epoch", func.clock_timestamp() - WRITERS.c.beat_at)
    query = (
        select(WRITERS.c.writer, WRITERS.c.start, WRITERS.c.ended, silence)
        .where(WRITERS.c.study == study)
        .order_by(WRITERS.c.writer)
    )
    return {
        writer: Job(start, ended, not ended and (silent > PATIENCE_SECONDS or gone(start)))
        for writer, start, ended, silent in connection.execute(query)
    }
