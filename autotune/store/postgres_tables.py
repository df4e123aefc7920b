"""The tables of a PostgreSQL storage, and talking to its server."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    DateTime,
    Engine,
    Identity,
    Index,
    MetaData,
    String,
    Table,
    create_engine,
    func,
    make_url,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import JSON
from sqlalchemy.exc import ArgumentError, InterfaceError, OperationalError, SQLAlchemyError

from autotune.errors import InputError, StoreError
from autotune.store.storage import without_password

SCHEMA = MetaData()
STUDIES = Table(
    "autotune_studies",
    SCHEMA,
    Column("study", String, primary_key=True),
    Column("header", String, nullable=False),
)
WRITERS = Table(
    "autotune_writers",
    SCHEMA,
    Column("study", String, primary_key=True),
    Column("writer", String, primary_key=True),
    Column("start", JSON, nullable=False),
    Column("beat_at", DateTime(timezone=True), nullable=False),
    Column("ended", Boolean, nullable=False),
)
RECORDS = Table(
    "autotune_records",
    SCHEMA,
    Column("place", BigInteger, Identity(), primary_key=True),
    Column("study", String, nullable=False),
    Column("writer", String, nullable=False),
    Column("record", JSON, nullable=False),
    Index("autotune_records_by_study", "study", "place"),
)
"""What a journal's lines say, one a row; rows are added and never changed."""

CREATION = 0x6175746F  # the lock under which tables are made
CONNECT_SECONDS = 10


def engine_of(url: str) -> Engine:
    """An engine for a server; no connection is made yet.

    Raises:
        InputError: If the address cannot be read.
    """
    try:
        address = make_url(url).set(drivername="postgresql+psycopg")
    except ArgumentError:
        raise InputError(
            "--storage is no address of a server: write postgresql://USER@HOST/DATABASE."
        ) from None
    return create_engine(
        address,
        json_serializer=partial(json.dumps, allow_nan=False),
        pool_pre_ping=True,
        connect_args={"connect_timeout": CONNECT_SECONDS},
    )


def address(engine: Engine) -> str:
    """What to call a server: its address without the password."""
    return without_password(engine.url.set(drivername="postgresql").render_as_string())


class AwayError(StoreError):
    """The server is away, or has no room now: the same may work later."""


@contextmanager
def talking(what: str, engine: Engine) -> Iterator[None]:
    """Turn what the server or the network says no to into words.

    Raises:
        StoreError: In place of any error of the server; `AwayError` for one that may pass.
    """
    try:
        yield
    except SQLAlchemyError as error:
        said = str(getattr(error, "orig", None) or error).strip().splitlines()
        why = said[0].rstrip(".") if said else type(error).__name__
        passing = isinstance(error, OperationalError | InterfaceError)
        raise (AwayError if passing else StoreError)(
            f"{what}: {address(engine)}: {why}. Mend the server, or the address, and try again."
        ) from error


def create_tables(engine: Engine) -> None:
    """Make the tables, unless they are there.

    Raises:
        StoreError: If the server cannot be reached, or does not let us.
    """
    with talking("cannot use the storage", engine), engine.begin() as connection:
        connection.execute(select(func.pg_advisory_xact_lock(CREATION)))
        SCHEMA.create_all(connection)


def alone(connection: Connection, study: str) -> None:
    """Be the only one who writes to a study, until the transaction ends.

    So places of records are given in the order in which they become visible, and whoever reads on
    from the last place misses nothing.
    """
    connection.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(study, 0))))


def in_no_hurry(connection: Connection) -> None:
    """Let a transaction end before it is on the disk; what ends after it takes it along."""
    connection.execute(text("SET LOCAL synchronous_commit TO off"))
