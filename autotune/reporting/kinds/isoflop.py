"""IsoFLOP curves of a plan's law."""

import numpy as np

from autotune.curves.case import Case
from autotune.curves.isoflop import IsoFlop, isoflops
from autotune.reporting import numbers
from autotune.reporting.chart import Axis, Cell, Chart, Panel, Scale, Table
from autotune.reporting.marks import Band, Line, Mark, Points
from autotune.reporting.words import loss_label, says, sure

FACTORS = (0.1, 1.0, 10.0)
"""Budgets that are drawn, over the plan's."""


def chart(case: Case) -> Chart:
    """Loss over size at a tenth of the budget, the budget, and ten times it."""
    found = isoflops(case, [factor * case.plan.flops for factor in FACTORS])
    marks: list[Mark] = []
    for i, curve in enumerate(found):
        if curve.limits is not None:
            low, high = curve.limits
            marks.append(Band(name="", x=curve.n_active, low=low, high=high, style=i))
        name = numbers.flops(curve.flops)
        marks.append(Line(name=name, x=curve.n_active, y=curve.loss, style=i))
    whole = [(c.whole.n_active, c.whole.loss) for c in found if c.whole]
    if whole:
        marks.append(_points("best model of whole numbers", whole, style=4, large=True))
    best = [(c.plan.n_active, c.plan.loss) for c in found]
    marks.append(_points("optimum", best, style=None, large=False))
    made = (
        "Diamonds are models of whole numbers of layers, widths and experts, at the "
        "sparsity that the table gives. "
        if whole
        else "The law gives no model of whole numbers for these budgets. "
    )
    return Chart(
        kind="isoflop", subject=case.plan.law, title=f"IsoFLOP curves, {case.plan.law}",
        caption="Each curve spends one budget exactly, on fewer parameters and more tokens to the "
        f"left. {made}{sure(case)} {says(case)}",
        panels=(Panel(
            x=Axis(label="active parameters", scale=Scale.COUNT, log=True),
            y=Axis(label=loss_label(case)), marks=tuple(marks),
        ),),
        table=Table(
            headers=("budget", "optimum, active parameters", "tokens", loss_label(case),
                     "model of whole numbers", "its active parameters", "its sparsity", "its loss"),
            rows=[_row(curve) for curve in found],
        ),
    )  # fmt: skip


def _points(
    name: str, places: list[tuple[float, float]], *, style: int | None, large: bool
) -> Points:
    x, y = np.array(places, dtype=np.float64).T
    text = tuple(
        f"{name}: {numbers.tick(n, Scale.COUNT, digits=4)}, {loss:.5g}" for n, loss in places
    )
    return Points(name=name, x=x, y=y, style=style, text=text, large=large)


def _row(curve: IsoFlop) -> tuple[Cell, ...]:
    plan, whole = curve.plan, curve.whole
    own: tuple[Cell, ...] = (None, None, None, None)
    if whole is not None:
        own = (whole.text, _count(whole.n_active), f"{whole.sparsity:.4g}", f"{whole.loss:.5g}")
    return (
        numbers.flops(curve.flops), _count(plan.n_active), _count(plan.tokens), f"{plan.loss:.5g}",
        *own,
    )  # fmt: skip


def _count(value: float) -> str:
    return numbers.tick(value, Scale.COUNT, digits=4)
