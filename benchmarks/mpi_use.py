"""How busy the workers of a recorded study were, from its journal."""

from itertools import pairwise
from pathlib import Path

from evidence import Record

from autotune.store.study import read
from autotune.trials import Outcome


def use(folder: Path, workers: int) -> Record:
    """Shares of the workers' time that trials took, with the last trials' drain and without.

    Counted from when every worker runs its first trial, for starting Python is not the search's
    doing. The drain begins when the last trial is given to a worker: nobody waits for the search
    from then on.

    Args:
        folder: The study's folder.
        workers: How many there were.
    """
    outcomes = read(folder).outcomes
    first: dict[str, float] = {}
    for outcome in outcomes:
        at = begun(outcome)
        first[outcome.timing.worker] = min(at, first.get(outcome.timing.worker, at))
    assert len(first) == workers
    start = max(first.values())
    drain = max(outcome.timing.submitted_at for outcome in outcomes)
    end = max(outcome.timing.finished_at for outcome in outcomes)
    return {
        "trials": len(outcomes),
        "busy": busy(outcomes, start, drain) / (workers * (drain - start)),
        "busy_with_drain": busy(outcomes, start, end) / (workers * (end - start)),
        "mean_seconds": sum(each.timing.seconds for each in outcomes) / len(outcomes),
        "wait_seconds": waits(outcomes, start),
        "wall_seconds": end - start,
        "best": min(getattr(each, "value", float("inf")) for each in outcomes),
    }


def begun(outcome: Outcome) -> float:
    """When a trial began to run."""
    return outcome.timing.finished_at - outcome.timing.seconds


def busy(outcomes: list[Outcome], start: float, end: float) -> float:
    """Seconds of trials between two times."""
    return sum(
        max(0.0, min(each.timing.finished_at, end) - max(begun(each), start)) for each in outcomes
    )


def waits(outcomes: list[Outcome], start: float) -> float:
    """Mean seconds between a worker's trials."""
    by_worker: dict[str, list[Outcome]] = {}
    for outcome in sorted(outcomes, key=begun):
        by_worker.setdefault(outcome.timing.worker, []).append(outcome)
    found = [
        begun(after) - before.timing.finished_at
        for each in by_worker.values()
        for before, after in pairwise(each)
        if before.timing.finished_at > start
    ]
    return sum(found) / len(found)
