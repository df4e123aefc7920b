"""A chart as data: panels of marks, a caption and a table; drawn by matplotlib and by plotly."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

from autotune.reporting.marks import Mark
from autotune.types import Interval

Cell: TypeAlias = str | int | float | None


class Scale(StrEnum):
    """How the numbers of an axis are written, and how they are spaced."""

    COUNT = "count"  # parameters, tokens: 350M, 1.8B
    FLOPS = "flops"  # SI prefixes up to quetta
    PLAIN = "plain"
    PERCENT = "percent"  # of 1
    ROWS = "rows"  # names in place of numbers, first one on top


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """One axis of a panel.

    Attributes:
        label: What is on it, with its unit.
        scale: How numbers are written.
        log: Whether equal steps are equal factors.
        ticks: Names at the positions 0, 1, ... in place of numbers; empty for numbers.
        limits: Where it begins and ends; None for what the marks need.
    """

    label: str
    scale: Scale = Scale.PLAIN
    log: bool = False
    ticks: tuple[str, ...] = ()
    limits: Interval | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """One coordinate system and what is drawn in it, back to front."""

    x: Axis
    y: Axis
    marks: tuple[Mark, ...]
    title: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """The numbers of a chart, for those who cannot or do not want to see it.

    Attributes:
        headers: Names of the columns, with units.
        rows: Cells in the order of the headers; None for nothing.
        note: What is left out, empty if nothing is.
    """

    headers: tuple[str, ...]
    rows: Sequence[Sequence[Cell]]
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A figure.

    Attributes:
        kind: What it shows, one of `catalogue.KINDS`.
        subject: The study, fit or plan that it is of.
        title: A few words.
        caption: A sentence or two that say what is seen, by which law and convention.
        panels: Its coordinate systems, in reading order.
        table: Its numbers.
        columns: How many panels stand side by side, where there is room.
    """

    kind: str
    subject: str
    title: str
    caption: str
    panels: tuple[Panel, ...]
    table: Table
    columns: int = field(default=1)

    @property
    def n_marks(self) -> int:
        """Marks in all panels."""
        return sum(len(panel.marks) for panel in self.panels)
