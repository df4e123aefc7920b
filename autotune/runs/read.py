"""Read a file of finished runs into a run table."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from autotune.fitting.runs import RunTable


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadRuns:
    """A run table, and what was done to get it.

    Attributes:
        table: The runs.
        mapping: Each of our columns, and the column of the file it is or how it was derived.
        dropped: What `where` removed, and why; nothing else is ever dropped.
        warnings: Suspected units, duplicates, contradictory rows.
        data_hash: SHA-256 of the normalised numbers, hexadecimal.
    """

    table: RunTable
    mapping: Mapping[str, str]
    dropped: list[str] = field(default_factory=list)
    warnings: tuple[str, ...] = ()
    data_hash: str = ""


def read(path: Path | str, *, where: str = "") -> ReadRuns:
    """Read finished runs from CSV or Parquet.

    Args:
        path: A `.csv`, `.csv.gz` or `.parquet` file, or `-` for CSV on standard input.
        where: Which rows to keep, such as `tokens >= 20B and router_type == 'Dense'`.

    Raises:
        InputError: If the file, a cell or the expression cannot be used.
    """
    raise NotImplementedError
