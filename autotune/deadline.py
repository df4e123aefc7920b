"""The end of a job: when to start no more trials, and when to leave those that run."""

import math
from bisect import insort
from dataclasses import dataclass, field

SHARE, LONGEST = 0.1, 300.0  # the margin: of the time the job has, and seconds at most
SAVING = 30.0  # seconds that saving may take; half the margin, if that is less
PERCENTILE = 0.95


@dataclass(frozen=True, slots=True)
class Deadline:
    """When a job ends, on the clock that its caller reads.

    Attributes:
        end: Seconds on that clock.
        margin: Seconds before the end by which trials should be over.
    """

    end: float
    margin: float

    def closes(self, now: float, trial_seconds: float) -> bool:
        """Whether a trial that takes so long is not to be started any more."""
        return self.end - now < trial_seconds + self.margin

    def over(self, now: float) -> bool:
        """Whether running trials must be left, so that there is time to save."""
        return self.end - now <= min(SAVING, 0.5 * self.margin)


def default_margin(walltime: float) -> float:
    """Seconds to keep free at the end of a job of so many seconds."""
    return min(LONGEST, SHARE * walltime)


@dataclass(slots=True)
class TrialTimes:
    """How long trials took, in seconds."""

    _sorted: list[float] = field(default_factory=list)

    def add(self, seconds: float) -> None:
        """Take in one more trial."""
        insort(self._sorted, seconds)

    @property
    def percentile(self) -> float:
        """The 95th percentile, the nearest rank upwards; 0 before the first trial."""
        n = len(self._sorted)
        return self._sorted[math.ceil(PERCENTILE * n) - 1] if n else 0.0
