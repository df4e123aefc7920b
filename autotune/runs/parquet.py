"""Raw columns of a Parquet file, through pyarrow where it is installed."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autotune.errors import InputError
from autotune.runs.columns import Matcher, Numbers, RawColumns


def read_parquet(path: Path, matcher: Matcher, *, name: str) -> RawColumns:
    """Read a Parquet file.

    Args:
        path: The file.
        matcher: Finds our columns in a header, or refuses it.
        name: What to call the file in errors.

    Raises:
        InputError: If pyarrow is absent, or the file cannot be read, is empty or lacks a column.
    """
    try:
        import pyarrow as arrow
        import pyarrow.parquet as parquet
    except ImportError:
        raise InputError(
            f"{name}: reading Parquet needs pyarrow. Run: pip install 'autotune-llm[parquet]'"
        ) from None
    try:
        table = parquet.read_table(path)
    except (OSError, arrow.ArrowException) as error:
        why = str(error).splitlines()[0]
        raise InputError(f"cannot read {name}: {why}. Give a Parquet or CSV file.") from error
    ours = matcher(table.column_names)
    if not table.num_rows:
        raise InputError(f"{name} has no rows. Give one finished run per row.")
    values: dict[str, NDArray[Any]] = {}
    unreadable: dict[str, dict[int, str]] = {}
    for column in table.column_names:
        values[column] = _array(table[column])
        if column in ours.values() and values[column].dtype.kind != "f":
            numbers = Numbers()
            numbers.add(values[column].tolist())
            values[column] = numbers.array()
            unreadable[column] = numbers.unreadable
    rows = np.arange(1, table.num_rows + 1)
    return RawColumns(ours=ours, values=values, unreadable=unreadable, lines=rows, word="row")


def _array(column: Any) -> NDArray[Any]:  # noqa: ANN401 - pyarrow ships no types
    """Numbers and booleans as float64 with NaN for null, anything else as text."""
    import pyarrow as arrow

    kind = column.type
    if arrow.types.is_decimal(kind) or arrow.types.is_boolean(kind):
        column = column.cast(arrow.float64())
    elif not (arrow.types.is_integer(kind) or arrow.types.is_floating(kind)):
        return np.array(["" if cell is None else str(cell) for cell in column.to_pylist()])
    return np.asarray(column.to_numpy(), dtype=np.float64)
