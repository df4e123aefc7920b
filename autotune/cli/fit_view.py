"""How a fit reads: its case in words and tables, and a document for programs."""

from collections.abc import Iterable, Iterator, Mapping
from math import inf
from pathlib import Path
from textwrap import fill
from typing import Any

from autotune.cli import console
from autotune.cli.fit_request import Fitted
from autotune.fitting.result import METHODS, FitResult
from autotune.laws import record
from autotune.quantities import format_count

WIDTH = 100
OBJECTIVES = {"huber": "Huber loss", "mse": "squares", "mae": "absolute values"}
READS = {"param": "1 - N active/N total", "expert": "1 - k/experts"}


def talk_mapping(name: str, mapping: Mapping[str, str], dropped: Iterable[str]) -> None:
    """Say on stderr which column became which input, and which rows were left out."""
    pairs = ", ".join(
        ours if ours == theirs else f"{ours} = {theirs.removeprefix('derived: ')}"
        for ours, theirs in mapping.items()
    )
    console.talk(fill(f"{name}: {pairs}", WIDTH, subsequent_indent="  "))
    for each in dropped:
        console.talk(f"dropped: {each}")


def document(fitted: Fitted) -> dict[str, Any]:
    """The fit as one JSON document."""
    result, table = fitted.result, fitted.runs.table
    settings, score = result.settings, result.score
    return {
        "law": result.law.form,
        "convention": {"n": result.convention.n, "sparsity": result.convention.sparsity},
        "n_runs": result.n_runs,
        "dropped": list(fitted.runs.dropped),
        "objective": {
            "name": settings.objective,
            "delta": settings.delta if settings.objective == "huber" else None,
            **({"emphasis": settings.emphasis} if settings.emphasis else {}),
            "sum": result.objective_sum,
            "mean": result.objective_sum / float(table.weight.sum()),
        },
        "coefficients": result.law.coefficients,
        "interval": {name: list(limits) for name, limits in result.interval.items()},
        "level": settings.level,
        "interval_method": result.interval_method,
        "rms_log_residual": score.log_rmse,
        "mean_relative_error": score.mre,
        "bias": score.bias,
        "status": result.status.value,
        "starts": {"total": result.starts[0], "agreeing": result.starts[1]},
        "identifiability": {"condition": result.condition, "weak": list(result.weak)},
        "range": record.range_of(result.law.source.range),
        "data_hash": fitted.runs.data_hash,
        "warnings": list(fitted.warnings),
    }


def text(fitted: Fitted, *, saved: Path | None) -> str:
    """The fit's own case: how it ended, how well it fits, how sure it is, what it cannot say."""
    result = fitted.result
    parts = [
        _head(fitted),
        _coefficients(result),
        _list("The runs do not settle everything:", result.weak),
        _list("Worth knowing:", fitted.warnings),
        _fitted_on(result),
        _next(saved),
    ]
    return "\n\n".join(part for part in parts if part)


def _head(fitted: Fitted) -> str:
    result, score = fitted.result, fitted.result.score
    sizes = f"N is {result.convention.n} parameters"
    if not result.law.dense and result.law.reads_sparsity:
        sizes += f", S is {READS[result.convention.sparsity]}"
    what = OBJECTIVES[result.settings.objective]
    if result.settings.objective == "huber":
        what += f" (delta {result.settings.delta:g})"
    if result.settings.emphasis:
        what += f" times compute^{result.settings.emphasis:g}"
    mean = result.objective_sum / float(fitted.runs.table.weight.sum())
    total, agreeing = result.starts
    return (
        f"{result.law.form}: {result.status.value}; {result.n_runs} runs, rms log residual "
        f"{score.log_rmse:.2e}\n"
        f"  {result.law.formula}\n"
        f"  {sizes}; mean relative error {100 * score.mre:.2f} %, bias {100 * score.bias:+.2f} %\n"
        f"  {what} of log residuals: sum {result.objective_sum:.5g}, mean {mean:.3g}; "
        f"{agreeing} of {total} starts agree on it"
    )


def _coefficients(result: FitResult) -> str:
    values = result.law.coefficients
    if not result.interval:
        rows = [(name, f"{value:.6g}", _limits(name, result)) for name, value in values.items()]
        return console.table(("", "estimate", "no interval"), rows, left=(0, 2))
    head = ("", "estimate", f"{100 * result.settings.level:g} % interval", "by")
    made = {name: METHODS[method] for name, method in result.interval_methods.items()}
    full = [
        (name, f"{value:.6g}", _limits(name, result), made.get(name, ""))
        for name, value in values.items()
    ]
    return console.table(head, full, left=(0, 2, 3))


def _limits(name: str, result: FitResult) -> str:
    if name in result.settings.fix:
        return "fixed"
    if name not in result.interval:
        return "held" if result.interval else "-"
    low, high = result.interval[name]
    if low == high:
        return "held"
    ends = (f"{low:.4g}" if low > -inf else "no limit", f"{high:.4g}" if high < inf else "no limit")
    return f"[{', '.join(ends)}]"


def _list(head: str, sentences: Iterable[str]) -> str:
    lines = [fill(each, WIDTH, initial_indent="* ", subsequent_indent="  ") for each in sentences]
    return "\n".join([head, *lines]) if lines else ""


def _fitted_on(result: FitResult) -> str:
    where = fill(f"Fitted on {', '.join(_ranges(result))}.", WIDTH)
    return f"{where}\nBeyond that it extrapolates, and plans say by how much."


def _ranges(result: FitResult) -> Iterator[str]:
    for name, (low, high) in result.law.source.range.limits().items():
        if name == "n_total" and result.law.source.range.n_active == (low, high):
            continue
        share = name in ("sparsity", "shared_share")
        ends = (f"{low:.4g}", f"{high:.4g}") if share else (_count(low), _count(high))
        if not (share and low == high == 0):
            yield f"{name} {ends[0]}" + (f" .. {ends[1]}" if low != high else "")


def _count(value: float) -> str:
    return format_count(value, digits=3)


def _next(saved: Path | None) -> str:
    if saved is None:
        return "Keep it with --save ID, and then: autotune plan --flops 1e22 --law ID"
    return f"Saved as {saved}. Now: autotune plan --flops 1e22 --law {saved.stem}"
