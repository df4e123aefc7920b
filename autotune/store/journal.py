"""The journal store: each job appends to a file of its own and reads the others'."""

import errno
import json
import os
import socket
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Any

from autotune.errors import InputError, StoreError
from autotune.store.create import establish, sync_folder, write_test
from autotune.store.lines import FORMAT, Journal, journals
from autotune.store.study import Header, once
from autotune.trials import Completed, Outcome, Trial, to_json
from autotune.types import Value


class JournalStore:
    """The `Store` port on a folder: append-only JSON lines, one writer per file, no locks.

    Attributes:
        folder: The study's folder.
        header: What the study tunes, as its first job recorded it.
        writer: This job's name in the study, the first part of its trial ids.
    """

    def __init__(self, folder: Path, header: Header, *, writer: str, descriptor: int) -> None:
        self.folder = folder
        self.header = header
        self.writer = writer
        self._descriptor = descriptor
        self._size = 0
        self._trials = count()
        self._others: dict[Path, Journal] = {}
        self._seen: set[str] = set()

    @classmethod
    def open(
        cls, folder: Path, header: Header, *, start: Mapping[str, Any], label: str = ""
    ) -> "JournalStore":
        """Create a study or continue one, with a new journal for this job.

        Args:
            folder: The study's folder; created if it is missing.
            header: What is to be tuned.
            start: Settings of the search, for the journal's first line; JSON values.
            label: What to call the writer; by default the next free number.

        Raises:
            StoreError: If the folder cannot be written, or holds a study of another problem.
        """
        recorded = establish(folder, header)
        try:
            write_test(folder)
            writer, descriptor = _claim(folder, label)
        except OSError as error:
            raise StoreError(
                f"cannot write in {folder}: {error.strerror}. "
                "Free some space there, or choose another --storage."
            ) from error
        store = cls(folder, recorded, writer=writer, descriptor=descriptor)
        try:
            store._write({"start": _circumstances() | {"search": dict(start)}})
            sync_folder(folder)
        except OSError as error:
            store.close()
            (folder / f"journal-{writer}.jsonl").unlink(missing_ok=True)
            raise StoreError(f"cannot write in {folder}: {error.strerror}.") from error
        return store

    def append(self, outcome: Outcome) -> None:
        """Make an outcome durable before returning.

        Raises:
            StoreError: If it could not be written. The journal is then as it was before, and
                the next `append` may succeed.
        """
        try:
            self._write(to_json(outcome))
        except OSError as error:
            value = f" = {outcome.value!r}" if isinstance(outcome, Completed) else ""
            full = error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
            remedy = "Free some space and" if full else "Mend the storage and"
            raise StoreError(
                f"the outcome of trial {outcome.trial.id}{value} was not recorded in "
                f"{self.folder}: {error.strerror}. {remedy} start the same command again."
            ) from error
        self._seen.add(outcome.trial.id)

    def new(self) -> list[Outcome]:
        """Outcomes that others recorded and this store has not yet returned, oldest first.

        Raises:
            StoreError: If another journal holds lines that are not records.
        """
        own = f"journal-{self.writer}.jsonl"
        for path in journals(self.folder):
            if path.name != own and path not in self._others:
                self._others[path] = Journal(path)
        return once([journal.more() for journal in self._others.values()], self._seen)

    def trial(self, config: dict[str, Value]) -> Trial:
        """Name a configuration `<writer>-<number>`.

        Raises:
            InputError: If a value is not a JSON scalar: it could not be recorded later.
        """
        try:
            json.dumps(config, allow_nan=False)
        except (TypeError, ValueError) as error:
            raise InputError(f"a configuration must hold plain finite values: {error}.") from error
        return Trial(f"{self.writer}-{next(self._trials):04d}", config)

    def close(self) -> None:
        """Close the journal; closing again does nothing."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def __enter__(self) -> "JournalStore":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _write(self, record: Mapping[str, Any]) -> None:
        """Write one line and sync it, or leave the file as it was and raise OSError."""
        line = json.dumps(record, allow_nan=False).encode() + b"\n"
        try:
            written = os.write(self._descriptor, line)
            while written < len(line):  # a full disk takes a part, then says so
                written += os.write(self._descriptor, line[written:])
            os.fsync(self._descriptor)
        except BaseException:  # an interrupt must not leave half a line either
            with suppress(OSError):
                os.ftruncate(self._descriptor, self._size)
            raise
        self._size += len(line)


def _claim(folder: Path, label: str) -> tuple[str, int]:
    """Create the first journal whose name is free; exclusive creation is the only arbiter."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND
    for writer in _names(label):
        try:
            return writer, os.open(folder / f"journal-{writer}.jsonl", flags, 0o644)
        except FileExistsError:
            continue
    raise AssertionError("names never end")


def _names(label: str) -> Iterator[str]:
    for number in count(1):
        yield f"{label}{number if number > 1 else ''}" if label else f"{number:04d}"


def _circumstances() -> dict[str, Any]:
    return {
        "format": FORMAT,
        "host": socket.gethostname(),
        "pid": os.getpid(),
        "at": time.time(),
        "command": sys.argv,
    }
