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
from autotune.store.study import Header, listing

NAME = r"^[A-Za-z0-9_][A-Za-z0-9_.+=-]{0,99}$"
"""What a study may be called that is created from elsewhere."""
SERVERS = ("postgresql://", "postgresql+psycopg://")


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

    def join(self, name: str, header: Header, *, start: Mapping[str, Any]) -> Joined:
        """Create a study or continue one, as a new writer.

        Raises:
            InputError: If no study may have that name.
            StoreError: If it cannot be written, or is of another problem.
        """
        ...


class FolderStorage:
    """Studies in the folders of one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def where(self) -> str:
        """The folder."""
        return str(self.folder)

    def names(self) -> list[str]:
        """The folders that hold a study."""
        return [folder.name for folder in listing(self.folder)]

    def feed(self, name: str) -> Feed:
        """The journals of a study."""
        return Feed(FolderSource(self.folder / must_exist(name, self)))

    def join(self, name: str, header: Header, *, start: Mapping[str, Any]) -> JournalStore:
        """Open a journal of its own in the study's folder."""
        return JournalStore.open(self.folder / must_be_name(name), header, start=start)


def must_exist(name: str, storage: Storage) -> str:
    """Return the name of a study that is there.

    Raises:
        InputError: If it is not; the message names the nearest.
    """
    known = storage.names()
    if not known:
        raise InputError(f"no study {name!r}: {storage.where} holds none.")
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


def storage_of(text: str) -> Storage:
    """The storage that `--storage` names.

    Raises:
        InputError: If it is the address of something that is neither a folder nor PostgreSQL.
    """
    if text.startswith(SERVERS):
        from autotune.store.postgres import PostgresStorage

        return PostgresStorage(text)
    if "://" in text:
        raise InputError(
            f"--storage {text.partition('://')[0]}://... is not known. Give a folder, or "
            "postgresql://USER@HOST/DATABASE."
        )
    return FolderStorage(Path(text))
