"""Where studies are kept: a folder of folders, or a PostgreSQL server."""

import re
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

from autotune import checks
from autotune.errors import InputError
from autotune.ports import Store
from autotune.store.feed import Feed, FolderSource
from autotune.store.journal import JournalStore
from autotune.store.lease import JobRun
from autotune.store.patience import Patience
from autotune.store.study import Header, Study, listing

NAME = r"^[A-Za-z0-9_][A-Za-z0-9_.+=-]{0,99}$"
"""What a study may be called that is created from elsewhere."""
SERVERS = ("postgresql://", "postgresql+psycopg://")
SECRET = re.compile(r"(postgresql(?:\+psycopg)?://[^:/@\s]*:)[^@\s]*(?=@)|([?&]password=)[^&\s]*")


class Joined(Store, Protocol):
    """A store that a job holds open."""

    @property
    def header(self) -> Header:
        """What the study tunes, as its first job recorded it."""
        ...

    @property
    def writer(self) -> str:
        """This job's name in the study."""
        ...

    @property
    def recorded(self) -> int:
        """Outcomes that this job recorded before any other did."""
        ...

    def close(self) -> None:
        """Record that the job ended in order."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None: ...


class Storage(Protocol):
    """A place for studies."""

    @property
    def where(self) -> str:
        """What to call it; without passwords."""
        ...

    @property
    def address(self) -> str:
        """As `--storage` of another process, which has `environment` too; without a password."""
        ...

    @property
    def environment(self) -> Mapping[str, str]:
        """What a process that works on it needs beside its address."""
        ...

    def names(self) -> list[str]:
        """The names of its studies, sorted."""
        ...

    def feed(self, name: str) -> Feed:
        """The records of a study, from the first on.

        Raises:
            InputError: If there is none of that name; the message names the nearest.
            StoreError: If it cannot be read.
        """
        ...

    def folder_of(self, name: str) -> Path | None:
        """The folder of a study's files, which need not be there; None on a server.

        Raises:
            InputError: If no study may have that name.
        """
        ...

    def join(
        self,
        name: str,
        header: Header,
        *,
        start: Mapping[str, Any],
        job: JobRun | None = None,
        label: str = "",
    ) -> Joined:
        """Create a study or continue one, as a new writer.

        Args:
            name: The study's name.
            header: What is to be tuned.
            start: Settings of the search, for the record of this job; JSON values.
            job: The scheduler's job that this process runs in.
            label: What to call the writer; by default the next free number.

        Raises:
            InputError: If no study may have that name.
            StoreError: If it cannot be written, or is of another problem.
        """
        ...

    def close(self) -> None:
        """Let go of what it holds open."""
        ...


class FolderStorage:
    """Studies in the folders of one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def where(self) -> str:
        """The folder."""
        return str(self.folder)

    @property
    def address(self) -> str:
        """The folder, from anywhere on this machine."""
        return str(self.folder.absolute())

    @property
    def environment(self) -> Mapping[str, str]:
        """Nothing."""
        return {}

    def names(self) -> list[str]:
        """The folders that hold a study."""
        return [folder.name for folder in listing(self.folder)]

    def feed(self, name: str) -> Feed:
        """The journals of a study."""
        return Feed(FolderSource(self.folder / must_exist(name, self)))

    def folder_of(self, name: str) -> Path:
        """The study's folder."""
        if name in {"", ".", ".."} or "/" in name:
            raise InputError(f"a study's name is one folder's name, not {name!r}.")
        return self.folder / name

    def join(
        self,
        name: str,
        header: Header,
        *,
        start: Mapping[str, Any],
        job: JobRun | None = None,
        label: str = "",
    ) -> JournalStore:
        """Open a journal of its own in the study's folder."""
        return JournalStore.open(self.folder_of(name), header, start=start, label=label, job=job)

    def close(self) -> None:
        """Nothing is held open."""


def read(storage: Storage, name: str) -> Study:
    """Read a study, while jobs are writing to it or not.

    Raises:
        InputError: If there is none of that name; the message names the nearest.
        StoreError: If it cannot be read.
    """
    feed = storage.feed(name)
    feed.refresh()
    return feed.study()


def without_password(text: str) -> str:
    """A word of a command line as it may be shown: a server's password is left out."""
    return SECRET.sub(lambda found: f"{found[1] or found[2]}***", text)


def must_exist(name: str, storage: Storage) -> str:
    """Return the name of a study that is there.

    Raises:
        InputError: If it is not; the message names the nearest.
    """
    known = storage.names()
    if not known:
        raise InputError(
            f"no study {name!r}: {storage.where} holds none. Choose another --storage."
        )
    return checks.one_of(f"study in {storage.where}:", name, known)


def must_be_name(name: str) -> str:
    """Return a name that a study may have: one part of a path, and nothing else.

    Raises:
        InputError: If it is not one.
    """
    if not re.fullmatch(NAME, name):
        raise InputError(
            f"a study cannot be called {name!r}. Use at most 100 letters, digits and _ . + = -, "
            "and begin with a letter or digit."
        )
    return name


def is_server(text: str) -> bool:
    """Whether a storage is on a server."""
    return text.startswith(SERVERS)


def storage_of(text: str, patience: Patience | None = None) -> Storage:
    """The storage that `--storage` names.

    Args:
        text: A folder or an address.
        patience: How long a server may be away while a study is written; not at all by default.

    Raises:
        InputError: If it is the address of something that is neither a folder nor PostgreSQL.
    """
    if is_server(text):
        from autotune.store.postgres import PostgresStorage

        return PostgresStorage(text, patience)
    if "://" in text:
        raise InputError(
            f"--storage {text.partition('://')[0]}://... is not known. Give a folder, or "
            "postgresql://USER@HOST/DATABASE."
        )
    return FolderStorage(Path(text))
