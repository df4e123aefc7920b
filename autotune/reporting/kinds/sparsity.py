"""Loss over sparsity, by what is held."""

import numpy as np

from autotune.curves.case import Case
from autotune.curves.sparsity import SparsityCurve, sparsity_curves
from autotune.planning.question import Hold
from autotune.reporting import numbers
from autotune.reporting.chart import Axis, Cell, Chart, Panel, Scale, Table
from autotune.reporting.marks import Line, Mark, Points
from autotune.reporting.words import loss_label, says


def chart(case: Case) -> Chart:
    """One curve for each choice of what is held, with its optimum.

    Raises:
        InputError: If the law does not read sparsity.
    """
    found = sparsity_curves(case)
    marks: list[Mark] = []
    for i, curve in enumerate(found):
        held = _held(curve.hold, case)
        marks.append(Line(name=held, x=curve.sparsity, y=curve.loss, style=i))
        at = curve.best
        x, y = curve.sparsity[at : at + 1], curve.loss[at : at + 1]
        text = (f"least, {held}: {y[0]:.5g}",)
        marks.append(Points(name="", x=x, y=y, style=i, text=text, large=True))
    return Chart(
        kind="sparsity", subject=case.plan.law, title=f"Best sparsity, {case.plan.law}",
        caption=f"Loss over sparsity at {numbers.flops(case.plan.flops)}; what is held decides "
        f"which sparsity is best, marked on each curve. {says(case)}",
        panels=(Panel(x=Axis(label="sparsity (1 − active/total)"), y=Axis(label=loss_label(case)),
                      marks=tuple(marks)),),
        table=Table(
            headers=("held", "best sparsity", "loss there", "active parameters", "all parameters",
                     "tokens"),
            rows=[_row(curve, case) for curve in found],
            note="A best sparsity of 0.99 is the end of the range that is drawn.",
        ),
    )  # fmt: skip


def _held(hold: Hold, case: Case) -> str:
    plan = case.plan
    return {
        Hold.TOKENS: f"held: {_count(plan.n_active)} active, {_count(plan.tokens)} tokens",
        Hold.TOTAL: f"held: {_count(plan.n_total)} parameters in all",
        Hold.NOTHING: "held: nothing, N and D best at each sparsity",
        Hold.SPARSITY: "held: sparsity",
    }[hold]


def _row(curve: SparsityCurve, case: Case) -> tuple[Cell, ...]:
    i = curve.best
    s, size = float(curve.sparsity[i]), float(curve.n_active[i])
    return (
        _held(curve.hold, case).removeprefix("held: "), f"{s:.4g}", f"{curve.loss[i]:.5g}",
        _count(size), _count(size / (1 - s)), _count(float(np.asarray(curve.tokens)[i])),
    )  # fmt: skip


def _count(value: float) -> str:
    return numbers.tick(value, Scale.COUNT, digits=4)
