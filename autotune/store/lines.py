"""Reading a journal: complete lines only, each one record, and no guessing about bad ones."""

import json
import os
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from autotune.errors import StoreError
from autotune.trials import Outcome, from_json

FORMAT = 1
_NOT_A_RECORD = (ValueError, KeyError, TypeError, AttributeError, RecursionError)


def journals(folder: Path) -> list[Path]:
    """The journals of a study, by name."""
    return sorted(folder.glob("journal-*.jsonl"))


class Journal:
    """One journal, read as far as its last complete line; `more` reads on from there.

    Attributes:
        path: The file.
        start: Its start record, once that was read.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.start: Mapping[str, Any] | None = None
        self._offset = 0
        self._lines = 0
        self._torn = b""

    def more(self) -> list[Outcome]:
        """Return the outcomes of the complete lines that were not read yet.

        Raises:
            StoreError: If a complete line is not a record; the message counts all such lines
                in what was read, shows the first and says what to do.
        """
        data = self._unread()
        complete, _, self._torn = data.rpartition(b"\n")
        outcomes: list[Outcome] = []
        bad: list[tuple[int, bytes]] = []
        lines = complete.split(b"\n") if complete else []
        for number, line in enumerate(lines, self._lines + 1):
            try:
                self._take(json.loads(line), outcomes)
            except _NOT_A_RECORD:
                bad.append((number, line))
        if bad:
            self._refuse(bad, len(lines))
        self._offset += len(data) - len(self._torn)
        self._lines += len(lines)
        return outcomes

    def note(self) -> str | None:
        """Say if a last line was ignored because it is torn; its writer may still be at it."""
        if not self._torn or self._writer_lives():
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

    def _take(self, record: Any, outcomes: list[Outcome]) -> None:  # noqa: ANN401 - any JSON value
        if "start" not in record:
            outcomes.append(from_json(record))
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

    def _writer_lives(self) -> bool:
        start = self.start or {}
        if start.get("host") != socket.gethostname():
            return False
        try:
            os.kill(int(start["pid"]), 0)
        except PermissionError:
            return True  # somebody else's process
        except (OSError, KeyError, ValueError):
            return False
        return True
