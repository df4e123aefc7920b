"""What `autotune tune` prints in the end: the best found, against the best known."""

import shlex
from dataclasses import asdict, dataclass
from textwrap import fill
from typing import Any

from autotune.cli import best_view
from autotune.cli.fidelity_view import fidelity_view
from autotune.cli.pareto_view import pareto_view
from autotune.cli.storage_option import DEFAULT
from autotune.cli.tune_run import Result
from autotune.problem import Reference
from autotune.trials import Completed

WIDTH = 100


@dataclass(frozen=True, slots=True)
class Report:
    """A result beside the best known value, if the problem has one."""

    result: Result
    known: Reference | None

    @property
    def best(self) -> Completed | None:
        """The best trial of the study."""
        return self.result.study.best

    def as_json(self) -> dict[str, Any]:
        """The whole report, with full precision."""
        result, best = self.result, self.best
        return {
            "study": result.study.name,
            "folder": None if result.study.server else str(result.study.folder),
            "place": result.study.place,
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
            "gap_percent": best_view.gap_percent(best, self.known),
            "fidelity": None if (at := fidelity_view(result.study)) is None else at.as_json(),
            "pareto": None if (front := pareto_view(result.study)) is None else front.as_json(),
        }

    def as_text(self) -> str:
        """The report for people."""
        result = self.result
        n, failed = len(result.study.outcomes), len(result.failures)
        lines = [f"{result.problem.name}: {n} trials, {failed} failed; {_ENDED[result.ended]}"]
        lines += self._found() if self.best else self._nothing()
        if (front := pareto_view(result.study)) is not None:
            lines += ["", front.as_text(), ""]
        if (fidelity := fidelity_view(result.study)) is not None:
            lines.append(fidelity.as_text())
        storage = result.place.storage.where
        where = "" if storage == DEFAULT else f" --storage {shlex.quote(storage)}"
        lines += [
            f"recorded in {result.study.place}",
            f"browse it: autotune results show {result.study.name}{where}",
        ]
        return "\n".join(lines)

    def _found(self) -> list[str]:
        best, problem = self.best, self.result.problem
        assert best is not None
        table = best_view.table([best], problem.unit, problem.units)
        beside = best_view.against_known(best, self.known, why_not="its problem knows none")
        lines = [problem.summary, f"Source: {problem.source}", "", table, "", beside]
        lines = [fill(line, WIDTH) if line is not table else line for line in lines]
        return lines + best_view.without_search(self.known)

    def _nothing(self) -> list[str]:
        failures = self.result.failures
        if self.result.study.completed:
            return []
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
    "cost": "as much was spent as was allowed",
    "timeout": "time is up; the same command continues",
    "walltime": "to be continued: the job is at its end; the same command continues",
    "stopped": "to be continued: stopped, everything is saved; the same command continues",
    "interrupted": "interrupted, everything is saved; the same command continues",
}


def report(result: Result) -> Report:
    """Set a result beside the best value that its problem knows of."""
    return Report(result, result.problem.best_known())
