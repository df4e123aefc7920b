"""The tuning loop and its three ports: search, evaluator, store."""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from autotune.deadline import TrialTimes
from autotune.trials import Failed, Outcome, Trial
from autotune.types import Value

POLL_SECONDS = 0.2


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

    def resume(self) -> Trial | Failed | None:
        """Take over a trial whose job ended without its outcome, and record that it runs again.

        Returns:
            The trial, its attempt one higher; its failure if it was tried too often; None if
            no trial is interrupted.
        """
        ...


@dataclass(frozen=True, slots=True)
class Summary:
    """How a call of `tune` ended: outcomes in the study, own ones, and whether it was stopped."""

    recorded: int
    evaluated: int
    stopped: bool


def _never() -> bool:
    return False


def _open(_: float) -> bool:
    return False


def _silent(_: Outcome) -> None:
    pass


def tune(
    search: Search,
    evaluator: Evaluator,
    store: Store,
    *,
    n_trials: int,
    stop: Callable[[], bool] = _never,
    closing: Callable[[float], bool] = _open,
    on_outcome: Callable[[Outcome], None] = _silent,
) -> Summary:
    """Evaluate trials until the study holds `n_trials` outcomes or the space is exhausted.

    Starting again with the same store resumes: past outcomes are told first and interrupted
    trials run before new ones, so nothing but the store has to survive a crash. Outcomes of
    other jobs on the study are told as they come; what those jobs run is pending here and counts
    towards `n_trials`. With nothing left to start, the loop waits for them, and takes over what
    they leave.

    Args:
        search: Proposes configurations.
        evaluator: Runs them, as many at once as it has workers.
        store: Receives every outcome before the search does.
        n_trials: Outcomes the study should hold in the end, those already recorded included.
        stop: Asked between steps; once true, nothing more is started, values that are there are
            recorded, and running trials are left to the evaluator's owner to end. Failures are
            not recorded then: the trial may have been stopped with us.
        closing: Asked before each start, with the 95th percentile of the study's trial times in
            seconds (0 before the first); while true, nothing is started, trials that still wait
            for a worker are taken back, and the loop ends when nothing runs any more. Those taken
            back count as interrupted: they are the first to run in the next job.
        on_outcome: Called after an own outcome was recorded.
    """
    run = _Run(search, evaluator, store, n_trials, on_outcome)
    while not (stopped := stop()):
        run.hear()
        shut = False
        while evaluator.n_free and not (stop() or (shut := closing(run.times.percentile))):
            if not run.start():
                break
        if shut:
            run.recall()
        if run.recorded >= n_trials or run.idle(shut=shut):
            break
        run.collect(POLL_SECONDS, stop)
    run.collect(0.0, stop)  # an evaluation that was paid for is kept
    return Summary(run.recorded, run.evaluated, stopped=stopped)


class _Run:
    """One call of `tune`: what it knows of the study, and what it runs."""

    def __init__(
        self,
        search: Search,
        evaluator: Evaluator,
        store: Store,
        n_trials: int,
        on_outcome: Callable[[Outcome], None],
    ) -> None:
        self._search, self._evaluator, self._store = search, evaluator, store
        self._n_trials = n_trials
        self._on_outcome = on_outcome
        self._refused: Trial | None = None  # proposed, and not begun for want of room
        self._recalled: deque[Trial] = deque()  # begun, but by no worker
        self._exhausted = False
        self.recorded = self.evaluated = self.running = 0
        self.times = TrialTimes()

    def hear(self) -> None:
        """Tell the search what other jobs recorded and began."""
        for outcome in self._store.new():
            self._learn(outcome)
            self._give_up(outcome.trial)
        for trial in self._store.begun():
            self._search.pending(trial)
            self._give_up(trial)

    def start(self) -> bool:
        """Start a trial, an interrupted one if there is one; False if there is none to start."""
        trial = self._recalled.popleft() if self._recalled else None
        trial = trial or self._interrupted() or self._proposed()
        if trial is None:
            return False
        self.running += 1
        self._evaluator.submit(trial)
        return True

    def recall(self) -> None:
        """Keep trials that wait for a worker from being begun."""
        trials = self._evaluator.recall()
        self.running -= len(trials)
        self._recalled.extend(trials)

    def idle(self, *, shut: bool) -> bool:
        """Whether nothing runs here, and nothing will."""
        if self.running:
            return False
        return shut or (self._exhausted and self._store.count <= self.recorded)

    def collect(self, timeout: float, stop: Callable[[], bool]) -> None:
        """Record what has finished, all of it: the search learns it before it proposes again."""
        finished: list[Outcome] = []
        try:
            while (found := self._evaluator.wait(timeout)) is not None:
                finished.append(found)
                timeout = 0.0
        finally:  # an evaluator that breaks, or an interrupt, takes none of them along
            self.take(finished, stopped=stop())

    def take(self, finished: Sequence[Outcome], *, stopped: bool) -> None:
        """Record outcomes; failures are not if we were stopped, and are then tried again."""
        self.running -= len(finished)
        if stopped:  # what stops us, a scheduler perhaps, may have ended the trials too
            finished = [each for each in finished if not isinstance(each, Failed)]
        if not finished:
            return
        counts = self._store.append(*finished)  # before tell: a crash between them loses nothing
        for outcome, counted in zip(finished, counts, strict=True):
            if counted:
                self._learn(outcome)
                self.evaluated += 1
                self._on_outcome(outcome)

    def _learn(self, outcome: Outcome) -> None:
        self._search.tell(outcome)
        self.times.add(outcome.timing.seconds)
        self.recorded += 1

    def _give_up(self, other: Trial) -> None:
        """Forget the refused trial if another job has its configuration."""
        if self._refused is not None and self._refused.config == other.config:
            self._refused = None

    def _interrupted(self) -> Trial | None:
        """The next interrupted trial; those tried too often are recorded as failed."""
        while isinstance(found := self._store.resume(), Failed):
            self.running += 1
            self.take([found], stopped=False)
        if found is not None:
            self._search.pending(found)
        return found

    def _proposed(self) -> Trial | None:
        """A new trial that no other job is in the way of."""
        while self._store.count < self._n_trials:
            trial = self._refused or self._ask()
            self._refused = None
            if trial is None:
                return None
            beginning = self._store.begin(trial, self._n_trials)
            if beginning is Beginning.BEGUN:
                return trial
            if beginning is Beginning.FULL:
                self._refused = trial
            self.hear()
        return None

    def _ask(self) -> Trial | None:
        config = None if self._exhausted else self._search.ask()
        self._exhausted = config is None
        return None if config is None else self._store.trial(config)
