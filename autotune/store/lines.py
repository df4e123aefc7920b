"""Reading a journal: complete lines only, each one record, and no guessing about bad ones."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from autotune.errors import StoreError
from autotune.store.presence import present
from autotune.store.records import FORMAT, Ended, Event, event

_NOT_A_RECORD = (ValueError, KeyError, TypeError, AttributeError, RecursionError)
_SCAN = json.JSONDecoder().raw_decode
PREFIX, SUFFIX = "journal-", ".jsonl"


def writers(folder: Path) -> list[str]:
    """The names of those who have a journal in a study, sorted.

    Raises:
        StoreError: If the folder cannot be read.
    """
    try:
        names = os.listdir(folder)  # noqa: PTH208 - names, at a third of the price of paths
    except OSError as error:
        raise StoreError(f"cannot read {folder}: {error.strerror}.") from error
    return sorted(
        name[len(PREFIX) : -len(SUFFIX)]
        for name in names
        if name.startswith(PREFIX) and name.endswith(SUFFIX)
    )


class Journal:
    """One journal, read as far as its last complete line; `more` reads on from there.

    Attributes:
        path: The file.
        writer: The name of the job that writes it.
        start: Its start record, once that was read.
        ended: Whether its job ended in order.
    """

    def __init__(self, folder: Path, writer: str) -> None:
        self.path = folder / f"{PREFIX}{writer}{SUFFIX}"
        self.writer = writer
        self.start: Mapping[str, Any] | None = None
        self.ended = False
        self._offset = 0
        self._lines = 0
        self._torn = b""

    def more(self) -> list[Event]:
        """Return the events of the complete lines that were not read yet.

        Raises:
            StoreError: If a complete line is not a record; the message counts all such lines
                in what was read, shows the first and says what to do.
        """
        data = self._unread()
        complete, _, self._torn = data.rpartition(b"\n")
        events: list[Event] = []
        bad: list[tuple[int, bytes]] = []
        lines = complete.split(b"\n") if complete else []
        for number, line in enumerate(lines, self._lines + 1):
            try:
                self._take(_parsed(line), events)
            except _NOT_A_RECORD:
                bad.append((number, line))
        if bad:
            self._refuse(bad, len(lines))
        self._offset += len(data) - len(self._torn)
        self._lines += len(lines)
        return events

    def note(self) -> str | None:
        """Say if a last line was ignored because it is torn; its writer may still be at it."""
        if not self._torn or present(self.start or {}):
            return None
        return f"{self.path.stem}: torn last line ignored ({len(self._torn)} bytes)"

    def _unread(self) -> bytes:
        try:
            if self.path.stat().st_size <= self._offset:
                return b""
            with self.path.open("rb") as file:
                file.seek(self._offset)
                return file.read()
        except OSError as error:
            raise StoreError(f"cannot read {self.path}: {error.strerror}.") from error

    def _take(self, record: Any, events: list[Event]) -> None:  # noqa: ANN401 - any JSON value
        if "start" not in record:
            said = event(record)
            if isinstance(said, Ended):
                self.ended = True
            elif said is not None:
                events.append(said)
        elif (version := int(record["start"]["format"])) > FORMAT:
            raise StoreError(
                f"{self.path} has format {version}, and this autotune reads up to {FORMAT}. "
                "A newer autotune wrote it: update this one."
            )
        else:
            self.start = {"at": 0.0, **record["start"]}

    def _refuse(self, bad: list[tuple[int, bytes]], n_lines: int) -> None:
        number, line = bad[0]
        shown = line[:60].decode(errors="replace") + ("..." if len(line) > 60 else "")
        raise StoreError(
            f"{self.path}: {len(bad)} of {n_lines} lines are not records "
            f"(first: line {number}: {shown!r}). Something other than autotune wrote there. "
            "Each line stands alone: delete the bad lines, or move the file elsewhere."
        )


def _parsed(line: bytes) -> Any:  # noqa: ANN401 - any JSON value
    """Read a line that is one JSON value, without the search of `json.loads` for its encoding.

    Raises:
        ValueError: If it is not.
    """
    text = line.decode().strip()
    value, end = _SCAN(text)
    if end != len(text):
        raise ValueError(f"more than one value: {text[end : end + 20]!r}")
    return value
