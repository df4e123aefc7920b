"""A table in text, as a template needs it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TableView:
    """A table in text."""

    headers: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""
