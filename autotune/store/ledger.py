"""The trials of a study by what its journals say: recorded, running, or left behind."""

import json
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from autotune.errors import InputError
from autotune.store.records import Begun, Event, Withdrawn
from autotune.trials import Failed, FailureKind, Outcome, Timing, Trial
from autotune.types import Value

MOST_DEATHS = 3  # jobs that die while they run a trial before it counts as the cause


@dataclass(frozen=True, slots=True)
class Attempt:
    """A trial that a job began."""

    trial: Trial
    writer: str


class Ledger:
    """Which trials have an outcome, and who began the others.

    A trial runs where its latest attempt was begun. Once it has an outcome, what else is said of
    it changes nothing.
    """

    def __init__(self) -> None:
        self.recorded: set[str] = set()
        self._attempts: dict[str, dict[int, Attempt]] = {}
        self._latest: dict[str, dict[str, Trial]] = {}  # by writer and trial

    @property
    def count(self) -> int:
        """Trials with an outcome, and trials that were begun and have none."""
        return len(self.recorded) + len(self._attempts)

    def take(self, writer: str, events: Iterable[Event]) -> tuple[list[Outcome], list[Trial]]:
        """Take in what a journal says; return its outcomes, and the trials that were begun."""
        outcomes, trials = [], []
        for event in events:
            if isinstance(event, Begun):
                self.begin(writer, event.trial)
                trials.append(event.trial)
            elif isinstance(event, Withdrawn):
                self.withdraw(writer, event.trial_id)
            else:
                outcomes.append(event)
        return outcomes, trials

    def begin(self, writer: str, trial: Trial) -> None:
        """Note that a job began a trial."""
        attempts = self._attempts.get(trial.id, {})
        if trial.id in self.recorded or trial.attempt in attempts:
            return
        self._attempts[trial.id] = attempts
        latest = max(attempts, default=0)
        attempts[trial.attempt] = Attempt(trial, writer)
        if trial.attempt > latest:
            if latest:
                del self._latest[attempts[latest].writer][trial.id]
            self._latest.setdefault(writer, {})[trial.id] = trial

    def withdraw(self, writer: str, trial_id: str) -> None:
        """Note that a job does not run a trial which it alone had begun."""
        if self._latest.get(writer, {}).pop(trial_id, None):
            del self._attempts[trial_id]

    def record(self, trial_id: str) -> bool:
        """Note that a trial has an outcome; False if it had one."""
        if trial_id in self.recorded:
            return False
        self.recorded.add(trial_id)
        attempts = self._attempts.pop(trial_id, None)
        if attempts:
            del self._latest[attempts[max(attempts)].writer][trial_id]
        return True

    def left_by(self, writer: str) -> list[Trial]:
        """Trials that a job began last, without an outcome, in the order they were begun."""
        return list(self._latest.get(writer, {}).values())

    def died_with(self, trial_id: str, dead: Callable[[str], bool]) -> int:
        """Jobs that died, by what `dead` says of their names, while they ran a trial."""
        return sum(dead(each.writer) for each in self._attempts.get(trial_id, {}).values())


def numbered(writer: str, numbers: Iterator[int], config: dict[str, Value]) -> Trial:
    """Name a configuration `<writer>-<number>`, by the next number.

    Raises:
        InputError: If a value is not a JSON scalar: it could not be recorded later.
    """
    try:
        json.dumps(config, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise InputError(f"a configuration must hold plain finite values: {error}.") from error
    return Trial(f"{writer}-{next(numbers):04d}", config)


def given_up(trial: Trial, deaths: int) -> Failed:
    """The failure of a trial during which so many jobs died."""
    now = time.time()
    detail = f"{deaths} jobs died while they ran it"
    return Failed(trial, FailureKind.WORKER_LOST, detail, Timing(0.0, "", now, now))
