"""How a fit of the learning rate or the batch size reads, for people and for programs."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from textwrap import fill
from typing import Any

from autotune.cli import console
from autotune.cli.fit_view import OBJECTIVES
from autotune.fitting.power import PowerFit
from autotune.fitting.sweep import Optima
from autotune.laws import record
from autotune.quantities import format_count
from autotune.runs.sweeps import ReadSweep

WIDTH = 100


@dataclass(frozen=True, slots=True)
class View:
    """A fit, the optima it is of, and the sweep they are from."""

    fitted: PowerFit
    found: Optima
    read: ReadSweep

    def document(self) -> dict[str, Any]:
        """The fit as one JSON document."""
        fitted, settings, score = self.fitted, self.fitted.settings, self.fitted.score
        form = fitted.law.form
        return {
            "law": form.name,
            "target": form.target,
            "n_runs": fitted.n_runs,
            "n_cells": fitted.n_cells,
            "dropped": list(self.read.dropped),
            "optima": [
                {name: float(values[i]) for name, values in self.found.inputs.items()}
                | {form.target: float(self.found.value[i]), "method": method}
                for i, method in enumerate(self.found.method)
            ],
            "objective": {
                "name": settings.objective,
                "delta": settings.delta if settings.objective == "huber" else None,
                "sum": fitted.objective_sum,
                "mean": fitted.objective_sum / fitted.n_cells,
            },
            "coefficients": dict(fitted.law.coefficients),
            "interval": {name: list(limits) for name, limits in fitted.interval.items()},
            "level": settings.level,
            "interval_method": fitted.interval_method,
            "rms_log_residual": score.log_rmse,
            "mean_relative_error": score.mre,
            "bias": score.bias,
            "status": fitted.status.value,
            "identifiability": {"condition": fitted.condition, "weak": list(fitted.weak)},
            "range": record.range_of(fitted.law.source.range),
            "data_hash": self.read.data_hash,
            "warnings": list(fitted.warnings),
        }

    def text(self, *, saved: Path | None) -> str:
        """The fit's own case: how well it fits, how sure it is, what it cannot say."""
        fitted = self.fitted
        parts = [
            "\n".join(self._head()),
            self._coefficients(),
            _list("The runs do not settle everything:", fitted.weak),
            _list("Worth knowing:", fitted.warnings),
            fill(f"Fitted on {', '.join(self._ranges())}.", WIDTH),
            self._next(saved),
        ]
        return "\n\n".join(part for part in parts if part)

    def _head(self) -> Iterator[str]:
        fitted, score, settings = self.fitted, self.fitted.score, self.fitted.settings
        yield (
            f"{fitted.law.form.name}: {fitted.status.value}; {fitted.n_runs} runs, "
            f"{fitted.n_cells} cells, rms log residual {score.log_rmse:.2e}"
        )
        yield f"  {fitted.law.form.formula}"
        yield from (f"  {line}" for line in self._methods())
        what = OBJECTIVES[settings.objective]
        if settings.objective == "huber":
            what += f" (delta {settings.delta:.3g})"
        yield f"  {what} of log residuals, cells alike: sum {fitted.objective_sum:.5g}"

    def _methods(self) -> Iterator[str]:
        target, found = self.fitted.law.form.target, self.found
        count = {name: found.method.count(name) for name in ("minimum", "near", "stated")}
        if count["minimum"]:
            yield (
                f"best {target} of {count['minimum']} cells: minimum of a local polynomial, "
                "over what was swept"
            )
        if count["near"]:
            yield (
                f"best {target} of {count['near']} cells: mean of the near-optimal rows, "
                f"{found.n_near} of {found.n_rows}"
            )
        if count["stated"]:
            why = "no loss to choose by" if self.read.sweep.loss is None else "one row each"
            yield f"best {target} of {count['stated']} cells: as given, {why}"

    def _coefficients(self) -> str:
        fitted = self.fitted
        made = f"{100 * fitted.settings.level:g} % {fitted.interval_method}"
        header = ("", "estimate", made if fitted.interval else "no interval")
        rows = [
            (name, f"{value:.6g}", self._limits(name))
            for name, value in fitted.law.coefficients.items()
        ]
        return console.table(header, rows, left=(0, 2))

    def _limits(self, name: str) -> str:
        if name in self.fitted.settings.fix:
            return "fixed"
        if name in self.fitted.interval:
            return "[{:.4g}, {:.4g}]".format(*self.fitted.interval[name])
        return "held" if self.fitted.interval else "-"

    def _ranges(self) -> Iterator[str]:
        for name, (low, high) in self.fitted.law.source.range.limits().items():
            ends = format_count(low, digits=3), format_count(high, digits=3)
            yield f"{name} {ends[0]}" + (f" .. {ends[1]}" if low != high else "")

    def _next(self, saved: Path | None) -> str:
        if saved is None:
            return "Keep it with --save ID, and then: autotune predict --law ID"
        options = " ".join(
            f"--{name.replace('_', '-')} {format_count(self.found.inputs[name].max())}"
            for name in self.fitted.law.form.exponents
        )
        return f"Saved as {saved}. Now: autotune predict --law {saved.stem} {options}"


def _list(head: str, sentences: Iterable[str]) -> str:
    lines = [fill(each, WIDTH, initial_indent="* ", subsequent_indent="  ") for each in sentences]
    return "\n".join([head, *lines]) if lines else ""
