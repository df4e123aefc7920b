"""Objective by trial, and the best so far."""

import numpy as np

from autotune.history.best_so_far import progression
from autotune.reporting.chart import Axis, Chart, Panel, Table
from autotune.reporting.marks import Line, Mark, Points
from autotune.reporting.palette import FAILED
from autotune.reporting.records import StudyRecord
from autotune.reporting.words import LISTED, counted, objective
from autotune.trials import Completed

ROOM = 0.06
"""Share of the range of values below which failed trials are marked."""


def chart(study: StudyRecord) -> Chart:
    """Every trial's objective in the order they finished, failed ones below, and the best."""
    outcomes = study.outcomes
    found = progression(outcomes, study.header.reaches_target)
    number = np.arange(1.0, len(outcomes) + 1)
    value = np.array([o.value if isinstance(o, Completed) else np.nan for o in outcomes])
    failed = np.isnan(value)
    at_target = ~np.isnan(found.value)
    texts = [f"trial {o.trial.id}: {v:.6g}" for o, v in zip(outcomes, value.tolist(), strict=True)]
    marks: list[Mark] = []
    for name, rows, style in (
        ("completed", at_target, 0),
        (f"completed, below the target of {study.header.fidelity}", ~failed & ~at_target, 5),
    ):
        if rows.any():
            text = tuple(t for t, there in zip(texts, rows, strict=True) if there)
            marks.append(Points(name=name, x=number[rows], y=value[rows], style=style, text=text))
    if failed.any():
        marks.append(_failed(study, number[failed], value))
    if at_target.any():
        name = "best so far"
        marks.append(Line(name=name, x=number, y=found.best, style=None, step=True))
    label = objective(study)
    n_failed = int(failed.sum())
    rest = f" {n_failed} of them failed and stand below the values." if n_failed else ""
    return Chart(
        kind="history", subject=study.name, title=f"{study.name}: search history",
        caption=f"{label[0].upper()}{label[1:]} of {counted(len(outcomes), 'trial')} in the order "
        f"they finished; the line is the least so far.{rest}",
        panels=(Panel(x=Axis(label="trial, in order of finishing"), y=Axis(label=label),
                      marks=tuple(marks)),),
        table=_table(study, found.improvements),
    )  # fmt: skip


def _failed(study: StudyRecord, number: np.ndarray, value: np.ndarray) -> Points:
    known = value[~np.isnan(value)]
    low, high = (known.min(), known.max()) if known.size else (0.0, 1.0)
    at = low - ROOM * ((high - low) or abs(low) or 1.0)
    text = tuple(
        f"trial {o.trial.id}: {o.kind.value}"
        for o in study.outcomes
        if not isinstance(o, Completed)
    )
    return Points(
        name="failed (no value)", x=number, y=np.full(number.size, at), style=FAILED, text=text
    )


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
