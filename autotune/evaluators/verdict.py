"""What an objective's answer means: a value with metrics, or a failure with its kind."""

import math
import numbers
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TextIO, TypeAlias

from autotune.trials import Completed, Failed, FailureKind, Outcome, Timing, Trial
from autotune.types import Value

KINDS = {
    "MemoryError": FailureKind.OUT_OF_MEMORY,
    "OutOfMemoryError": FailureKind.OUT_OF_MEMORY,  # torch's
    "TimeoutError": FailureKind.TIMEOUT,
    "TimeoutExpired": FailureKind.TIMEOUT,  # subprocess's
    "FloatingPointError": FailureKind.DIVERGED,
    "InfeasibleError": FailureKind.INFEASIBLE,
}
"""The kinds of failure that an objective can signal by raising; anything else is a crash."""


@dataclass(frozen=True, slots=True)
class Measured:
    """The objective answered with a finite number, and perhaps further ones."""

    value: float
    metrics: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Refused:
    """The objective gave no finite number, and why."""

    kind: FailureKind
    detail: str


Verdict: TypeAlias = Measured | Refused


def judge(
    objective: Callable[[dict[str, Value]], Any], config: dict[str, Value], *, log: TextIO
) -> Verdict:
    """Call an objective and say what came of it; tracebacks go to the log.

    Whatever the objective raises is an answer about the trial, `SystemExit` included. Only
    `KeyboardInterrupt` passes through: that is the user's word, not the objective's.
    """
    try:
        return _read(objective(dict(config)), log)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - any error ends the trial only
        traceback.print_exc(file=log)
        kinds = (KINDS[base.__name__] for base in type(error).__mro__ if base.__name__ in KINDS)
        text = f"{type(error).__name__}: {error}".splitlines()[0]
        return Refused(next(kinds, FailureKind.CRASHED), text)


def outcome(verdict: Verdict, trial: Trial, timing: Timing, *, log: str) -> Outcome:
    """Put a verdict on record; the log is kept for failures."""
    if isinstance(verdict, Measured):
        return Completed(trial, verdict.value, timing, verdict.metrics)
    return Failed(trial, verdict.kind, verdict.detail, timing, log)


def to_json(verdict: Verdict) -> dict[str, Any]:
    """Write a verdict as a JSON object, in the journal's words."""
    if isinstance(verdict, Measured):
        return {"value": verdict.value, "metrics": dict(verdict.metrics)}
    return {"failed": verdict.kind.value, "detail": verdict.detail}


def from_json(record: Mapping[str, Any]) -> Verdict:
    """Read a verdict back."""
    if "failed" in record:
        return Refused(FailureKind(record["failed"]), record["detail"])
    return Measured(record["value"], record["metrics"])


def _read(answer: Any, log: TextIO) -> Verdict:  # noqa: ANN401 - objectives return what they like
    if not isinstance(answer, Mapping):
        answer = {"objective": answer}
    if "objective" not in answer:
        keys = ", ".join(map(repr, answer)) or "nothing"
        return Refused(
            FailureKind.NOT_A_NUMBER, f"the objective's mapping has no 'objective', but {keys}"
        )
    read = {str(name): _number(value) for name, value in answer.items()}
    value = read.pop("objective")
    if value is None or not math.isfinite(value):
        shown = repr(answer["objective"])
        shown = shown if len(shown) <= 80 else shown[:77] + "..."
        return Refused(FailureKind.NOT_A_NUMBER, f"the objective returned {shown}")
    dropped = [name for name, number in read.items() if number is None]
    if dropped:
        log.write(f"autotune: left out, being no numbers: {', '.join(dropped)}\n")
    return Measured(value, {name: number for name, number in read.items() if number is not None})


def _number(value: Any) -> float | None:  # noqa: ANN401 - objectives return what they like
    """The value as a float if it is a real number or a one-element array of one."""
    if hasattr(value, "item"):  # numpy's and torch's
        try:
            value = value.item()
        except (TypeError, ValueError, RuntimeError):
            return None
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        return None
    return float(value)
