"""Loss contours around a plan."""

import numpy as np

from autotune.curves import surface
from autotune.curves.case import Case
from autotune.curves.surface import LossSurface
from autotune.reporting import numbers
from autotune.reporting.chart import Axis, Cell, Chart, Panel, Scale, Table
from autotune.reporting.marks import Contours, Line, Points
from autotune.reporting.words import loss_label, says

SHOWN = 7
"""Rows and columns of the table."""


def over_tokens(case: Case) -> Chart:
    """Loss over active parameters and tokens."""
    plan = case.plan
    y = Axis(label="training tokens", scale=Scale.COUNT, log=True)
    return _chart(
        case, surface.over_tokens(case), y, kind="loss-nd", best=plan.tokens,
        caption=f"Loss over size and tokens at sparsity {plan.sparsity:.4g}. Models on the line "
        f"spend {numbers.flops(plan.flops)}; the point is the plan. {says(case)}",
    )  # fmt: skip


def over_sparsity(case: Case) -> Chart:
    """Loss over active parameters and sparsity.

    Raises:
        InputError: If the law does not read sparsity.
    """
    plan = case.plan
    y = Axis(label="sparsity (1 − active/total)")
    return _chart(
        case, surface.over_sparsity(case), y, kind="loss-ns", best=plan.sparsity,
        caption="Loss over size and sparsity at the plan's "
        f"{numbers.tick(plan.tokens, Scale.COUNT, digits=4)} tokens. Models on the line spend "
        f"{numbers.flops(plan.flops)}, those to the right more; the point is the plan. "
        f"{says(case)}",
    )  # fmt: skip


def _chart(
    case: Case, found: LossSurface, y: Axis, *, kind: str, best: float, caption: str
) -> Chart:
    plan = case.plan
    marks = (
        Contours(name=loss_label(case), x=found.x, y=found.y, z=found.loss),
        Line(name=f"spends {numbers.flops(plan.flops)}", x=found.line[0], y=found.line[1], style=1,
             outlined=True),
        Points(name="plan", x=np.array([plan.n_active]), y=np.array([best]), style=4, large=True),
    )  # fmt: skip
    what = "tokens" if kind == "loss-nd" else "sparsity"
    return Chart(
        kind=kind, subject=plan.law, title=f"Loss over size and {what}, {plan.law}",
        caption=caption,
        panels=(Panel(x=Axis(label="active parameters", scale=Scale.COUNT, log=True),
                      y=y, marks=marks),),
        table=_table(found, y),
    )  # fmt: skip


def _table(found: LossSurface, y: Axis) -> Table:
    """Every few rows and columns of the grid."""
    columns = np.linspace(0, found.x.size - 1, SHOWN).round().astype(int)
    rows = np.linspace(0, found.y.size - 1, SHOWN).round().astype(int)
    head = (f"{y.label} \\ active parameters",
            *(numbers.tick(found.x[j], Scale.COUNT, digits=3) for j in columns))  # fmt: skip
    body: list[tuple[Cell, ...]] = [
        (numbers.tick(found.y[i], y.scale, digits=4), *(f"{found.loss[i, j]:.4g}" for j in columns))
        for i in rows
    ]
    return Table(headers=head, rows=body, note="Every few rows and columns of the grid.")
