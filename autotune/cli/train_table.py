"""A CSV of runs that grows by a row for each finished run, whoever writes it."""

import csv
import io
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from autotune.errors import InputError, StoreError
from autotune.training.run_table import COLUMNS


def append(path: Path, row: Mapping[str, Any]) -> None:
    """Add a row and wait until it is on the disk; one that is there already is not repeated.

    Args:
        path: The table; it is made with its header if it is not there.
        row: A cell for each of our columns.

    Raises:
        InputError: If the table has not our columns.
        StoreError: If it cannot be read or written.
    """
    cells = {name: "" if row[name] is None else str(row[name]) for name in COLUMNS}
    try:
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        header, there = _parsed(path, text)
        if any(all(each.get(key) == cells[key] for key in ("trunk", "tokens")) for each in there):
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8", newline="") as stream:
            stream.write(_line(header) * (not text) + "\n" * _torn(text))
            stream.write(_line([cells.get(name, "") for name in header]))
            stream.flush()
            os.fsync(stream.fileno())
    except OSError as error:
        raise StoreError(f"cannot write the run to {path}: {error.strerror}.") from error


def _parsed(path: Path, text: str) -> tuple[list[str], list[dict[str, str]]]:
    reader = csv.DictReader(io.StringIO(text))
    there = list(reader)
    header = list(reader.fieldnames or COLUMNS)
    missing = [name for name in COLUMNS if name not in header]
    if missing:
        raise InputError(
            f"{path} lacks {len(missing)} columns of a run (first: {missing[0]}). "
            "Give another --table."
        )
    return header, there


def _torn(text: str) -> bool:
    return bool(text) and not text.endswith("\n")


def _line(cells: list[str]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerow(cells)
    return out.getvalue()
