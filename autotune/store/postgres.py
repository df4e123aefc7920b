"""A storage on a PostgreSQL server, for a team."""

import sys
import time
from collections.abc import Mapping
from dataclasses import asdict
from functools import cached_property
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, func, insert, select
from sqlalchemy.dialects.postgresql import insert as insert_new

from autotune.store.feed import Feed
from autotune.store.lease import JobRun
from autotune.store.own import writer_names
from autotune.store.patience import Patience
from autotune.store.postgres_source import PostgresSource, header_of
from autotune.store.postgres_store import PostgresStore
from autotune.store.postgres_tables import (
    STUDIES,
    WRITERS,
    address,
    alone,
    create_tables,
    engine_of,
    talking,
)
from autotune.store.presence import here
from autotune.store.records import FORMAT
from autotune.store.storage import must_be_name, must_exist, without_password
from autotune.store.study import Header, must_agree


class PostgresStorage:
    """Studies on a server; tables are made when they are first needed."""

    def __init__(self, url: str, patience: Patience | None = None) -> None:
        """Find a server; nothing is asked of it yet.

        Args:
            url: Its address.
            patience: How long it may be away while a study is written; not at all by default.

        Raises:
            InputError: If the address cannot be read.
        """
        self._url = engine_of(url)
        self._patience = patience or Patience()

    @property
    def where(self) -> str:
        """The address without its password."""
        return address(self._url)

    @property
    def address(self) -> str:
        """The address, its password left out."""
        url = self._url.url.set(drivername="postgresql")._replace(password=None)
        return url.difference_update_query(["password"]).render_as_string()

    @property
    def environment(self) -> Mapping[str, str]:
        """The password, where every client of PostgreSQL looks for it."""
        url = self._url.url
        password = url.password or url.query.get("password")
        return {} if password is None else {"PGPASSWORD": str(password)}

    def names(self) -> list[str]:
        """The names of its studies."""
        with talking("cannot list studies", self._engine), self._engine.connect() as link:
            return sorted(link.execute(select(STUDIES.c.study)).scalars())

    def feed(self, name: str) -> Feed:
        """The records of a study."""
        return Feed(PostgresSource(self._engine, must_exist(name, self)))

    def folder_of(self, name: str) -> None:
        """A server keeps records alone."""
        must_be_name(name)

    def join(
        self,
        name: str,
        header: Header,
        *,
        start: Mapping[str, Any],
        job: JobRun | None = None,
        label: str = "",
    ) -> PostgresStore:
        """Create a study or continue one, as the next writer."""
        study = must_be_name(name)
        with talking("cannot write a study", self._engine), self._engine.begin() as link:
            alone(link, study)
            new = insert_new(STUDIES).values(study=study, header=header.to_json())
            link.execute(new.on_conflict_do_nothing())
        recorded = header_of(self._engine, study)
        must_agree(Path(study), recorded, header)
        said: dict[str, Any] = {"search": dict(start)} | (
            {} if job is None else {"job": asdict(job)}
        )
        writer = self._writer(study, said, label)
        return PostgresStore(self._engine, study, recorded, writer=writer, patience=self._patience)

    def close(self) -> None:
        """Let the connections go."""
        self._url.dispose()

    @cached_property
    def _engine(self) -> Engine:
        create_tables(self._url)
        return self._url

    def _writer(self, study: str, said: Mapping[str, Any], label: str) -> str:
        """Take the next free name of a study."""
        with talking("cannot write a study", self._engine), self._engine.begin() as link:
            alone(link, study)
            known = select(WRITERS.c.writer).where(WRITERS.c.study == study)
            taken = set(link.execute(known).scalars())
            writer = next(name for name in writer_names(label) if name not in taken)
            now = func.clock_timestamp()
            command = list(map(without_password, sys.argv))
            start = {"format": FORMAT, "at": time.time(), "command": command} | here()
            link.execute(
                insert(WRITERS).values(
                    study=study,
                    writer=writer,
                    start={**start, **said},
                    beat_at=now,
                    ended=False,
                )
            )
        return writer
