"""The one journal that this process writes: whole records, or none."""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Any

from autotune.store.lines import PREFIX, SUFFIX

_JSON = json.JSONEncoder(allow_nan=False)


class OwnJournal:
    """An open journal.

    Attributes:
        writer: The name of the job that writes it.
        dirty: Whether something was written that is not durable yet.
    """

    def __init__(self, path: Path, writer: str, descriptor: int) -> None:
        self.writer = writer
        self._path = path
        self._descriptor = descriptor
        self._size = 0
        self.dirty = False

    @classmethod
    def create(cls, folder: Path, label: str) -> "OwnJournal":
        """Create the first journal whose name is free; exclusive creation is the only arbiter.

        Args:
            folder: The study's folder.
            label: What to call the writer, followed by a number if the name is taken; if it is
                empty, the number alone.

        Raises:
            OSError: If it cannot be created.
        """
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND
        for writer in writer_names(label):
            path = folder / f"{PREFIX}{writer}{SUFFIX}"
            try:
                return cls(path, writer, os.open(path, flags, 0o644))
            except FileExistsError:
                continue
        raise AssertionError("names never end")

    @property
    def closed(self) -> bool:
        """Whether `close` was called."""
        return self._descriptor < 0

    def write(self, *records: Mapping[str, Any], sync: bool = True) -> None:
        """Write a line each and sync them, or leave the file as it was and raise OSError.

        An interrupt leaves all lines or none.
        """
        lines = b"".join(_JSON.encode(record).encode() + b"\n" for record in records)
        written = 0
        try:
            while written < len(lines):  # a full disk takes a part, then says so
                written += os.write(self._descriptor, lines[written:])
            if sync:
                os.fsync(self._descriptor)
        except BaseException as error:
            if isinstance(error, OSError) or written < len(lines):
                with suppress(OSError):
                    os.ftruncate(self._descriptor, self._size)
            raise
        self._size += len(lines)
        self.dirty = not sync

    def sync(self) -> None:
        """Make what was written durable, and visible on other machines."""
        os.fsync(self._descriptor)
        self.dirty = False

    def close(self) -> None:
        """Close the file."""
        os.close(self._descriptor)
        self._descriptor = -1

    def discard(self) -> None:
        """Close the file and remove it."""
        self.close()
        self._path.unlink(missing_ok=True)


def writer_names(label: str) -> Iterator[str]:
    """What a writer may be called, the first choice first."""
    for number in count(1):
        yield f"{label}{number if number > 1 else ''}" if label else f"{number:04d}"
