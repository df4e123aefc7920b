"""How far a study is, from its journals alone: counts, rate, utilisation, expected end."""

from collections.abc import Sequence
from dataclasses import dataclass

from autotune.history.workers import by_worker, started
from autotune.trials import Outcome

WINDOW_SECONDS = 3600.0


@dataclass(frozen=True, slots=True)
class Progress:
    """How trials have gone lately.

    Attributes:
        rate: Trials per second in the last hour in which any ended; None before two have.
        window: The seconds it was taken over.
        utilisation: Share of the time between a worker's first start and its last end in that
            hour that it spent on trials; None if no worker has ended two.
        workers: Workers that ended a trial in that hour.
    """

    rate: float | None
    window: float
    utilisation: float | None
    workers: int

    def ends_at(self, now: float, missing: int) -> float | None:
        """When the missing trials will be there at this rate; None if there is no rate."""
        return now + missing / self.rate if self.rate and missing > 0 else None


def progress(outcomes: Sequence[Outcome], now: float) -> Progress:
    """Measure the last hour of a study that runs, or its final hour.

    Args:
        outcomes: Every outcome.
        now: Seconds since the epoch; the last end of a trial for a study that no longer runs.
    """
    recent = [each for each in outcomes if each.timing.finished_at > now - WINDOW_SECONDS]
    if len(recent) < 2:
        return Progress(None, 0.0, None, len(recent))
    begin = max(now - WINDOW_SECONDS, min(started(each) for each in recent))
    window = max(now - begin, 1e-9)
    busy = span = 0.0
    workers = by_worker(recent)
    for trials in workers.values():
        if len(trials) > 1:
            busy += sum(each.timing.seconds for each in trials)
            span += max(each.timing.finished_at for each in trials) - min(map(started, trials))
    used = min(1.0, busy / span) if span > 0 else None
    return Progress(len(recent) / window, window, used, len(workers))
