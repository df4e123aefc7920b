"""The tuning loop: trials from a search go through an evaluator into a store."""

import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from autotune.ask_tell import AskTell, nothing
from autotune.deadline import TrialTimes
from autotune.ports import Evaluator, Search, Store
from autotune.trials import Failed, Outcome, Trial

POLL_SECONDS = 0.2
LOOK_SECONDS = 0.1
"""How long to propose before outcomes are looked for again, although workers are still free: what
ends meanwhile would else be unknown to the proposals for all of them."""


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


def tune(
    search: Search,
    evaluator: Evaluator,
    store: Store,
    *,
    n_trials: int,
    stop: Callable[[], bool] = _never,
    closing: Callable[[float], bool] = _open,
    on_outcome: Callable[[Outcome], None] = nothing,
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
    times = TrialTimes()
    talk = AskTell(
        search,
        store,
        n_trials,
        learned=lambda outcome: times.add(outcome.timing.seconds),
        on_own=on_outcome,
    )
    run = _Run(talk, evaluator)
    while not (stopped := stop()):
        run.talk.hear()
        shut = False
        look_at = time.monotonic() + LOOK_SECONDS
        late = False
        while evaluator.n_free and not (stop() or (shut := closing(times.percentile))):
            if not run.start() or (late := time.monotonic() > look_at):
                break
        if shut:
            run.recall()
        if run.ended(shut=shut):
            break
        run.collect(0.0 if late else POLL_SECONDS, stop)
    run.collect(0.0, stop)  # an evaluation that was paid for is kept
    return Summary(run.talk.recorded, run.talk.evaluated, stopped=stopped)


class _Run:
    """One call of `tune`: what runs in it."""

    def __init__(self, talk: AskTell, evaluator: Evaluator) -> None:
        self.talk = talk
        self._evaluator = evaluator
        self._recalled: deque[Trial] = deque()  # begun, but by no worker
        self._running = 0

    def start(self) -> bool:
        """Start a trial, an interrupted one if there is one; False if there is none to start."""
        trial = self._recalled.popleft() if self._recalled else self.talk.next()
        if trial is None:
            return False
        self._running += 1
        self._evaluator.submit(trial)
        return True

    def recall(self) -> None:
        """Keep trials that wait for a worker from being begun."""
        trials = self._evaluator.recall()
        self._running -= len(trials)
        self._recalled.extend(trials)

    def ended(self, *, shut: bool) -> bool:
        """Whether the study is complete, or nothing runs here and nothing will."""
        if self.talk.recorded >= self.talk.n_trials:
            return True
        return not self._running and (shut or self.talk.over)

    def collect(self, timeout: float, stop: Callable[[], bool]) -> None:
        """Record what has finished, all of it: the search learns it before it proposes again."""
        finished: list[Outcome] = []
        try:
            while (found := self._evaluator.wait(timeout)) is not None:
                finished.append(found)
                timeout = 0.0
        finally:  # an evaluator that breaks, or an interrupt, takes none of them along
            self._take(finished, stopped=stop())

    def _take(self, finished: Sequence[Outcome], *, stopped: bool) -> None:
        """Record outcomes; failures are not if we were stopped, and are then tried again."""
        self._running -= len(finished)
        if stopped:  # what stops us, a scheduler perhaps, may have ended the trials too
            finished = [each for each in finished if not isinstance(each, Failed)]
        self.talk.record(finished)
