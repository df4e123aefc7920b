"""The tuning loop: what it records, in which order, and how it stops and resumes."""

import time
from collections import deque

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autotune.errors import ProblemError
from autotune.store.memory import MemoryStore
from autotune.trials import Completed, Failed, FailureKind, Timing
from autotune.tuning import LOOK_SECONDS, tune

TIMING = Timing(0.0, "w0", 0.0, 0.0)


class CountingSearch:
    """Proposes 0, 1, 2, ... and remembers what it was told; ends after `size` proposals."""

    def __init__(self, size=10**9):
        self.asked = 0
        self.told, self.running = [], []
        self.size = size

    def ask(self):
        if self.asked == self.size:
            return None
        self.asked += 1
        return {"x": self.asked - 1}

    def tell(self, outcome):
        self.told.append(outcome)

    def pending(self, trial):
        self.running.append(trial)


class Workers:
    """Evaluates in memory; every third trial fails, and outcomes come last in, first out."""

    def __init__(self, n):
        self.n = n
        self.running = []
        self.most_at_once = 0

    @property
    def n_free(self):
        return self.n - len(self.running)

    def submit(self, trial):
        assert self.n_free > 0
        self.running.append(trial)
        self.most_at_once = max(self.most_at_once, len(self.running))

    def wait(self, timeout):  # noqa: ARG002 - the port
        if not self.running:
            return None
        trial = self.running.pop()
        if trial.config["x"] % 3 == 2:
            return Failed(trial, FailureKind.CRASHED, "by design", TIMING)
        return Completed(trial, float(trial.config["x"]), TIMING)

    def recall(self):
        return []


class Queueing(Workers):
    """Workers with trials that wait for them: one begins whenever an outcome was returned."""

    def __init__(self, n, waiting):
        super().__init__(n)
        self.room, self.waiting, self.ran = waiting, deque(), []

    @property
    def n_free(self):
        return self.n + self.room - len(self.running) - len(self.waiting)

    def submit(self, trial):
        self.waiting.append(trial)
        self.begin()

    def begin(self):
        while self.waiting and len(self.running) < self.n:
            self.running.append(self.waiting.popleft())
            self.ran.append(self.running[-1].id)

    def wait(self, timeout):
        outcome = super().wait(timeout)
        if timeout:  # none comes at once after another
            self.begin()
            return outcome
        if outcome is not None:
            self.running.append(outcome.trial)
        return None

    def recall(self):
        back = list(self.waiting)
        self.waiting.clear()
        return back


class Shared(MemoryStore):
    """A store in which another job records `others` outcomes, one at each look."""

    def __init__(self, others):
        super().__init__()
        self.seen = 0
        self.queue = deque(
            Completed(self.trial({"x": -1 - i}), -1.0, TIMING) for i in range(others)
        )

    @property
    def count(self):
        return super().count + self.seen

    def new(self):
        self.seen += bool(self.queue)
        return [self.queue.popleft()] if self.queue else []


def ids(outcomes):
    return [outcome.trial.id for outcome in outcomes]


@given(n_trials=st.integers(0, 30), workers=st.integers(1, 8))
def test_records_exactly_the_trials_asked_for_failures_included(n_trials, workers):
    store, search = MemoryStore(), CountingSearch()
    summary = tune(search, Workers(workers), store, n_trials=n_trials)
    assert len(store.outcomes) == len(set(ids(store.outcomes))) == n_trials
    assert (summary.recorded, summary.evaluated, summary.stopped) == (n_trials, n_trials, False)
    assert search.asked == n_trials
    assert sum(isinstance(outcome, Failed) for outcome in store.outcomes) == n_trials // 3


@given(first=st.integers(0, 20), more=st.integers(0, 20), workers=st.integers(1, 5))
def test_resuming_tells_the_past_and_runs_only_the_rest(first, more, workers):
    store = MemoryStore()
    tune(CountingSearch(), Workers(workers), store, n_trials=first)
    resumed, continued = CountingSearch(), MemoryStore(store.outcomes)
    tune(resumed, Workers(workers), continued, n_trials=first + more)
    assert resumed.asked == more
    assert resumed.told == continued.outcomes
    assert len(set(ids(continued.outcomes))) == first + more


def test_every_worker_is_kept_busy_but_no_more_trials_start_than_are_wanted():
    busy = Workers(4)
    tune(CountingSearch(), busy, MemoryStore(), n_trials=9)
    assert busy.most_at_once == 4
    few = Workers(4)
    tune(CountingSearch(), few, MemoryStore(), n_trials=2)
    assert few.most_at_once == 2


def test_a_slow_search_hears_what_has_ended_before_it_proposes_for_the_other_free_workers():
    class Slow(CountingSearch):
        def ask(self):
            known.append(len(self.told))
            time.sleep(1.1 * LOOK_SECONDS)
            return super().ask()

    known = []
    tune(Slow(), Workers(4), MemoryStore(), n_trials=4)
    assert known == [0, 1, 2, 3]


