"""Columns of a run table out of CSV text; every bad cell is counted and the first is shown."""

import csv
import io
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from autotune import checks
from autotune.errors import InputError
from autotune.laws.factors import FACTORS
from autotune.quantities import parse_count
from autotune.types import Floats


@dataclass(frozen=True, slots=True)
class RunColumns:
    """The columns that were asked for and found, and the file's line of each row."""

    values: dict[str, Floats]
    lines: list[int]
    header: list[str]


def read(text: str, wanted: Collection[str], *, name: str) -> RunColumns:
    """Read the wanted columns of a CSV; others are left alone, absent ones are left out.

    Args:
        text: The file's text, with a header row.
        wanted: Names of columns: counts such as 7e9 or 7B, and shares in [0, 1).
        name: The file's name, for errors.

    Raises:
        InputError: If there is no row, a column comes twice, or a cell cannot be used.
    """
    rows = csv.reader(io.StringIO(text.removeprefix("\ufeff")))
    header = [cell.strip() for cell in next(rows, [])]
    body = [(rows.line_num, row) for row in rows if any(cell.strip() for cell in row)]
    if not body:
        raise InputError(f"{name} has no rows below its header. Give one finished run per row.")
    twice = sorted({column for column in header if header.count(column) > 1})
    if twice:
        raise InputError(f"{name} has the column {twice[0]!r} twice. Rename or drop one.")
    columns = [column for column in header if column in wanted]
    bad: list[str] = []
    values = {column: np.empty(len(body)) for column in columns}
    for i, (line, row) in enumerate(body):
        if len(row) != len(header):
            bad.append(f"row {line} has {len(row)} cells, the header {len(header)}")
            continue
        for column in columns:
            cell = row[header.index(column)]
            try:
                values[column][i] = value_of(column, cell)
            except InputError as error:
                bad.append(f"row {line}, column {column}, value {cell!r}: {error}")
    if bad:
        raise InputError(
            f"{name}: {len(bad)} cells cannot be used, in {len(body)} rows (first: {bad[0]}) "
            "Mend them, or drop those rows; a header is row 1."
        )
    return RunColumns(values, [line for line, _ in body], header)


def value_of(name: str, text: str) -> float:
    """Read one input of a law as people write it, and check its domain.

    Raises:
        InputError: If it is not a number, or not one that this input may take.
    """
    value = parse_count(text)
    if name in FACTORS:
        FACTORS[name].check(name, value)
    elif name == "sparsity":
        checks.fraction(name, value, hint="It is 1 - n_active/n_total.")
    else:
        checks.positive(name, value, hint="Write counts as 7e9 or 7B.")
    return value
