"""The desk gives each trial to one worker at a time, and loses nothing that it was told."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autotune.desk import MOST_LEASES, Desk
from autotune.errors import InputError, StoreError
from autotune.store.memory import MemoryStore
from autotune.trials import Completed, Failed, Timing, Trial

LEASE = 10.0


class Counting:
    """A search that proposes 0, 1, 2, ... and remembers what it was told."""

    def __init__(self, most=10**9):
        self.asked, self.most, self.told, self.pended = 0, most, [], []

    def ask(self):
        if self.asked == self.most:
            return None
        self.asked += 1
        return {"x": self.asked - 1}

    def tell(self, outcome):
        self.told.append(outcome)

    def pending(self, trial):
        self.pended.append(trial)


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


class Office:
    """A desk, what it is made of, and calls of it by the names of workers."""

    def __init__(self, n_trials=100, store=None, search=None):
        self.store, self.search = store or MemoryStore(), search or Counting()
        self.clock = Clock()
        self.desk = Desk(self.search, self.store, n_trials, lease_seconds=LEASE, clock=self.clock)

    def ask(self, worker, n=1, holding=None):
        return list(self.desk.ask(worker, n, holding=holding).trials)

    def tell(self, worker, *trials):
        return self.desk.tell([outcome(trial, worker) for trial in trials])


def outcome(trial, worker):
    return Completed(trial, float(trial.config["x"]), Timing(1.0, worker, 0.0, 1.0))


STEPS = st.lists(
    st.tuples(st.sampled_from("ABC"), st.sampled_from(["ask", "tell", "again", "die", "wait"])),
    max_size=80,
)


@given(STEPS)
def test_no_trial_is_with_two_workers_within_a_lease_and_no_telling_is_lost(steps):
    office, held, given_out = Office(n_trials=12), {w: {} for w in "ABC"}, {}
    told = []
    for worker, step in steps:
        mine = held[worker]
        if step == "ask":
            for trial in office.ask(worker, 2, holding=list(mine)):
                others_until = given_out.get(trial.id, (None, -1.0))
                assert others_until[0] in (None, worker) or others_until[1] <= office.clock.now
                mine[trial.id] = trial
            for name in mine:
                if name not in office.desk.ask(worker, 0, holding=[name]).lost:
                    given_out[name] = (worker, office.clock.now + LEASE)
        elif step in ("tell", "again") and mine:
            trial = next(iter(mine.values()))
            told.append((trial, worker))
            office.tell(worker, trial)
            if step == "tell":
                del mine[trial.id]
        elif step == "die":
            mine.clear()
        elif step == "wait":
            office.clock.now += 0.6 * LEASE
    kept = [*office.store.outcomes, *office.store.again]
    for trial, worker in told:
        assert outcome(trial, worker) in kept
    ids = [each.trial.id for each in office.store.outcomes]
    assert len(ids) == len(set(ids)) <= 12
    assert office.search.told == office.store.outcomes
    assert len({str(each.trial.config) for each in office.store.outcomes}) == len(ids)


def test_a_telling_that_is_repeated_has_the_same_receipt_and_writes_nothing():
    office = Office()
    (trial,) = office.ask("A")
    (first,) = office.tell("A", trial)
    again, twice = office.tell("A", trial, trial)
    assert (first.counted, first.repeated) == (True, False)
    assert again == twice
    assert (again.counted, again.repeated) == (True, True)
    assert (len(office.store.outcomes), office.store.again) == (1, [])


def test_a_worker_that_is_silent_for_a_lease_loses_its_trial_to_the_next_as_another_attempt():
    office = Office()
    (trial,) = office.ask("A")
    assert office.ask("B") != [trial]
    office.clock.now = LEASE
    assert office.ask("B") == [Trial(trial.id, trial.config, 2)]
    assert office.desk.ask("A", 0, holding=[trial.id]).lost == [trial.id]
    (late,) = office.tell("A", trial)
    assert late.counted
    (second,) = office.tell("B", Trial(trial.id, trial.config, 2))
    assert not second.counted
    assert [each.trial.attempt for each in office.store.again] == [2]


def test_what_a_worker_gives_back_goes_to_the_next_at_once_and_says_nothing_against_it():
    office = Office(n_trials=2)
    first, second = office.ask("A", 2)
    for attempt in range(2, MOST_LEASES + 2):
        assert office.desk.release("B", [first.id]) == []
        assert office.desk.release("A", [first.id, second.id, "none"]) == [first.id, second.id]
        assert office.desk.ask("A", 0, holding=[first.id]).lost == [first.id]
        assert office.ask("A", 2) == [
            Trial(each.id, each.config, attempt) for each in (first, second)
        ]
    assert office.store.outcomes == []
    office.desk.release("A", [first.id])
    assert office.tell("A", first)[0].counted  # it was finished after all
    assert office.ask("B") == []


def test_a_trial_that_cannot_be_given_out_again_now_is_so_later():
    office = Office(n_trials=2)
    first, second = office.ask("A", 2)
    office.desk.release("A", [first.id])
    office.store.retry, works = broken, office.store.retry
    with pytest.raises(StoreError):
        office.ask("B")
    office.clock.now = LEASE
    office.store.retry = works
    assert [each.id for each in office.ask("B", 2)] == [first.id, second.id]


def broken(*_):
    raise StoreError("the disk is full.")


def test_asking_renews_what_the_worker_says_it_holds_and_hands_what_got_lost_on_the_way_again():
    office = Office()
    first, second = office.ask("A", 2)
    office.clock.now = 0.9 * LEASE
    assert office.ask("A", 1, holding=[first.id]) == [second]
    office.clock.now = 1.5 * LEASE
    assert office.ask("B")[0].id not in (first.id, second.id)


def test_a_trial_whose_workers_all_vanish_fails_as_lost():
    office = Office(n_trials=1)
    for _ in range(MOST_LEASES):
        assert len(office.ask("A")) == 1
        office.clock.now += LEASE
    handed = office.desk.ask("B", 1)
    assert (handed.trials, handed.over) == ([], True)
    (failed,) = office.store.outcomes
    assert isinstance(failed, Failed)
    assert failed.kind == "worker lost"


def test_what_another_desk_left_is_given_out_only_after_a_lease_unless_its_worker_renews_it():
    first = Office()
    trials = first.ask("A", 2)
    second = Office(n_trials=2, store=MemoryStore(interrupted=trials))
    assert second.ask("B") == []
    second.clock.now = 0.9 * LEASE
    assert second.desk.ask("A", 0, holding=[trials[0].id]).lost == []
    second.clock.now = 1.1 * LEASE
    assert second.ask("B", 2) == [Trial(trials[1].id, trials[1].config, 2)]
    assert second.tell("A", second.desk.trial(trials[0].id, 1))[0].counted


def test_a_study_is_over_when_it_has_its_trials_or_the_space_has_no_more():
    office = Office(n_trials=2)
    trials = office.ask("A", 5)
    assert len(trials) == 2
    assert not office.desk.ask("B", 1).over
    office.tell("A", *trials)
    assert office.desk.ask("B", 1).over
    office.desk.extend(3)
    assert len(office.ask("B", 5)) == 1
    small = Office(search=Counting(most=1))
    small.tell("A", *small.ask("A", 9))
    assert small.desk.ask("A", 1).over


def test_an_outcome_of_a_trial_that_was_never_handed_out_is_refused():
    with pytest.raises(InputError, match=r"no trial 'm-9' was handed out\. Tell outcomes"):
        Office().desk.trial("m-9", 1)


class Stumbling(MemoryStore):
    """A store that fails in the middle: at the second outcome of one batch, at one beginning."""

    stumbles = True
    full = False

    def append(self, *outcomes):
        if self.stumbles and len(outcomes) > 1:
            self.stumbles = False
            super().append(outcomes[0])
            raise StoreError("disk full")
        return super().append(*outcomes)

    def begin(self, trial, n_trials):
        if self.full:
            raise StoreError("disk full")
        self.full = True
        return super().begin(trial, n_trials)


def test_outcomes_of_which_a_failing_store_kept_some_may_be_told_again_and_are_learned_once():
    office = Office(n_trials=2, store=Stumbling())
    office.store.full = None
    office.store.begin = MemoryStore.begin.__get__(office.store)
    trials = office.ask("A", 2)
    with pytest.raises(StoreError):
        office.tell("A", *trials)
    receipts = office.tell("A", *trials)
    assert [each.counted for each in receipts] == [True, True]
    assert len(office.search.told) == office.desk.recorded == 2
    assert office.desk.ask("A", 1).over


def test_a_trial_that_was_begun_before_the_store_failed_is_handed_out_when_asked_again():
    office = Office(store=Stumbling())
    with pytest.raises(StoreError):
        office.ask("A", 2, holding=[])
    (trial,) = office.ask("A", 1, holding=[])
    assert trial.config == {"x": 0}
