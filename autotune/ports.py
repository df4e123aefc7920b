"""What a tuning loop talks to: a search, an evaluator, a store."""

from collections.abc import Callable, Sequence
from enum import Enum
from typing import Protocol

from autotune.trials import Failed, Outcome, Trial
from autotune.types import Value


class Search(Protocol):
    """Proposes configurations; its state is its seed and what it was told and asked."""

    def ask(self) -> dict[str, Value] | None:
        """Propose a configuration, pending until it is told; None if there is none left."""
        ...

    def tell(self, outcome: Outcome) -> None:
        """Learn an outcome, be it of an own configuration or of somebody else's."""
        ...

    def pending(self, trial: Trial) -> None:
        """Learn that a trial which this search did not propose runs; pending until it is told."""
        ...


class Evaluator(Protocol):
    """Runs trials, several at once if it has the workers."""

    @property
    def n_free(self) -> int:
        """How many trials `submit` takes before it must be waited for."""
        ...

    def submit(self, trial: Trial) -> None:
        """Start a trial in an emptied folder of its own."""
        ...

    def wait(self, timeout: float) -> Outcome | None:
        """Return the next outcome, or None if `timeout` seconds pass first."""
        ...

    def recall(self) -> Sequence[Trial]:
        """Take trials back that no worker has begun; later calls return those that come late."""
        ...


class Beginning(Enum):
    """What came of beginning a trial."""

    BEGUN = "it may run"
    TAKEN = "another job has the same configuration"
    FULL = "other jobs began the last trials that the study has room for"


def anything(_: Trial) -> bool:
    """Any trial may be taken over."""
    return True


class Store(Protocol):
    """Keeps every outcome and what runs, and shows those of other jobs on the same study."""

    @property
    def count(self) -> int:
        """Trials of the study: with an outcome, running in any job, or interrupted."""
        ...

    def append(self, *outcomes: Outcome) -> Sequence[bool]:
        """Make outcomes durable before returning; False for each where another job's counts."""
        ...

    def new(self) -> Sequence[Outcome]:
        """Outcomes that others recorded and this store has not yet returned, oldest first."""
        ...

    def begun(self) -> Sequence[Trial]:
        """Trials that others began and this store has not yet returned."""
        ...

    def trial(self, config: dict[str, Value]) -> Trial:
        """Name a configuration with an id that no other job on the study can give."""
        ...

    def begin(self, trial: Trial, n_trials: int) -> Beginning:
        """Record that a new trial is about to run, unless another job is in its way."""
        ...

    def resume(self, may: Callable[[Trial], bool] = anything) -> Trial | Failed | None:
        """Take over a trial whose job ended without its outcome, and record that it runs again.

        Args:
            may: Whether a trial may be taken over now.

        Returns:
            The trial, its attempt one higher; its failure if it was tried too often; None if
            no trial is interrupted.
        """
        ...

    def retry(self, trial: Trial) -> Trial | None:
        """Record that a trial of this store runs again, its attempt higher; None if it need not."""
        ...
