"""`--storage`: a folder of studies and fits, or a server where a verb can use one."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from autotune.errors import InputError

if TYPE_CHECKING:
    from autotune.store.storage import Storage

DEFAULT = "results/local"
HELP = "Folder of studies, or postgresql://USER@HOST/DATABASE."
SERVER = "postgresql"
PATIENCE_SECONDS = 600.0
"""How long a server may be away before a search gives up."""


def folder(value: Path) -> Path:
    """Return the storage of a verb that works on files.

    Raises:
        InputError: If it is a server.
    """
    if str(value).startswith(SERVER) and ":/" in str(value):  # a path has lost its second slash
        raise InputError(
            "--storage of this verb is a folder, not a server: what it works on are files. Give "
            f"one, by default {DEFAULT}; tune, study, status, results, report and serve take a "
            "server."
        )
    return value


FITS: Any = typer.Option("--storage", help="The folder that holds saved fits.", callback=folder)


@contextmanager
def opened(text: str, *, patience: float = 0.0) -> "Iterator[Storage]":
    """The storage that was given, for as long as it is needed.

    Args:
        text: What was given.
        patience: Seconds that a server may be away while a study is written.

    Raises:
        InputError: If it is neither a folder nor a server, or what it needs is not installed.
    """
    from autotune.cli import console
    from autotune.store.patience import Patience
    from autotune.store.storage import storage_of

    storage = storage_of(text, Patience(patience, console.talk))
    try:
        yield storage
    finally:
        storage.close()


def fits_of(storage: "Storage") -> Path:
    """The folder of the saved fits that belong to a storage; a server has none of its own."""
    from autotune.store.storage import FolderStorage

    return storage.folder if isinstance(storage, FolderStorage) else Path(DEFAULT)
