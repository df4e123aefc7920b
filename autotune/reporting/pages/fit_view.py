"""A fit on a page."""

from dataclasses import dataclass
from math import isfinite

from autotune.fitting.result import METHODS, FitResult
from autotune.reporting import catalogue
from autotune.reporting.pages.chart_view import Charts, charts
from autotune.reporting.pages.table_view import TableView
from autotune.reporting.records import FitWithRuns


@dataclass(frozen=True, slots=True)
class FitView:
    """A fit on a page.

    Attributes:
        id: The fit's name.
        anchor: Its anchor.
        facts: Labels and values.
        coefficients: Estimates and intervals.
        charts: What is drawn.
        weak: What the runs do not settle.
        warnings: Sentences to read.
    """

    id: str
    anchor: str
    facts: tuple[tuple[str, str], ...]
    coefficients: TableView
    charts: Charts
    weak: tuple[str, ...]
    warnings: tuple[str, ...]


def of(given: FitWithRuns, anchor: str) -> FitView:
    """A fit with its charts drawn."""
    fit, result = given.fit, given.fit.result
    return FitView(
        id=fit.id, anchor=anchor, facts=_facts(given), coefficients=_coefficients(result),
        charts=charts(catalogue.OF_FIT, given, anchor=anchor), weak=tuple(result.weak),
        warnings=tuple(result.warnings),
    )  # fmt: skip


def _facts(given: FitWithRuns) -> tuple[tuple[str, str], ...]:
    fit, result = given.fit, given.fit.result
    total, agreeing = result.starts
    return (
        ("form", f"{result.law.form}: {result.law.formula}"),
        ("status", result.status.value),
        ("runs", f"{result.n_runs} of {fit.data}"),
        ("data hash", fit.data_hash),
        ("rms log residual", f"{result.score.log_rmse:.3g}"),
        ("mean relative error", f"{result.score.mre:.3%}"),
        ("N is", f"{result.convention.n} parameters"),
        ("objective", _objective(result)),
        ("starts", f"{agreeing} of {total} agree"),
        ("seed", str(result.settings.seed)),
    )


def _objective(result: FitResult) -> str:
    power = result.settings.emphasis
    weighted = f", runs weighted by compute^{power:g}" if power else ""
    return result.settings.objective + weighted


def _coefficients(result: FitResult) -> TableView:
    rows = []
    for name, value in result.law.coefficients.items():
        low, high = result.interval.get(name, (None, None))
        method = METHODS.get(result.interval_methods.get(name, ""), "–")
        rows.append((name, f"{value:.6g}", _end(low), _end(high), method))
    level = f"{100 * result.settings.level:g} %"
    return TableView(
        ("coefficient", "estimate", f"low ({level})", f"high ({level})", "interval by"), tuple(rows)
    )


def _end(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:.4g}" if isfinite(value) else "no limit"
