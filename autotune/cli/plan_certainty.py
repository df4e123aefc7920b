"""How the certainty of plans reads: intervals from a fit, or why there is none."""

from collections.abc import Iterator, Sequence
from typing import Any

from autotune.cli import console
from autotune.cli.law_names import NamedLaw
from autotune.planning.interval import PlanInterval
from autotune.planning.plan import Plan
from autotune.quantities import format_count
from autotune.types import Interval


def document(named: NamedLaw) -> dict[str, Any]:
    """What a law's source says of its certainty, for the JSON of its plan."""
    return {"standard_errors": dict(named.law.source.standard_errors)}


def text(plans: Sequence[Plan]) -> str:
    """One table for each plan that has an interval; empty if none has."""
    return "\n\n".join(
        f"{plan.law}: {100 * plan.interval.level:g} % intervals, from the plans of "
        f"{_made_of(plan.interval)} of the fit:\n{_table(plan.interval)}"
        for plan in plans
        if plan.interval is not None
    )


def _made_of(found: PlanInterval) -> str:
    ends = f" and {found.ends} ends of profiles" if found.ends else ""
    return f"{found.draws - found.without_plan} {found.method} draws{ends}"


def notes(plan: Plan, named: NamedLaw) -> Iterator[str]:
    """What a user must know of the certainty of a plan, besides the interval."""
    if named.fit is None:
        yield _published(named)
        return
    result, found = named.fit.result, plan.interval
    if not result.converged:
        yield f"The fit has a caveat: {result.status.value}."
    for sentence in result.weak:
        yield f"The fit does not settle everything: {sentence}"
    if not len(result.draws):
        yield "No interval: this fit was saved without draws. Fit it again with --bootstrap."
    elif found is None:
        yield "No interval: most draws of this fit have no optimum here. The runs say too little."
    elif found.without_plan:
        yield (
            f"{found.without_plan} of {found.draws} draws of this fit have no optimum here, and "
            "the intervals leave them out: they are too narrow."
        )


def _published(named: NamedLaw) -> str:
    errors = named.law.source.standard_errors
    if not errors:
        return "No interval: the source publishes no uncertainty."
    values = named.law.coefficients
    stated = ", ".join(f"{name} {values[name]:g} ± {error:g}" for name, error in errors.items())
    return (
        f"No interval: the source publishes standard errors ({stated}), but not their "
        "correlations, and the optimum depends on those."
    )


def _table(found: PlanInterval) -> str:
    return console.table(
        ("", "N active", "N total", "sparsity", "tokens", "loss", "FLOPs"), _rows(found)
    )


def _rows(found: PlanInterval) -> Iterator[tuple[str, ...]]:
    best = found.optimum
    yield (
        "optimum",
        _counts(best["n_active"]),
        _counts(best["n_total"]),
        _numbers(best["sparsity"], 4),
        _counts(best["tokens"]),
        _numbers(best["loss"], 5),
        _numbers(best["flops"], 4),
    )
    band = found.band
    for end, label in ((0, "band, low end"), (1, "band, high end")):
        yield (
            label,
            _counts(band["n_active"][end]),
            "",
            _numbers(band["sparsity"][end], 4),
            _counts(band["tokens"][end]),
            "",
            "",
        )


def _counts(limits: Interval) -> str:
    return span(format_count(limits[0]), format_count(limits[1]))


def _numbers(limits: Interval, digits: int) -> str:
    return span(f"{limits[0]:.{digits}g}", f"{limits[1]:.{digits}g}")


def span(low: str, high: str) -> str:
    """A range in words, one number if it has no width."""
    return low if low == high else f"{low} .. {high}"
