"""The optimum against the budget."""

from collections.abc import Callable, Sequence

import numpy as np

from autotune.curves.case import Case
from autotune.curves.optimum import OptimumCurve, optimum_curve
from autotune.planning.plan import Plan
from autotune.reporting import numbers
from autotune.reporting.chart import Axis, Cell, Chart, Panel, Scale, Table
from autotune.reporting.marks import Band, Line, Mark, Rule, Span
from autotune.reporting.words import loss_label, says, sure


def chart(case: Case) -> Chart:
    """Parameters, tokens and loss of the optimum over four decades of budget."""
    found = optimum_curve(case)
    tolerance = case.question.tolerance
    percent = f"{100 * case.plan.interval.level:g} % interval" if case.plan.interval else ""
    flat = f"loss within {100 * tolerance:g} % of the least"
    panels = (
        _panel(case, found, Axis(label="active parameters", scale=Scale.COUNT, log=True),
               ("n_active", flat, percent)),
        _panel(case, found, Axis(label="training tokens", scale=Scale.COUNT, log=True),
               ("tokens", flat, percent)),
        _panel(case, found, Axis(label=loss_label(case)), ("loss", "", percent)),
    )  # fmt: skip
    shaded = "" if found.fitted else " The source of the law states no range of budgets."
    return Chart(
        kind="optimum", subject=case.plan.law, title=f"Optimum against budget, {case.plan.law}",
        caption=f"The compute-optimal model of each budget; the budgets of the law's own runs are "
        f"shaded.{shaded} {sure(case)} {says(case)}",
        panels=panels, columns=3, table=_table(found.plans, case),
    )  # fmt: skip


def _panel(case: Case, found: OptimumCurve, y: Axis, what: tuple[str, str, str]) -> Panel:
    name, flat, percent = what
    plans = found.plans
    flops = np.array([plan.flops for plan in plans])
    value = np.array([getattr(plan, name) for plan in plans])
    marks: list[Mark] = []
    limits = (float(flops[0]), float(flops[-1])) if len(plans) > 1 else None
    if found.fitted and limits and found.fitted[0] < limits[1] and found.fitted[1] > limits[0]:
        inside = (max(limits[0], found.fitted[0]), min(limits[1], found.fitted[1]))
        marks.append(Span(name="fitted range", limits=inside))
    if flat:
        marks.append(_band(flat, flops, plans, ends=lambda plan: getattr(plan.band, name), style=5))
    sure = [plan for plan in plans if plan.interval is not None]
    if sure:
        at = np.array([plan.flops for plan in sure])
        marks.append(_band(percent, at, sure, ends=lambda plan: _limits(plan, name), style=4))
    marks.append(Line(name="optimum", x=flops, y=value, style=0))
    marks.append(Rule(name="the plan's budget", at=case.plan.flops))
    x = Axis(label="budget (FLOP)", scale=Scale.FLOPS, log=True, limits=limits)
    return Panel(x=x, y=y, marks=tuple(marks))


def _band(
    name: str, x: np.ndarray, plans: Sequence[Plan], *,
    ends: Callable[[Plan], tuple[float, float]], style: int,
) -> Band:  # fmt: skip
    low, high = np.array([ends(plan) for plan in plans], dtype=np.float64).T
    return Band(name=name, x=x, low=low, high=high, style=style)


def _limits(plan: Plan, name: str) -> tuple[float, float]:
    assert plan.interval is not None
    return plan.interval.optimum[name]


def _table(plans: Sequence[Plan], case: Case) -> Table:
    def count(value: float) -> str:
        return numbers.tick(value, Scale.COUNT, digits=4)

    rows: list[tuple[Cell, ...]] = [
        (
            numbers.flops(plan.flops), count(plan.n_active), count(plan.n_total),
            count(plan.tokens), f"{plan.loss:.5g}", _pair(plan, "n_active"),
            {True: "inside", False: "outside", None: "not stated"}[plan.in_range],
        )
        for plan in plans
    ]  # fmt: skip
    headers = (
        "budget", "active parameters", "all parameters", "tokens", loss_label(case),
        "interval of the active parameters", "fitted range",
    )  # fmt: skip
    return Table(headers=headers, rows=rows)


def _pair(plan: Plan, name: str) -> str | None:
    if plan.interval is None:
        return None
    return " .. ".join(numbers.tick(x, Scale.COUNT, digits=4) for x in _limits(plan, name))
