"""A run-table argument of a command: a path, or the name of a public table."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from autotune.runs.read import ReadRuns


def open_runs(text: str, *, where: str = "") -> "ReadRuns":
    """Read the runs that a command was given.

    Args:
        text: A path, `-` for standard input, or a name from `autotune data list`.
        where: Which rows to keep.

    Raises:
        InputError: If there is no such file or name, or its rows cannot be used.
    """
    from autotune.runs.read import read

    return read(text, where=where)
