"""A store that lives in memory, for searches that need not survive their process."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import count

from autotune.ports import Beginning, anything
from autotune.trials import Failed, Outcome, Trial
from autotune.types import Value


class MemoryStore:
    """The `Store` port on a list; give it an earlier one's outcomes to continue.

    Attributes:
        outcomes: Every outcome, the earlier ones first.
        again: Outcomes of trials that had one: kept, not counted.
        running: Trials that were begun and have no outcome, by id.
        interrupted: Trials that an earlier store left running, and that were not resumed yet.
    """

    def __init__(self, earlier: Sequence[Outcome] = (), interrupted: Sequence[Trial] = ()) -> None:
        self.outcomes = list(earlier)
        self.again: list[Outcome] = []
        self._recorded = {outcome.trial.id for outcome in earlier}
        self.running: dict[str, Trial] = {}
        self._new, self._begun = list(earlier), list(interrupted)
        self.interrupted = list(interrupted)
        self._ids = (f"m-{number:04d}" for number in count(len(earlier) + len(interrupted)))

    @property
    def count(self) -> int:
        """Outcomes, and trials that run or were interrupted."""
        return len(self.outcomes) + len(self.running) + len(self.interrupted)

    def append(self, *outcomes: Outcome) -> list[bool]:
        """Keep outcomes; the first of each trial counts."""
        counts = []
        for outcome in outcomes:
            counts.append(outcome.trial.id not in self._recorded)
            (self.outcomes if counts[-1] else self.again).append(outcome)
            self._recorded.add(outcome.trial.id)
            self.running.pop(outcome.trial.id, None)
        return counts

    def new(self) -> list[Outcome]:
        """The earlier outcomes, the first time."""
        fresh, self._new = self._new, []
        return fresh

    def begun(self) -> list[Trial]:
        """The interrupted trials, the first time."""
        fresh, self._begun = self._begun, []
        return fresh

    def trial(self, config: dict[str, Value]) -> Trial:
        """Name a configuration `m-<number>`."""
        return Trial(next(self._ids), config)

    def begin(self, trial: Trial, n_trials: int) -> Beginning:
        """Note that a trial runs; there is nobody in its way."""
        del n_trials
        self.running[trial.id] = trial
        return Beginning.BEGUN

    def resume(self, may: Callable[[Trial], bool] = anything) -> Trial | Failed | None:
        """The next interrupted trial that may be taken over."""
        trial = next(filter(may, self.interrupted), None)
        if trial is None:
            return None
        self.interrupted.remove(trial)
        return self.retry(trial)

    def retry(self, trial: Trial) -> Trial:
        """Note that a trial runs again."""
        self.running[trial.id] = replace(trial, attempt=trial.attempt + 1)
        return self.running[trial.id]
