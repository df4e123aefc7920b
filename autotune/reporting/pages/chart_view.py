"""A chart as a template needs it: figures for scripts, a picture without, and its table."""

import re
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from autotune.reporting import catalogue, live, numbers, static
from autotune.reporting.chart import Chart, Table
from autotune.reporting.pages.table_view import TableView

Subject = TypeVar("Subject")
_PATH = re.compile(r' d="([^"]+)"')
_LONG = re.compile(r"\d+\.\d{2,}")


@dataclass(frozen=True, slots=True)
class ChartView:
    """A chart on a page.

    Attributes:
        id: Its anchor, of letters, digits and dashes.
        title: A few words.
        caption: A sentence or two.
        figures: `{data, layout}` for plotly, one for each panel.
        picture: A data URI of the whole chart, for pages that run no scripts.
        table: Its numbers.
    """

    id: str
    title: str
    caption: str
    figures: list[dict[str, Any]]
    picture: str
    table: TableView

    @property
    def n_traces(self) -> int:
        """How many traces scripts draw."""
        return sum(len(figure["data"]) for figure in self.figures)


@dataclass(frozen=True, slots=True)
class Charts:
    """The charts of a subject, and why others are missing."""

    drawn: tuple[ChartView, ...]
    missing: tuple[tuple[str, str], ...]


def charts(
    kinds: Mapping[str, Callable[[Subject], Chart]], subject: Subject, *, anchor: str
) -> Charts:
    """Every chart of a subject that can be drawn.

    Args:
        kinds: How each kind is made.
        subject: What of.
        anchor: What the ids begin with.
    """
    drawn, missing = [], []
    for made in catalogue.charts(kinds, subject):
        if isinstance(made, tuple):
            missing.append(made)
        else:
            drawn.append(view(made, f"{anchor}-{made.kind}"))
    return Charts(tuple(drawn), tuple(missing))


def view(chart: Chart, anchor: str) -> ChartView:
    """A chart with everything a page needs of it."""
    svg = static.render(chart, "svg", titled=False).decode()
    picture = b64encode(_PATH.sub(_shorter, svg).encode()).decode()
    return ChartView(
        id=anchor, title=chart.title, caption=chart.caption, figures=live.figures(chart),
        picture=f"data:image/svg+xml;base64,{picture}", table=table(chart.table),
    )  # fmt: skip


def table(made: Table) -> TableView:
    """A table with its cells written out."""
    rows = tuple(tuple(numbers.cell(cell) for cell in row) for row in made.rows)
    return TableView(made.headers, rows, made.note)


def _shorter(path: re.Match[str]) -> str:
    """A path with a tenth of a point left of its coordinates."""
    return f' d="{_LONG.sub(lambda number: f"{float(number[0]):.1f}", path[1])}"'
