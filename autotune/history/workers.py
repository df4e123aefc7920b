"""When which worker ran what, and how busy they all were."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from autotune.trials import Outcome
from autotune.types import Floats

BINS = 60


@dataclass(frozen=True, slots=True)
class Utilisation:
    """The share of all workers that ran a trial, over time.

    Attributes:
        start: Seconds since the epoch, when the first trial began.
        edges: Ends of the spans of time, seconds after `start`, shape (n + 1,).
        busy: Share of the workers' time in each span that trials took, shape (n,).
        n_workers: How many workers there were in all.
    """

    start: float
    edges: Floats
    busy: Floats
    n_workers: int

    @property
    def mean(self) -> float:
        """The share over the whole time."""
        return float(self.busy.mean())


def started(outcome: Outcome) -> float:
    """Seconds since the epoch, when a trial began to run."""
    return outcome.timing.finished_at - outcome.timing.seconds


def by_worker(outcomes: Sequence[Outcome]) -> dict[tuple[str, str], list[Outcome]]:
    """The outcomes of each worker of each job; trial ids begin with their job's writer."""
    found: dict[tuple[str, str], list[Outcome]] = {}
    for outcome in outcomes:
        writer = outcome.trial.id.rpartition("-")[0]
        found.setdefault((writer, outcome.timing.worker), []).append(outcome)
    return found


def utilisation(outcomes: Sequence[Outcome], bins: int = BINS) -> Utilisation:
    """How much of all workers' time trials took, in equal spans of time.

    A worker counts over the whole time of the study, also before its first trial and after its
    last, and the trials that still run are not seen.

    Args:
        outcomes: One or more.
        bins: How many spans.
    """
    begin = np.array([started(each) for each in outcomes])
    end = np.array([each.timing.finished_at for each in outcomes])
    first = float(begin.min())
    edges = np.linspace(0.0, max(float(end.max()) - first, 1e-9), bins + 1)
    # Work done up to a time, summed over trials, at every edge; differences are per span.
    done = np.clip(edges[:, None] - (begin - first), 0.0, end - begin).sum(axis=1)
    n_workers = len(by_worker(outcomes))
    busy = np.diff(done) / (n_workers * np.diff(edges))
    return Utilisation(first, edges, np.clip(busy, 0.0, 1.0), n_workers)
