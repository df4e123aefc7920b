"""Plans on a page: what each law says, and what lies around it."""

from collections.abc import Sequence
from dataclasses import dataclass

from autotune.curves.case import Case
from autotune.planning.plan import Plan
from autotune.reporting import catalogue, numbers
from autotune.reporting.chart import Scale
from autotune.reporting.pages.chart_view import Charts, charts
from autotune.reporting.pages.table_view import TableView
from autotune.reporting.words import budget
from autotune.types import Interval

HEADERS = (
    "law", "budget", "active parameters", "all parameters", "sparsity", "tokens",
    "tokens per parameter", "loss", "interval of the loss", "fitted range",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class PlanView:
    """One law's plan on a page.

    Attributes:
        law: Name of the law.
        anchor: Its anchor.
        budget: What was to be spent.
        convention: What the FLOPs count.
        band: The near-optimal set.
        charts: What is drawn.
        warnings: Sentences to read.
    """

    law: str
    anchor: str
    budget: str
    convention: str
    band: TableView
    charts: Charts
    warnings: tuple[str, ...]


def of(case: Case, anchor: str) -> PlanView:
    """A plan with its charts drawn."""
    plan = case.plan
    return PlanView(
        law=plan.law, anchor=anchor, budget=budget(case), convention=plan.flop_convention,
        band=_band(plan), charts=charts(catalogue.OF_PLAN, case, anchor=anchor),
        warnings=tuple(plan.warnings),
    )  # fmt: skip


def optima(cases: Sequence[Case]) -> TableView:
    """One row for each plan."""
    return TableView(HEADERS, tuple(_row(case.plan) for case in cases))


def _row(plan: Plan) -> tuple[str, ...]:
    inside = {True: "inside", False: "outside", None: "not stated"}[plan.in_range]
    sure = "–" if plan.interval is None else _span(plan.interval.optimum["loss"], digits=5)
    return (
        plan.law, numbers.flops(plan.flops), _count(plan.n_active), _count(plan.n_total),
        f"{plan.sparsity:.4g}", _count(plan.tokens), f"{plan.tokens_per_param:.4g}",
        f"{plan.loss:.5g}", sure, inside,
    )  # fmt: skip


def _band(plan: Plan) -> TableView:
    band, interval = plan.band, plan.interval
    optimum = {"n_active": plan.n_active, "tokens": plan.tokens, "sparsity": plan.sparsity}
    rows = []
    for name, label in (("n_active", "active parameters"), ("tokens", "tokens"),
                        ("sparsity", "sparsity")):  # fmt: skip
        write = _share if name == "sparsity" else _count
        ends = [write(end) for end in getattr(band, name)]
        sure = "–"
        if interval is not None:
            sure = " .. ".join(write(end) for end in interval.optimum[name])
        rows.append((label, write(optimum[name]), " .. ".join(ends), sure))
    level = (
        "interval of the optimum" if interval is None else f"{100 * interval.level:g} % interval"
    )
    near = f"loss within {100 * band.tolerance:g} % of the least"
    return TableView(("", "optimum", near, level), tuple(rows))


def _count(value: float) -> str:
    return numbers.tick(value, Scale.COUNT, digits=4)


def _share(value: float) -> str:
    return f"{value:.4g}"


def _span(ends: Interval, *, digits: int) -> str:
    return " .. ".join(f"{end:.{digits}g}" for end in ends)
