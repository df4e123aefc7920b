"""How a fitted split of compute reads: its points, its power laws, and a document for programs."""

from collections.abc import Iterator
from textwrap import fill
from typing import Any

import numpy as np

from autotune.cli import console
from autotune.cli.allocation_fit import FittedAllocation
from autotune.fitting.allocation import AllocationFit, AllocationPoint, Predicted
from autotune.fitting.grid_bias import GridBias
from autotune.quantities import format_count
from autotune.types import Interval

WIDTH = 100
MOST_ROWS = 30


def document(fitted: FittedAllocation) -> dict[str, Any]:
    """The fit as one JSON document."""
    result, runs = fitted.result, fitted.runs
    return {
        "method": result.method,
        "how": result.how,
        "n": result.settings.n,
        "tolerance": result.settings.tolerance if result.method == "isoflop" else None,
        "n_runs": result.n_runs,
        "dropped": list(runs.dropped),
        "points": [_point(point) for point in result.points],
        "coefficients": result.coefficients,
        "interval": {name: list(ends) for name, ends in result.interval.items()},
        "level": result.settings.level,
        "interval_method": result.interval_method,
        "predicted": _predicted(result.ahead),
        "grid_bias": _bias(result.bias),
        "data_hash": runs.data_hash,
        "caveats": list(result.caveats),
        "warnings": list(fitted.warnings),
    }


def text(fitted: FittedAllocation) -> str:
    """The fit's own case: its points, its power laws, what it would do ten times further."""
    result = fitted.result
    said = [
        fill(each, WIDTH, initial_indent="* ", subsequent_indent="  ") for each in fitted.warnings
    ]
    parts = [
        _head(result),
        _points(result),
        _laws(result),
        _ahead(result),
        "\n".join(["Worth knowing:", *said]) if said else "",
    ]
    return "\n\n".join(part for part in parts if part)


def _point(point: AllocationPoint) -> dict[str, Any]:
    return {
        "flops": point.flops,
        "n": point.size,
        "tokens": point.tokens,
        "loss": point.loss,
        "n_runs": point.n_runs,
        "sampled": list(point.sampled),
        "offset": point.offset,
        "run": point.label or None,
        "flag": point.flag or None,
    }


def _predicted(ahead: Predicted) -> dict[str, Any]:
    names = {"size": "n", "tokens": "tokens"}
    return {
        "flops": ahead.flops,
        "n": ahead.size,
        "tokens": ahead.tokens,
        "interval": {names[name]: list(ends) for name, ends in ahead.interval.items()},
    }


def _bias(bias: GridBias | None) -> dict[str, Any] | None:
    if bias is None:
        return None
    return {
        "law": bias.law.coefficients,
        "vertex_over_optimum": list(bias.vertex),
        "inside": list(bias.inside),
        "exponent": bias.exponent,
        "true_exponent": bias.true_exponent,
        "predicted_over_optimum": bias.ahead,
    }


def _head(result: AllocationFit) -> str:
    used, points = len(result.used), len(result.points)
    what = "budgets" if result.method == "isoflop" else "points"
    lines = [
        f"{result.method}: {result.n_runs} runs, {used} of {points} {what} in use",
        f"  {result.how}",
        f"  N is {result.settings.n} parameters",
    ]
    if result.method == "isoflop":
        lines[-1] += f"; runs within {result.settings.tolerance:g} of a compute are one budget"
    lines.append(
        "  off-centre: of the middle of the sampled sizes, in widths; beyond 0.5 is outside"
    )
    if result.bias:
        lines.append(
            "  grid bias: the same vertex on the noise-free law of Hoffmann's form that fits"
        )
        lines.append("    these runs, over the optimum of that law")
    return "\n".join(lines)


def _points(result: AllocationFit) -> str:
    """The table of points; of many, the first and the last."""
    isoflop = result.method == "isoflop"
    ratios = result.bias.vertex if result.bias else [np.nan] * len(result.points)
    rows = [
        (
            f"{point.flops:.3g}",
            str(point.n_runs) if isoflop else point.label,
            f"{_count(point.sampled[0])} .. {_count(point.sampled[1])}",
            _count(point.size),
            _count(point.tokens),
            _number(point.loss, ".4f"),
            _number(point.offset, "+z.2f"),
            *([_number(ratio, ".3f")] if isoflop else []),
            point.flag,
        )
        for point, ratio in zip(result.points, ratios, strict=isoflop)
    ]
    if len(rows) > MOST_ROWS:
        half = MOST_ROWS // 2
        gap = ("...", *[""] * (len(rows[0]) - 1))
        rows = [*rows[:half], gap, *rows[-half:]]
    names = ("FLOPs", "runs" if isoflop else "run", "N sampled", "best N", "tokens", "loss",
             "off-centre", *(["grid bias"] if isoflop else []), "left out")  # fmt: skip
    return console.table(names, rows, left=(len(names) - 1,))


def _laws(result: AllocationFit) -> str:
    percent = f"{100 * result.settings.level:g} %"
    made = f"{percent} {result.interval_method}" if result.interval else "no interval"
    rows = [
        (name, f"{value:.4g}", _limits(result.interval.get(name)))
        for name, value in result.coefficients.items()
    ]
    table = console.table(("", "estimate", made), rows, left=(0, 2))
    return f"N = k_N C^a and D = k_D C^b through the {len(result.used)} in use:\n{table}"


def _limits(ends: Interval | None) -> str:
    return "-" if ends is None else f"[{ends[0]:.4g}, {ends[1]:.4g}]"


def _ahead(result: AllocationFit) -> str:
    return fill(" ".join(_sentences(result)), WIDTH)


def _sentences(result: AllocationFit) -> Iterator[str]:
    ahead = result.ahead
    yield f"At {ahead.flops:.3g} FLOPs, ten times the largest budget in use:"
    for name, value in (("size", ahead.size), ("tokens", ahead.tokens)):
        between = ""
        if name in ahead.interval:
            low, high = ahead.interval[name]
            between = f" [{_count(low)}, {_count(high)}]"
        what, stop = ("N", ",") if name == "size" else ("D", ".")
        yield f"{what} {_count(value)}{between}{stop}"


def _count(value: float) -> str:
    return format_count(value) if np.isfinite(value) else "-"


def _number(value: float, form: str) -> str:
    return format(value, form) if np.isfinite(value) else "-"
