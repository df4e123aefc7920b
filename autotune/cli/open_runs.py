"""A run-table argument of a command: a path, or the name of a public table."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from autotune.runs.read import ReadRuns


def open_runs(text: str, *, where: str = "", mixed_corpora: bool = False) -> "ReadRuns":
    """Read the runs that a command was given.

    Args:
        text: A path, `-` for standard input, or a name from `autotune data list`; a file of
            that name comes first.
        where: Which rows to keep.
        mixed_corpora: Whether those may be on different corpora.

    Raises:
        InputError: If there is no such file or name, or its rows cannot be used.
    """
    from autotune.runs import corpora
    from autotune.runs.read import read

    path = path_of(text)
    runs = read(path, where=where) if path == text else load(text, where=where)
    if not mixed_corpora:
        corpora.refuse_mixed(runs.table.columns.get(corpora.COLUMN), name=runs.table.name)
    return runs


def place_of(text: str) -> str:
    """Where the runs of an argument can be found again; empty for standard input."""
    return "" if text == "-" else str(Path(text).resolve()) if Path(text).exists() else text


def load(name: str, *, where: str = "") -> "ReadRuns":
    """Read a public table, fetching it when needed; messages call it by its name."""
    from autotune.datasets.fetch import fetch
    from autotune.datasets.registry import dataset
    from autotune.runs.read import read

    runs = read(fetch(dataset(name)).path, where=where)
    return replace(runs, table=replace(runs.table, name=name))


def path_of(text: str) -> str:
    """The path that stands for a run-table argument; a public table is fetched when needed.

    Raises:
        InputError: If there is no such file or name.
    """
    from autotune.datasets.fetch import fetch
    from autotune.datasets.registry import DATASETS
    from autotune.errors import InputError

    if text == "-" or Path(text).exists():
        return text
    if text in DATASETS:
        return str(fetch(DATASETS[text]).path)
    raise InputError(
        f"cannot read {text}: there is no such file, and no public table of that name. "
        f"Public tables: {', '.join(DATASETS)}."
    )
