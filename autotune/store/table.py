"""The trial table: one row per outcome, with the columns that every export shares."""

import csv
from collections.abc import Callable, Mapping, Sequence
from typing import TextIO, TypeAlias

from autotune.store.study import Study
from autotune.trials import Completed, Outcome
from autotune.types import Config, Value

Known: TypeAlias = Callable[[Config], Mapping[str, float]]
"""Metrics that follow from a configuration alone, so that failed trials have them too."""
BEFORE = ("trial", "status", "objective", "seconds", "worker", "submitted_at", "finished_at")
COMPLETED = "completed"


def columns(study: Study) -> tuple[list[str], list[str]]:
    """The parameters and metrics of a study: the space's first, then others as they came."""
    parameters = dict.fromkeys(study.header.parameters)
    metrics: dict[str, None] = {}
    for outcome in study.outcomes:
        parameters |= dict.fromkeys(outcome.trial.config)
        if isinstance(outcome, Completed):
            metrics |= dict.fromkeys(outcome.metrics)
    return list(parameters), list(metrics)


def write_csv(study: Study, file: TextIO, *, known: Known = lambda _: {}) -> None:
    """Write a study as CSV; times are seconds since the epoch, numbers have full precision.

    A failed trial has no objective: its status is the kind of failure, its error the detail. Of
    metrics it has those of `known`.
    """
    parameters, metrics = columns(study)
    writer = csv.writer(file, lineterminator="\n")
    named = [*(f"p:{name}" for name in parameters), *(f"m:{name}" for name in metrics)]
    writer.writerow([*BEFORE, *named, "error"])
    for outcome in study.outcomes:
        found = outcome.metrics if isinstance(outcome, Completed) else known(outcome.trial.config)
        writer.writerow(_row(outcome, parameters, [found.get(name) for name in metrics]))


def _row(
    outcome: Outcome, parameters: Sequence[str], metrics: Sequence[float | None]
) -> list[Value | None]:
    trial, timing = outcome.trial, outcome.timing
    config: list[Value | None] = [trial.config.get(name) for name in parameters]
    times: list[Value | None] = [
        timing.seconds,
        timing.worker,
        timing.submitted_at,
        timing.finished_at,
    ]
    if isinstance(outcome, Completed):
        return [trial.id, COMPLETED, outcome.value, *times, *config, *metrics, None]
    return [trial.id, outcome.kind.value, None, *times, *config, *metrics, outcome.detail]
