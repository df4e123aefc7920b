"""Which worker ran what and when, and how busy they were."""

import numpy as np

from autotune.history.workers import Utilisation, by_worker, started, utilisation
from autotune.quantities import format_seconds
from autotune.reporting.chart import Axis, Cell, Chart, Panel, Scale, Table
from autotune.reporting.marks import Boxes, Line, Mark
from autotune.reporting.numbers import time_unit
from autotune.reporting.palette import FAILED
from autotune.reporting.records import StudyRecord
from autotune.reporting.words import LISTED, counted
from autotune.trials import Completed, Outcome

MOST = 32
"""Workers whose trials are drawn, the first by name."""
BOXES = 1500
"""Trials that are drawn, the latest."""


def chart(study: StudyRecord) -> Chart:
    """A row for each worker, and the share of them that works."""
    outcomes = study.outcomes
    used = utilisation(outcomes)
    unit, size = time_unit(float(used.edges[-1]))
    workers = sorted(by_worker(outcomes).items())
    shown = workers[:MOST]
    names = tuple(f"{worker or 'worker'} of job {writer}" for (writer, worker), _ in shown)
    marks: list[Mark] = []
    for name, style, completed in (("completed", 0, True), ("failed", FAILED, False)):
        placed = [
            (row, o)
            for row, (_, mine) in enumerate(shown)
            for o in mine
            if isinstance(o, Completed) is completed
        ][-BOXES:]
        if placed:
            marks.append(_boxes(name, placed, first=used.start, size=size, style=style))
    end = float(used.edges[-1])
    time = Axis(label=f"time from the first start ({unit})", limits=(0.0, end / size))
    left = f" {len(workers) - MOST} more workers are not drawn." if len(workers) > MOST else ""
    rows = Axis(label="", scale=Scale.ROWS, ticks=names)
    return Chart(
        kind="workers", subject=study.name, title=f"{study.name}: workers",
        caption=f"{counted(used.n_workers, 'worker')} ran {counted(len(outcomes), 'trial')} in "
        f"{format_seconds(end)} and worked {used.mean:.1%} of that time, from "
        f"the first start to the last end.{left}",
        panels=(Panel(x=time, y=rows, marks=tuple(marks)), _busy(time, used, size)),
        table=Table(
            headers=("worker", "trials", "failed", "busy (s)", "busy (share)"),
            rows=[_row(name, mine, end)
                  for name, (_, mine) in zip(names, shown, strict=True)][:LISTED],
        ),
    )  # fmt: skip


def _boxes(
    name: str, placed: list[tuple[int, Outcome]], *, first: float, size: float, style: int
) -> Boxes:
    texts = tuple(
        f"trial {o.trial.id}: "
        + (f"{o.value:.6g}" if isinstance(o, Completed) else o.kind.value)
        + f", {format_seconds(o.timing.seconds)}"
        for _, o in placed
    )
    return Boxes(
        name=name,
        start=np.array([(started(o) - first) / size for _, o in placed]),
        end=np.array([(o.timing.finished_at - first) / size for _, o in placed]),
        y=np.array([row for row, _ in placed], dtype=np.float64), style=style, text=texts,
    )  # fmt: skip


def _busy(time: Axis, used: Utilisation, size: float) -> Panel:
    share = np.append(used.busy, used.busy[-1])
    line = Line(name="share of workers at work", x=used.edges / size, y=share, style=2, step=True)
    axis = Axis(label="workers at work", scale=Scale.PERCENT, limits=(0.0, 1.05))
    return Panel(x=time, y=axis, marks=(line,))


def _row(name: str, mine: list[Outcome], whole: float) -> tuple[Cell, ...]:
    busy = sum(o.timing.seconds for o in mine)
    failed = sum(not isinstance(o, Completed) for o in mine)
    return name, len(mine), failed, busy, f"{busy / whole:.1%}"