def test_outcomes_are_recorded_together_before_the_search_hears_of_any():
    events = []

    class Store(MemoryStore):
        def append(self, *outcomes):
            events.append(("recorded", ids(outcomes)))
            return super().append(*outcomes)

    class Search(CountingSearch):
        def tell(self, outcome):
            events.append(("told", outcome.trial.id))

    shown = lambda outcome: events.append(("shown", outcome.trial.id))  # noqa: E731
    tune(Search(), Workers(2), Store(), n_trials=3, on_outcome=shown)
    two, first, _, second, _, one, third, _ = events
    assert two == ("recorded", [first[1], second[1]])
    assert one == ("recorded", [third[1]])
    assert [kind for kind, _ in events] == ["recorded", *["told", "shown"] * 2, "recorded",
                                            "told", "shown"]  # fmt: skip


def test_an_evaluator_that_breaks_takes_no_outcome_along():
    class Breaks(Workers):
        def wait(self, timeout):
            if len(self.running) == 1:
                raise ProblemError("no worker is left")
            return super().wait(timeout)

    store = MemoryStore()
    with pytest.raises(ProblemError, match="no worker is left"):
        tune(CountingSearch(), Breaks(3), store, n_trials=9)
    assert [each.trial.config["x"] for each in store.outcomes] == [2, 1]


def test_outcomes_of_other_jobs_are_told_and_counted_but_not_recorded_again():
    store, search = Shared(others=4), CountingSearch()
    summary = tune(search, Workers(1), store, n_trials=10)
    assert (summary.recorded, summary.evaluated) == (10, 6)
    assert len(store.outcomes) == 6
    assert len(search.told) == 10
    assert sum(outcome.trial.config["x"] < 0 for outcome in search.told) == 4


def test_when_others_finish_the_study_outcomes_already_there_are_still_recorded():
    store = Shared(others=3)
    summary = tune(CountingSearch(), Workers(4), store, n_trials=3)
    assert summary.evaluated == len(store.outcomes) == 2
    assert summary.recorded == 4


def test_stopping_starts_nothing_more_keeps_values_and_forgets_failures():
    """Of the four trials that end with the study, the third fails."""
    store, search = MemoryStore(), CountingSearch()
    summary = tune(search, Workers(4), store, n_trials=100, stop=lambda: search.asked >= 4)
    assert summary.stopped
    assert search.asked == 4
    assert [each.trial.config["x"] for each in store.outcomes] == [3, 1, 0]
    assert summary.evaluated == summary.recorded == len(search.told) == 3


@given(workers=st.integers(1, 4), waiting=st.integers(0, 6), after=st.integers(0, 12))
def test_a_job_that_closes_runs_what_has_begun_and_nothing_that_waits(workers, waiting, after):
    queueing, store, search = Queueing(workers, waiting), MemoryStore(), CountingSearch()
    closed = lambda _: len(store.outcomes) >= after  # noqa: E731
    summary = tune(search, queueing, store, n_trials=100, closing=closed)
    assert not summary.stopped
    assert sorted(ids(store.outcomes)) == sorted(queueing.ran)
    assert len(queueing.ran) <= after + workers
    assert len(store.running) == search.asked - len(queueing.ran) <= waiting
    again = MemoryStore(store.outcomes, list(store.running.values()))
    tune(CountingSearch(), Workers(1), again, n_trials=len(store.outcomes) + len(store.running))
    assert {each.trial.id for each in again.outcomes} == {*queueing.ran, *store.running}


def test_trials_taken_back_run_first_if_the_job_stays_open_after_all():
    queueing, store, search = Queueing(1, 3), MemoryStore(), CountingSearch()
    closed = lambda _: len(store.outcomes) == 2  # noqa: E731 - while one more ends
    tune(search, queueing, store, n_trials=10, closing=closed)
    assert queueing.ran == sorted(queueing.ran)
    assert len(store.outcomes) == 10
    assert store.running == {}


def test_stopping_leaves_running_trials_to_the_owner_of_the_evaluator():
    class Hanging(Workers):
        def wait(self, timeout):  # noqa: ARG002 - the port
            return None

    looks = iter([False, False, False, True])
    store, hanging = MemoryStore(), Hanging(2)
    summary = tune(CountingSearch(), hanging, store, n_trials=9, stop=lambda: next(looks, True))
    assert summary.stopped
    assert store.outcomes == []
    assert len(hanging.running) == 2


def test_a_search_with_nothing_left_ends_the_study_early_after_what_runs():
    class Slow(Workers):
        looks = 0

        def wait(self, timeout):
            self.looks += 1
            return None if self.looks % 3 else super().wait(timeout)

    store = MemoryStore()
    summary = tune(CountingSearch(size=5), Slow(3), store, n_trials=100)
    assert (summary.recorded, summary.stopped) == (5, False)
    assert len(store.outcomes) == 5


def test_a_finished_study_starts_no_trial():
    store = MemoryStore()
    tune(CountingSearch(), Workers(4), store, n_trials=5)
    search = CountingSearch()
    summary = tune(search, Workers(4), MemoryStore(store.outcomes), n_trials=5)
    assert (search.asked, summary.recorded, summary.evaluated) == (0, 5, 0)


def test_a_store_that_cannot_record_ends_the_loop_before_the_search_hears():
    class Full(MemoryStore):
        def append(self, *outcomes):  # noqa: ARG002 - the port
            raise OSError("no space")

    search = CountingSearch()
    with pytest.raises(OSError, match="no space"):
        tune(search, Workers(1), Full(), n_trials=3)
    assert search.told == []
