"""Trials and outcomes: what travels between search, evaluator and store. Plain data."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeAlias

from autotune.types import Value


class FailureKind(StrEnum):
    """Why a trial has no value.  Never encode this as a large number."""

    TIMEOUT = "timeout"
    OUT_OF_MEMORY = "out of memory"
    DIVERGED = "diverged"
    CRASHED = "crashed"
    KILLED = "killed"
    NOT_A_NUMBER = "not a number"
    INFEASIBLE = "infeasible"
    WORKER_LOST = "worker lost"


@dataclass(frozen=True, slots=True)
class Trial:
    """One configuration to evaluate.

    Attributes:
        id: Unique in the study: `<writer>-<number>`, where one job is one writer.
        config: Parameter values by name, JSON scalars.
        attempt: 1, or more where a job ended while it ran the trial.
    """

    id: str
    config: dict[str, Value]
    attempt: int = 1


@dataclass(frozen=True, slots=True)
class Timing:
    """Where and when a trial ran.

    Attributes:
        seconds: Wall time of the evaluation.
        worker: Name of the worker, `w0`, `w1`, ... in one process pool.
        submitted_at: Seconds since the epoch, when the evaluator took it.
        finished_at: Seconds since the epoch, when the outcome was known.
    """

    seconds: float
    worker: str
    submitted_at: float
    finished_at: float


@dataclass(frozen=True, slots=True)
class Completed:
    """A trial that produced the objective (always minimised).

    Attributes:
        metrics: Further numbers the objective returned, by name.
    """

    trial: Trial
    value: float
    timing: Timing
    metrics: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Failed:
    """A trial that produced no objective, and why.

    Attributes:
        detail: One line for people.
        log: The tail of what the trial printed, a traceback included.
    """

    trial: Trial
    kind: FailureKind
    detail: str
    timing: Timing
    log: str = ""


Outcome: TypeAlias = Completed | Failed


def to_json(outcome: Outcome) -> dict[str, Any]:
    """Write an outcome as a JSON object; a metric that is not finite becomes null."""
    timing = outcome.timing
    record: dict[str, Any] = {
        "trial": outcome.trial.id,
        "config": outcome.trial.config,
        "attempt": outcome.trial.attempt,
        "seconds": timing.seconds,
        "worker": timing.worker,
        "submitted_at": timing.submitted_at,
        "finished_at": timing.finished_at,
    }
    if isinstance(outcome, Completed):
        metrics = {k: v if math.isfinite(v) else None for k, v in outcome.metrics.items()}
        return record | {"value": outcome.value, "metrics": metrics}
    return record | {"failed": outcome.kind.value, "detail": outcome.detail, "log": outcome.log}


def from_json(record: Mapping[str, Any]) -> Outcome:
    """Read an outcome back.

    Raises:
        KeyError, TypeError, ValueError: If the record is not one `to_json` wrote.
    """
    trial = Trial(str(record["trial"]), dict(record["config"]), int(record.get("attempt", 1)))
    timing = Timing(
        float(record["seconds"]),
        str(record["worker"]),
        float(record["submitted_at"]),
        float(record["finished_at"]),
    )
    if "failed" in record:
        kind = FailureKind(record["failed"])
        return Failed(trial, kind, str(record["detail"]), timing, str(record["log"]))
    value = float(record["value"])
    if not math.isfinite(value):
        raise ValueError(f"trial {trial.id} is recorded as completed with value {value}")
    return Completed(trial, value, timing, _metrics(record["metrics"]))


def _metrics(recorded: Mapping[str, Any]) -> dict[str, float]:
    """Metrics as numbers; most are, and a hundred thousand trials are read at once."""
    if all(type(value) is float for value in recorded.values()):
        return dict(recorded)
    return {k: math.nan if v is None else float(v) for k, v in recorded.items()}
