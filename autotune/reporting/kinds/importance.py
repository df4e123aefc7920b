"""How much each parameter matters."""

import numpy as np

from autotune.errors import InputError
from autotune.history.importance import FEWEST, Importance, importance
from autotune.history.parameters import columns
from autotune.reporting.chart import Axis, Chart, Panel, Scale, Table
from autotune.reporting.marks import Points, Rule
from autotune.reporting.records import StudyRecord
from autotune.reporting.words import counted


def chart(study: StudyRecord) -> Chart:
    """Permutation importance with its range over folds.

    Raises:
        InputError: If too few trials have completed.
    """
    done = study.at_target
    values = np.array([o.value for o in done], dtype=np.float64)
    found = importance(columns(done, study.header.space), values)
    if found is None:
        raise InputError(
            f"{study.name} has {len(done)} completed trials, and importance needs {FEWEST} and a "
            "parameter that varies. Run more trials."
        )
    return _draw(study, found)


def _draw(study: StudyRecord, found: Importance) -> Chart:
    rows = np.arange(len(found.names), dtype=np.float64)
    points = Points(
        name="mean and range over five folds", x=found.share, y=rows, low=found.low,
        high=found.high, large=True,
    )  # fmt: skip
    return Chart(
        kind="importance", subject=study.name, title=f"{study.name}: what matters",
        caption="How far the R² of a forest falls on trials it has not seen when the parameter is "
        f"shuffled. On the ranks of {counted(found.n_trials, 'trial')} the forest's R² is "
        f"{found.r2:.2f}" + ("." if found.r2 > 0.2 else ": too little to tell parameters apart."),
        panels=(Panel(x=Axis(label="fall of R²"),
                      y=Axis(label="", scale=Scale.ROWS, ticks=found.names),
                      marks=(Rule(name="", at=0.0), points)),),
        table=Table(
            headers=("parameter", "fall of R²", "least over folds", "most over folds"),
            rows=list(zip(found.names, found.share.tolist(), found.low.tolist(),
                          found.high.tolist(), strict=True)),
        ),
    )  # fmt: skip
