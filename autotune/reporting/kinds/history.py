"""Objective by trial, and the best so far."""

import numpy as np

from autotune.history.best_so_far import Progression, progression
from autotune.reporting.chart import Axis, Chart, Panel, Table
from autotune.reporting.marks import Line, Mark, Points
from autotune.reporting.palette import FAILED
from autotune.reporting.records import StudyRecord
from autotune.reporting.thin import positions
from autotune.reporting.words import LISTED, counted, objective
from autotune.trials import Completed
from autotune.types import Floats

ROOM = 0.06
"""Share of the range of values below which failed trials are marked."""


def chart(study: StudyRecord) -> Chart:
    """Every trial's objective in the order they finished, failed ones below, and the best."""
    found = progression(study.outcomes, study.header.reaches_target)
    n = len(study.outcomes)
    marks = _points(study, found)
    if found.improvements:
        at = np.array([*found.improvements, n - 1])
        best = found.best[at]
        marks.append(Line(name="best so far", x=at + 1.0, y=best, style=None, step=True))
    label = objective(study)
    failed = n - len(study.completed)
    rest = f" {failed} of them failed and stand below the values." if failed else ""
    return Chart(
        kind="history", subject=study.name, title=f"{study.name}: search history",
        caption=f"{label[0].upper()}{label[1:]} of {counted(n, 'trial')} in the order they "
        f"finished; the line is the least so far.{rest}{positions(study)[1]}",
        panels=(Panel(x=Axis(label="trial, in order of finishing"), y=Axis(label=label),
                      marks=tuple(marks)),),
        table=_table(study, found.improvements),
    )  # fmt: skip


def _points(study: StudyRecord, found: Progression) -> list[Mark]:
    """The trials that count, those below a target, and those that failed."""
    kept = positions(study)[0]
    outcomes = [study.outcomes[i] for i in kept]
    value = np.array([o.value if isinstance(o, Completed) else np.nan for o in outcomes])
    failed, counts = np.isnan(value), ~np.isnan(found.value[kept])
    low, span = _range(value[~failed])
    height = np.where(failed, low - ROOM * span, value)
    texts = [
        f"trial {o.trial.id}: {f'{o.value:.6g}' if isinstance(o, Completed) else o.kind.value}"
        for o in outcomes
    ]
    marks: list[Mark] = []
    for name, rows, style in (
        ("completed", counts, 0),
        (f"completed, below the target of {study.header.fidelity}", ~failed & ~counts, 5),
        ("failed (no value)", failed, FAILED),
    ):
        if rows.any():
            x, text = np.array(kept)[rows] + 1.0, tuple(np.array(texts)[rows].tolist())
            marks.append(Points(name=name, x=x, y=height[rows], style=style, text=text))
    return marks


def _range(known: Floats) -> tuple[float, float]:
    """The least value and the span of all, which is never 0."""
    if not known.size:
        return 0.0, 1.0
    low, high = float(known.min()), float(known.max())
    return low, (high - low) or abs(low) or 1.0


def _table(study: StudyRecord, improvements: tuple[int, ...]) -> Table:
    rows = []
    for i in improvements:
        outcome = study.outcomes[i]
        assert isinstance(outcome, Completed)
        rows.append((i + 1, outcome.trial.id, outcome.value, outcome.timing.seconds))
    left = len(rows) - LISTED
    note = f"The first {left} improvements are left out." if left > 0 else ""
    note = note if rows else "No trial has completed."
    headers = ("position", "trial that became the best", objective(study), "seconds it took")
    return Table(headers=headers, rows=rows[-LISTED:], note=note)
