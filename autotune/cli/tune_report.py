"""What `autotune tune` prints in the end: the best found, against the best known."""

from dataclasses import asdict, dataclass
from typing import Any

from autotune.cli import console
from autotune.cli.tune_run import Result
from autotune.problem import Reference
from autotune.quantities import format_count
from autotune.trials import Completed
from autotune.types import Value

COUNTED = ("parameters", "tokens", "FLOPs")
DEFAULT_STORAGE = "results/local"


@dataclass(frozen=True, slots=True)
class Report:
    """A result beside the best known value, if the problem has one."""

    result: Result
    known: Reference | None

    @property
    def best(self) -> Completed | None:
        """The best trial of the study."""
        return self.result.study.best

    @property
    def gap_percent(self) -> float | None:
        """How far the best found is above the best known, in percent of the latter."""
        if self.best is None or self.known is None or self.known.value == 0:
            return None
        return 100 * (self.best.value - self.known.value) / abs(self.known.value)

    def as_json(self) -> dict[str, Any]:
        """The whole report, with full precision."""
        result, best = self.result, self.best
        return {
            "study": result.study.name,
            "folder": str(result.study.folder),
            "problem": result.problem.name,
            "question": result.problem.summary,
            "options": dict(result.problem.options),
            "ended": result.ended,
            "recorded": len(result.study.outcomes),
            "evaluated": result.evaluated,
            "failed": len(result.failures),
            "source": result.problem.source,
            "unit": result.problem.unit,
            "units": dict(result.problem.units),
            "best": None
            if best is None
            else {
                "trial": best.trial.id,
                "value": best.value,
                "config": best.trial.config,
                "metrics": dict(best.metrics),
            },
            "best_known": None if self.known is None else asdict(self.known),
            "gap_percent": self.gap_percent,
        }

    def as_text(self) -> str:
        """The report for people."""
        result = self.result
        n, failed = len(result.study.outcomes), len(result.failures)
        lines = [f"{result.problem.name}: {n} trials, {failed} failed; {_ENDED[result.ended]}"]
        lines += self._found() if self.best else self._nothing()
        storage = result.place.storage
        where = "" if str(storage) == DEFAULT_STORAGE else f" --storage {storage}"
        lines += [
            f"recorded in {result.study.folder}",
            f"browse it: autotune results show {result.study.name}{where}",
        ]
        return "\n".join(lines)

    def _found(self) -> list[str]:
        best, problem = self.best, self.result.problem
        assert best is not None
        rows = [("objective", f"{best.value:.8g}", problem.unit)]
        values: dict[str, Value] = {**best.trial.config, **best.metrics}
        for name, value in values.items():
            unit = problem.units.get(name, "")
            counted = unit in COUNTED and isinstance(value, float)
            rows.append(
                (name, format_count(float(value)) if counted else console.short(value), unit)
            )
        if self.known:
            rows.append(("best known", f"{self.known.value:.8g}", self.known.how))
        if self.gap_percent is not None:
            rows.append(("gap", f"{self.gap_percent:.2g} %", "above the best known"))
        headers = ["best", f"trial {best.trial.id}", "unit"]
        table = console.table(headers, rows, left=(0, 2))
        return [problem.summary, f"Source: {problem.source}", "", table, ""]

    def _nothing(self) -> list[str]:
        failures = self.result.failures
        if not failures:
            return ["no trial has ended yet"]
        first = failures[0]
        return [
            f"every trial failed; the first, {first.trial.id}: {first.kind}: {first.detail}",
            *(f"  {line}" for line in first.log.strip().splitlines()[-10:]),
        ]


_ENDED = {
    "done": "done",
    "exhausted": "every configuration of the space was tried",
    "timeout": "time is up; the same command continues",
    "interrupted": "interrupted, everything is saved; the same command continues",
}


def report(result: Result) -> Report:
    """Set a result beside the best value that its problem knows of."""
    return Report(result, result.problem.best_known())
