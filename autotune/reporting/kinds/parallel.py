"""Parallel coordinates: every parameter of a trial and its objective, joined by a line."""

import numpy as np

from autotune.errors import InputError
from autotune.history.parameters import Column, columns
from autotune.quantities import format_count
from autotune.reporting.chart import Axis, Cell, Chart, Panel, Table
from autotune.reporting.marks import Line
from autotune.reporting.records import StudyRecord
from autotune.reporting.thin import thinned
from autotune.reporting.words import objective
from autotune.trials import Completed
from autotune.types import Floats

MOST = 9
LINES = 400
CLASSES = ((0.0, 0.1, "best tenth", 1), (0.1, 0.5, "rest of the better half", 5),
           (0.5, 1.0, "worse half", 3))  # fmt: skip


def chart(study: StudyRecord) -> Chart:
    """Completed trials in three classes by objective; the best are drawn last.

    Raises:
        InputError: If no trial has completed.
    """
    outcomes, left_out = thinned(study, LINES)
    done = [o for o in outcomes if isinstance(o, Completed)]
    if not done:
        raise InputError(f"no trial of {study.name} has completed. Run more trials.")
    found = [c for c in columns(done, study.header.space) if c.varies][:MOST]
    value = np.array([o.value for o in done], dtype=np.float64)
    axes = [*found, Column("objective", value)]
    height = np.stack([_height(column) for column in axes], axis=1)
    rank = np.argsort(np.argsort(value, kind="stable")) / max(1, len(value))
    marks = []
    for low, high, name, style in reversed(CLASSES):
        rows = height[(rank >= low) & (rank < high)]
        if rows.size:
            marks.append(_lines(name, rows, style, faint=low > 0))
    ticks = tuple(column.name for column in axes)
    return Chart(
        kind="parallel", subject=study.name, title=f"{study.name}: parallel coordinates",
        caption="Each line is a completed trial; every axis runs from its least value at the foot "
        f"to its largest at the top, as the table gives them; the last is the {objective(study)}."
        f"{left_out}",
        panels=(Panel(x=Axis(label="", ticks=ticks, limits=(-0.2, len(axes) - 0.8)),
                      y=Axis(label="share of the range tried"), marks=tuple(marks)),),
        table=Table(headers=("axis", "foot", "top"), rows=[_ends(column) for column in axes]),
    )  # fmt: skip


def _lines(name: str, rows: Floats, style: int, *, faint: bool) -> Line:
    n, width = rows.shape
    x = np.tile(np.append(np.arange(width, dtype=np.float64), np.nan), n)
    y = np.concatenate([rows, np.full((n, 1), np.nan)], axis=1).ravel()
    return Line(name=name, x=x, y=y, style=style, faint=faint)


def _height(column: Column) -> Floats:
    values = np.log(column.values) if column.log else column.values
    low, high = np.nanmin(values), np.nanmax(values)
    return np.asarray((values - low) / ((high - low) or 1.0))


def _ends(column: Column) -> tuple[Cell, ...]:
    if column.choices:
        return column.name, column.choices[0], column.choices[-1]
    low, high = float(np.nanmin(column.values)), float(np.nanmax(column.values))
    return column.name, format_count(low), format_count(high)
