"""What every store owes the loop."""

import pytest

from autotune.ports import Beginning
from autotune.store.journal import JournalStore
from autotune.store.memory import MemoryStore
from autotune.store.storage import storage_of
from autotune.store.study import Header
from autotune.trials import Completed, Failed, FailureKind, Timing, Trial


class Journals:
    """Stores on one folder."""

    def __init__(self, folder):
        self.folder = folder
        self.open = []

    def again(self):
        """A new store that continues where the earlier ones ended."""
        self.close()
        self.open.append(JournalStore.open(self.folder, Header(problem="p"), start={}))
        return self.open[-1]

    def close(self):
        for store in self.open:
            store.close()
        self.open.clear()


class Memories:
    """Stores in memory, each continuing with the outcomes of the last."""

    def __init__(self, _):
        self.last = MemoryStore()

    def again(self):
        left = [*self.last.running.values(), *self.last.interrupted]
        self.last = MemoryStore(self.last.outcomes, sorted(left, key=lambda trial: trial.id))
        return self.last

    def close(self):
        pass


class Rows:
    """Stores on a PostgreSQL server."""

    def __init__(self, storage, study):
        self.storage, self.study = storage, study
        self.open = []

    def again(self):
        """A new store that continues where the earlier ones ended."""
        self.close()
        self.open.append(self.storage.join(self.study, Header(problem="p"), start={}))
        return self.open[-1]

    def close(self):
        for store in self.open:
            store.close()
        self.open.clear()


@pytest.fixture(scope="module")
def server(postgres_url):
    storage = storage_of(postgres_url)
    yield storage
    storage.close()


@pytest.fixture(params=["journals", "memory", "postgres"])
def stores(request, tmp_path):
    made = {
        "journals": lambda: Journals(tmp_path),
        "memory": lambda: Memories(tmp_path),
        "postgres": lambda: Rows(request.getfixturevalue("server"), f"study-{tmp_path.name}"),
    }[request.param]()
    yield made
    made.close()


def outcome(trial, *, fails=False):
    timing = Timing(0.25, "w1", 10.0, 10.25)
    if fails:
        return Failed(trial, FailureKind.OUT_OF_MEMORY, "80 GiB", timing, "log\nof it")
    return Completed(trial, 1 / 3, timing, {"n_active": 1e9})


@pytest.mark.xdist_group("postgres")
class TestStore:
    def test_a_new_store_has_nothing(self, stores):
        assert list(stores.again().new()) == []

    def test_what_was_appended_is_there_for_the_next_store_in_order(self, stores):
        store = stores.again()
        store.new()
        kept = [outcome(store.trial({"x": i, "name": "é"}), fails=i == 1) for i in range(3)]
        for each in kept:
            store.append(each)
        assert list(stores.again().new()) == kept

    def test_new_returns_nothing_twice_and_nothing_of_its_own(self, stores):
        first = stores.again()
        first.append(outcome(first.trial({"x": 0})))
        assert list(first.new()) == []
        second = stores.again()
        assert len(second.new()) == 1
        second.append(outcome(second.trial({"x": 1})))
        assert list(second.new()) == []

    def test_ids_are_given_once_over_all_stores(self, stores):
        ids = []
        for _ in range(3):
            store = stores.again()
            store.new()
            for i in range(3):
                trial = store.trial({"x": i})
                assert trial.config == {"x": i}
                store.append(outcome(trial))
                ids.append(trial.id)
        assert len(set(ids)) == 9

    def test_a_trial_that_was_begun_and_not_recorded_runs_again_once_as_the_next_attempt(
        self, stores
    ):
        first = stores.again()
        trials = [first.trial({"x": i}) for i in range(3)]
        assert [first.begin(each, 9) for each in trials] == [Beginning.BEGUN] * 3
        first.append(outcome(trials[1]))
        assert first.resume() is None  # they run
        second = stores.again()
        assert [each.trial for each in second.new()] == [trials[1]]
        assert second.begun() == [trials[0], trials[2]]
        assert list(second.begun()) == []
        assert second.resume() == Trial(trials[0].id, {"x": 0}, 2)
        second.append(outcome(Trial(trials[0].id, {"x": 0}, 2)))
        third = stores.again()
        third.new()
        assert third.resume() == Trial(trials[2].id, {"x": 2}, 2)
        assert third.resume() is None

    def test_the_count_is_of_trials_that_are_recorded_run_or_were_interrupted(self, stores):
        first = stores.again()
        for i in range(4):
            trial = first.trial({"x": i})
            first.begin(trial, 9)
            assert first.count == i + 1
            if i % 2:
                first.append(outcome(trial, fails=i == 3))
                assert first.count == i + 1
        second = stores.again()
        second.new()
        assert second.count == 4
        second.resume()
        assert second.count == 4

    def test_a_trial_counts_once_though_two_outcomes_of_it_are_appended_together_or_later(
        self, stores
    ):
        store = stores.again()
        trial = store.trial({"x": 0})
        both = [outcome(trial), outcome(Trial(trial.id, {"x": 0}, 2))]
        assert list(store.append(*both)) == [True, False]
        assert list(store.append(both[1])) == [False]
        assert list(stores.again().new()) == both[:1]

    def test_only_trials_that_may_be_resumed_are_and_a_retry_is_the_next_attempt(self, stores):
        first = stores.again()
        trials = [first.trial({"x": i}) for i in range(2)]
        for trial in trials:
            first.begin(trial, 9)
        second = stores.again()
        second.new()
        assert second.resume(lambda trial: trial.config["x"] > 1) is None
        resumed = second.resume(lambda trial: trial.config["x"] > 0)
        assert resumed == Trial(trials[1].id, {"x": 1}, 2)
        assert second.retry(resumed) == Trial(trials[1].id, {"x": 1}, 3)
        assert second.count == 2
