"""Raw columns of a CSV, read in blocks: memory grows with the table, not with its text."""

import csv
import gzip
import io
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

import numpy as np
from numpy.typing import NDArray

from autotune.errors import InputError
from autotune.quantities import parse_count
from autotune.types import Floats

BLOCK = 16384  # rows that are held as text at a time
SEPARATOR = "\x1f"  # between the cells of a block that waits for its type
OTHER_DELIMITERS = {";": "semicolons", "\t": "tabs", "|": "bars", " ": "blanks"}

Matcher = Callable[[Sequence[str]], dict[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class RawColumns:
    """Columns as they stand in a file.

    Attributes:
        ours: Our name -> the file's, for the columns that were recognised.
        values: The file's name -> its cells: float64 (NaN where empty or unreadable) or text.
        unreadable: The file's name -> row -> text, where a number was expected and not found.
        lines: Where each row stands in the file.
        word: What a place in the file is called: `line` or `row`.
    """

    ours: dict[str, str]
    values: dict[str, NDArray[Any]]
    unreadable: dict[str, dict[int, str]]
    lines: NDArray[np.int64]
    word: str = "line"


@dataclass(slots=True)
class Numbers:
    """A column that must hold numbers; cells that do not are remembered."""

    blocks: list[Floats] = field(default_factory=list)
    unreadable: dict[int, str] = field(default_factory=dict)
    length: int = 0

    def add(self, cells: Sequence[str]) -> None:
        """Append a block of cells."""
        try:
            block = np.fromiter(map(float, cells), np.float64, len(cells))
        except ValueError:
            block = np.array([self._one(i, cell) for i, cell in enumerate(cells)])
        self.blocks.append(block)
        self.length += len(cells)

    def _one(self, i: int, cell: str) -> float:
        try:
            return float(cell)
        except ValueError:
            pass
        try:
            return parse_count(cell)
        except InputError:
            self.unreadable[self.length + i] = cell
            return np.nan

    def array(self) -> Floats:
        """The whole column."""
        return np.concatenate(self.blocks)


@dataclass(slots=True)
class Cells:
    """A column of any kind, kept as compact text until its last cell is known."""

    blocks: list[str] = field(default_factory=list)

    def add(self, cells: Sequence[str]) -> None:
        """Append a block of cells."""
        self.blocks.append(SEPARATOR.join(cells))

    def array(self) -> NDArray[Any]:
        """Numbers if every cell is one or is empty, otherwise text."""
        try:
            return np.concatenate([_floats(block.split(SEPARATOR)) for block in self.blocks])
        except ValueError:
            return np.concatenate([np.array(block.split(SEPARATOR)) for block in self.blocks])


def _floats(cells: list[str]) -> Floats:
    numbers = (float(cell) if cell.strip() else np.nan for cell in cells)
    return np.fromiter(numbers, np.float64, len(cells))


def read_csv(path: str, matcher: Matcher, *, name: str) -> RawColumns:
    """Read a CSV with a header row.

    Args:
        path: A file, `.gz` or not, or `-` for standard input.
        matcher: Finds our columns in a header, or refuses it.
        name: What to call the file in errors.

    Raises:
        InputError: If it cannot be opened, is empty, is not UTF-8, is not comma-separated, has
            rows of unequal length, or lacks a column.
    """
    try:
        with _opened(path) as stream:
            return _read(stream, matcher, name)
    except (UnicodeDecodeError, csv.Error, EOFError) as error:
        why = "it is not UTF-8 text" if isinstance(error, UnicodeDecodeError) else str(error)
        raise InputError(f"cannot read {name}: {why}. Give a CSV with a header row.") from error
    except OSError as error:
        why = error.strerror or str(error)
        raise InputError(f"cannot read {name}: {why}. Give a CSV with a header row.") from error


@contextmanager
def _opened(path: str) -> Iterator[TextIO]:
    if path == "-":
        yield sys.stdin
    elif path.endswith(".gz"):
        with gzip.open(path, "rb") as stream:
            yield io.TextIOWrapper(stream, encoding="utf-8-sig", newline="")
    else:
        with Path(path).open(encoding="utf-8-sig", newline="") as text:
            yield text


def _read(stream: Iterable[str], matcher: Matcher, name: str) -> RawColumns:
    rows = csv.reader(stream)
    header = [cell.strip() for cell in next(rows, [])]
    header[:1] = [cell.removeprefix("\ufeff") for cell in header[:1]]
    _check_header(header, name)
    ours = matcher(header)
    sinks: list[Numbers | Cells] = [
        Numbers() if column in ours.values() else Cells() for column in header
    ]
    lines, ragged = _fill(rows, sinks)
    if ragged:
        line, found = ragged[0]
        raise InputError(
            f"{name}: {len(ragged)} rows do not have the {len(header)} cells of the header "
            f"(first: line {line} has {found}). Quote cells that contain commas."
        )
    if not len(lines):
        raise InputError(
            f"{name} has no rows below its header. Give one finished run per row; a header is "
            "line 1."
        )
    columns = dict(zip(header, sinks, strict=True))
    return RawColumns(
        ours=ours,
        values={column: sink.array() for column, sink in columns.items()},
        unreadable={c: sink.unreadable for c, sink in columns.items() if isinstance(sink, Numbers)},
        lines=lines,
    )


def _check_header(header: list[str], name: str) -> None:
    if not any(header):
        raise InputError(f"{name} is empty. Give a CSV: a header row, then one finished run a row.")
    if len(header) == 1:
        for sign, word in OTHER_DELIMITERS.items():
            if sign in header[0]:
                raise InputError(
                    f"{name} has a single column, {header[0]!r}: it looks separated by {word}. "
                    "Separate the cells by commas."
                )
    if all(_is_number(cell) for cell in header):
        raise InputError(f"{name} starts with numbers. Put the names of the columns in line 1.")


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _fill(
    rows: Any,  # noqa: ANN401 - the csv module does not export its reader's type
    sinks: Sequence[Numbers | Cells],
) -> tuple[NDArray[np.int64], list[tuple[int, int]]]:
    """Read the rows into the columns; return their lines, and line and width of ragged ones."""
    width = len(sinks)
    block: list[list[str]] = []
    where: list[int] = []
    lines: list[NDArray[np.int64]] = []
    ragged: list[tuple[int, int]] = []

    def flush() -> None:
        for sink, cells in zip(sinks, zip(*block, strict=True), strict=True):
            sink.add(cells)
        lines.append(np.array(where, dtype=np.int64))
        block.clear()
        where.clear()

    for row in rows:
        if not row or not (row[0] or any(row)):
            continue  # a blank line
        if len(row) != width:
            ragged.append((rows.line_num, len(row)))
            continue
        block.append(row)
        where.append(rows.line_num)
        if len(block) == BLOCK:
            flush()
    if block:
        flush()
    return np.concatenate(lines) if lines else np.zeros(0, np.int64), ragged
