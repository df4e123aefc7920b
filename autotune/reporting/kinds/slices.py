"""Objective against each parameter."""

import numpy as np

from autotune.errors import InputError
from autotune.history.parameters import Column, columns
from autotune.reporting.chart import Axis, Cell, Chart, Panel, Scale, Table
from autotune.reporting.marks import Mark, Points
from autotune.reporting.palette import FAILED
from autotune.reporting.records import StudyRecord
from autotune.reporting.thin import thinned
from autotune.reporting.words import objective, with_unit
from autotune.trials import Completed

MOST = 9
"""Parameters that are drawn, the first."""


def chart(study: StudyRecord) -> Chart:
    """One panel for each parameter; failed trials stand at the foot.

    Raises:
        InputError: If no parameter varies.
    """
    outcomes, left_out = thinned(study)
    found = columns(outcomes, study.header.space)
    if not found:
        raise InputError(f"no parameter of {study.name} has two values yet. Run more trials.")
    value = np.array([o.value if isinstance(o, Completed) else np.nan for o in outcomes])
    label = objective(study)
    panels = tuple(_panel(study, column, value) for column in found[:MOST])
    more = f" The first {MOST} of {len(found)} parameters." if len(found) > MOST else ""
    return Chart(
        kind="slices", subject=study.name, title=f"{study.name}: {label} by parameter",
        caption=f"Each point is a trial; crosses at the foot are failed ones.{more}{left_out} "
        "Parameters vary together, so a slope here may be another parameter's doing.",
        panels=panels, columns=min(3, len(panels)), table=_table(found, value),
    )  # fmt: skip


def _panel(study: StudyRecord, column: Column, value: np.ndarray) -> Panel:
    there = ~np.isnan(column.values)
    done, failed = there & ~np.isnan(value), there & np.isnan(value)
    marks: list[Mark] = [
        Points(name="completed", x=column.values[done], y=value[done], style=0),
    ]
    if failed.any():
        low, high = (value[done].min(), value[done].max()) if done.any() else (0.0, 1.0)
        foot = np.full(int(failed.sum()), low - 0.06 * ((high - low) or 1.0))
        marks.append(Points(name="failed", x=column.values[failed], y=foot, style=FAILED))
    return Panel(x=axis_of(study, column), y=Axis(label=objective(study)), marks=tuple(marks))


def axis_of(study: StudyRecord, column: Column) -> Axis:
    """The axis of a parameter."""
    if column.choices:
        return Axis(label=column.name, ticks=column.choices)
    unit = study.header.units.get(column.name, "")
    known = column.values[~np.isnan(column.values)]
    large = unit in ("parameters", "tokens") or float(np.abs(known).max()) >= 1e4
    scale = Scale.FLOPS if unit == "FLOPs" else Scale.COUNT if large else Scale.PLAIN
    return Axis(label=with_unit(column.name, study), scale=scale, log=column.log)


def _table(found: list[Column], value: np.ndarray) -> Table:
    """The middle of the best tenth beside the range that was tried."""
    done = np.flatnonzero(~np.isnan(value))
    best = done[np.argsort(value[done], kind="stable")[: max(1, len(done) // 10)]]
    rows = [_row(column, best) for column in found]
    headers = ("parameter", "least tried", "largest tried", "median of the best tenth")
    return Table(headers=headers, rows=rows)


def _row(column: Column, best: np.ndarray) -> tuple[Cell, ...]:
    known = column.values[~np.isnan(column.values)]
    mine = column.values[best]
    mine = mine[~np.isnan(mine)]
    if column.choices:
        often = column.choices[int(np.bincount(mine.astype(int)).argmax())] if mine.size else None
        return column.name, f"{len(column.choices)} choices", None, often
    middle = float(np.median(mine)) if mine.size else None
    return column.name, float(known.min()), float(known.max()), middle
