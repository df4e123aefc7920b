"""How trials ended, over time."""

import numpy as np

from autotune.history.failures import COMPLETED, endings
from autotune.reporting.chart import Axis, Chart, Panel, Table
from autotune.reporting.marks import Bars, Mark
from autotune.reporting.numbers import time_unit
from autotune.reporting.records import StudyRecord
from autotune.reporting.words import counted


def chart(study: StudyRecord) -> Chart:
    """Stacked counts by kind of ending, in equal spans of time."""
    found = endings(study.outcomes)
    unit, size = time_unit(float(found.edges[-1]))
    x, width = found.edges[:-1] / size, float(found.edges[1]) / size
    base = np.zeros(x.shape)
    marks: list[Mark] = []
    for i, (kind, count) in enumerate(found.counts.items()):
        marks.append(Bars(name=kind, x=x, height=count, base=base, width=width, style=i))
        base = base + count
    n = len(study.outcomes)
    total = {kind: int(count.sum()) for kind, count in found.counts.items()}
    failed = n - total[COMPLETED]
    return Chart(
        kind="failures", subject=study.name, title=f"{study.name}: completed and failed",
        caption=f"{failed} of {counted(n, 'trial')} failed; bars count trials by when they ended.",
        panels=(Panel(
            x=Axis(label=f"time from the first start ({unit})"),
            y=Axis(label="trials that ended"), marks=tuple(marks),
        ),),
        table=Table(
            headers=("ending", "trials", "share"),
            rows=[(kind, count, f"{count / n:.1%}") for kind, count in total.items()],
        ),
    )  # fmt: skip
