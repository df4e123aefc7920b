"""How busy workers were, from when each trial was submitted, began and ended."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from evidence import Record

from autotune.store.study import read


@dataclass(frozen=True, slots=True)
class Span:
    """One trial on the clock.

    Attributes:
        worker: Who ran it.
        submitted: When it was given to a worker, in seconds.
        begun: When it began to run, in seconds.
        ended: When it ended, in seconds.
        value: What it came to; infinite if it failed.
    """

    worker: str
    submitted: float
    begun: float
    ended: float
    value: float


def recorded(folder: Path) -> list[Span]:
    """The trials of a recorded study, by its journal."""
    return [
        Span(
            each.timing.worker,
            each.timing.submitted_at,
            each.timing.finished_at - each.timing.seconds,
            each.timing.finished_at,
            getattr(each, "value", float("inf")),
        )
        for each in read(folder).outcomes
    ]


def use(trials: Sequence[Span], workers: int) -> Record:
    """Shares of the workers' time that trials took, with the last trials' drain and without.

    Counted from when every worker runs its first trial, for starting Python is not the search's
    doing. The drain begins when the last trial is given to a worker: nobody waits for the search
    from then on.

    Args:
        trials: In any order.
        workers: How many there were.
    """
    first: dict[str, float] = {}
    for each in trials:
        first[each.worker] = min(each.begun, first.get(each.worker, each.begun))
    assert len(first) == workers
    start = max(first.values())
    drain = max(each.submitted for each in trials)
    end = max(each.ended for each in trials)
    return {
        "trials": len(trials),
        "busy": busy(trials, start, drain) / (workers * (drain - start)),
        "busy_with_drain": busy(trials, start, end) / (workers * (end - start)),
        "mean_seconds": sum(each.ended - each.begun for each in trials) / len(trials),
        "wait_seconds": waits(trials, start),
        "wall_seconds": end - start,
        "best": min(each.value for each in trials),
    }


def busy(trials: Sequence[Span], start: float, end: float) -> float:
    """Seconds of trials between two times."""
    return sum(max(0.0, min(each.ended, end) - max(each.begun, start)) for each in trials)


def waits(trials: Sequence[Span], start: float) -> float:
    """Mean seconds between a worker's trials."""
    by_worker: dict[str, list[Span]] = {}
    for each in sorted(trials, key=lambda span: span.begun):
        by_worker.setdefault(each.worker, []).append(each)
    found = [
        after.begun - before.ended
        for spans in by_worker.values()
        for before, after in pairwise(spans)
        if before.ended > start
    ]
    return sum(found) / len(found)
