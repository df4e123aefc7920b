"""The tuning loop and its three ports: search, evaluator, store."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

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


class Store(Protocol):
    """Keeps every outcome, and shows those of other jobs on the same study."""

    def append(self, outcome: Outcome) -> None:
        """Make an outcome durable before returning."""
        ...

    def new(self) -> Sequence[Outcome]:
        """Outcomes that others recorded and this store has not yet returned, oldest first."""
        ...

    def trial(self, config: dict[str, Value]) -> Trial:
        """Name a configuration with an id that no other job on the study can give."""
        ...


@dataclass(frozen=True, slots=True)
class Summary:
    """How a call of `tune` ended: outcomes in the study, own ones, and whether it was stopped."""

    recorded: int
    evaluated: int
    stopped: bool


def _never() -> bool:
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
    on_outcome: Callable[[Outcome], None] = _silent,
) -> Summary:
    """Evaluate trials until the study holds `n_trials` outcomes or the space is exhausted.

    Starting again with the same store resumes: past outcomes are told first, so nothing but
    the store has to survive a crash. Outcomes of other jobs on the study are told as they come;
    jobs do not see what others are running, so that together they may overshoot `n_trials` by
    as many trials as they run at once.

    Args:
        search: Proposes configurations.
        evaluator: Runs them, as many at once as it has workers.
        store: Receives every outcome before the search does.
        n_trials: Outcomes the study should hold in the end, those already recorded included.
        stop: Asked between steps; once true, nothing more is started, values that are there are
            recorded, and running trials are left to the evaluator's owner to end. Failures are
            not recorded then: the trial may have been stopped with us.
        on_outcome: Called after an own outcome was recorded.
    """
    recorded = evaluated = running = 0
    exhausted = False

    def take(finished: Outcome) -> None:
        nonlocal recorded, evaluated, running
        running -= 1
        if isinstance(finished, Failed) and stop():
            return  # what stops us, a scheduler perhaps, may have ended the trial too
        store.append(finished)  # before tell: a crash between the two loses nothing
        search.tell(finished)
        recorded, evaluated = recorded + 1, evaluated + 1
        on_outcome(finished)

    while not (stopped := stop()):
        for outcome in store.new():
            search.tell(outcome)
            recorded += 1
        if recorded >= n_trials or (exhausted and not running):
            break
        while evaluator.n_free and recorded + running < n_trials and not (exhausted or stop()):
            config = search.ask()
            if config is None:
                exhausted = True
                break
            evaluator.submit(store.trial(config))
            running += 1
        finished = evaluator.wait(POLL_SECONDS)
        if finished is not None:
            take(finished)
    while running and (finished := evaluator.wait(0)) is not None:
        take(finished)  # it is there already: an evaluation that was paid for is kept
    return Summary(recorded, evaluated, stopped=stopped)
