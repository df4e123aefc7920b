"""Who runs what: every trial is answered once, whatever workers do and in whatever order."""

from hypothesis import given
from hypothesis import strategies as st

from autotune.evaluators.mpi_dispatch import LOST_LIMIT, Dispatch
from autotune.trials import Trial

LOST_AFTER = 5.0
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["submit", "assign", "answer", "return", "silence", "wake", "break"]),
        st.integers(1, 4),
        st.integers(1, 3),
    ),
    max_size=60,
)


class Scene:
    """A manager with four workers that answer, return, fall silent and come back."""

    def __init__(self):
        self.dispatch, self.now, self.count = Dispatch(), 0.0, 0
        self.held = {rank: [] for rank in range(1, 5)}
        self.silent, self.broken, self.answered, self.given_up = set(), set(), [], []
        for rank in self.held:
            self.dispatch.join(rank, "host")

    def submit(self, _, number):
        for _ in range(number):
            self.dispatch.submit(Trial(str(self.count), {}))
            self.count += 1

    def assign(self, _, number):
        for chosen, trials in self.dispatch.assign(number).items():
            assert chosen not in self.broken
            self.held[chosen] += [trial.id for trial in trials]

    def answer(self, rank, number):
        if rank in self.silent | self.broken:
            return
        self.dispatch.heard(rank)
        trials = self.dispatch.answered(rank, self.held[rank][:number])
        self.answered += [trial.id for trial in trials if trial]
        del self.held[rank][:number]

    def return_(self, rank, _):
        if rank not in self.silent | self.broken:
            self.dispatch.heard(rank)
            self.dispatch.returned(rank, self.held[rank][1:])
            del self.held[rank][1:]

    def silence(self, rank, _):
        """All others give a sign, and time passes."""
        self.silent.add(rank)
        self.pass_time(2 * LOST_AFTER)

    def wake(self, rank, _):
        self.silent.discard(rank)
        self.dispatch.heard(rank)

    def break_(self, rank, _):
        if len(self.broken) < 3 and rank not in self.silent:
            self.broken.add(rank)
            self.dispatch.broken(rank)
            self.held[rank] = []

    def pass_time(self, seconds):
        for _ in range(int(seconds / 0.5)):
            self.now += 0.5
            for rank in set(self.held) - self.silent:
                self.dispatch.heard(rank)
            for silence in self.dispatch.look(self.now, lost_after=LOST_AFTER):
                assert silence.rank in self.silent
                self.given_up += [trial.id for trial in silence.given_up]


@given(STEPS)
def test_every_trial_is_answered_once_or_given_up_and_none_is_forgotten(steps):
    scene = Scene()
    for what, rank, number in steps:
        act = {"return": scene.return_, "break": scene.break_}.get(what) or getattr(scene, what)
        act(rank, number)
    for rank in scene.held:
        scene.wake(rank, 1)
    for _ in range(scene.count + 1):
        scene.assign(1, 1)
        for rank in scene.held:
            scene.answer(rank, 100)
    done = scene.answered + scene.given_up
    assert sorted(map(int, done)) == list(range(scene.count))
    assert scene.dispatch.open == 0


@given(st.integers(1, 40), st.integers(1, 5))
def test_no_worker_waits_while_another_has_two_and_none_has_more_than_its_slots(trials, slots):
    scene = Scene()
    scene.submit(1, trials)
    scene.assign(1, slots)
    held = [len(names) for names in scene.held.values()]
    assert sum(held) == min(trials, 4 * slots)
    assert max(held) <= slots
    assert min(held) > 0 or max(held) <= 1


@given(st.integers(1, 40), st.integers(1, 5))
def test_trials_that_no_worker_has_are_taken_back_and_the_others_answered(trials, slots):
    scene = Scene()
    scene.submit(1, trials)
    scene.assign(1, slots)
    back = scene.dispatch.recall()
    for rank in scene.held:
        scene.answer(rank, 100)
    assert sorted([trial.id for trial in back] + scene.answered) == sorted(map(str, range(trials)))
    assert scene.dispatch.open == 0
    assert scene.dispatch.recall() == []


def test_trials_go_out_in_the_order_in_which_they_came_returned_ones_first():
    scene = Scene()
    scene.submit(1, 12)
    scene.assign(1, 2)
    assert scene.held == {1: ["0", "1"], 2: ["2", "3"], 3: ["4", "5"], 4: ["6", "7"]}
    scene.return_(1, 1)
    scene.answer(2, 2)
    scene.assign(1, 2)
    assert scene.held[2][0] == "1"


def lose(scene, rank):
    scene.silence(rank, 1)
    scene.wake(rank, 1)


def test_a_trial_that_loses_worker_after_worker_is_given_up_and_those_behind_it_are_not():
    scene = Scene()
    scene.silent = {2, 3, 4}
    scene.submit(1, 2)
    for rank in (2, 3, 4):
        scene.dispatch.broken(rank)
    for lost in range(LOST_LIMIT):
        assert scene.given_up == []
        scene.assign(1, 2)
        assert scene.held[1] == ["0", "1"]
        scene.held[1] = []
        lose(scene, 1)
        assert scene.dispatch.open == (2 if lost < LOST_LIMIT - 1 else 1)
    assert scene.given_up == ["0"]


def test_a_manager_that_was_away_for_a_day_makes_no_worker_late():
    scene = Scene()
    scene.submit(1, 4)
    scene.assign(1, 1)
    scene.pass_time(1.0)
    assert scene.dispatch.look(scene.now + 86400.0, lost_after=LOST_AFTER) == []


def test_a_trial_that_its_silent_worker_answers_after_all_is_not_run_again():
    scene = Scene()
    scene.submit(1, 1)
    scene.assign(1, 1)
    lose(scene, 1)
    scene.answer(1, 1)
    assert scene.answered == ["0"]
    assert scene.dispatch.assign(1) == {}


def test_a_manager_whose_workers_are_all_lost_for_as_long_again_is_alone():
    scene = Scene()
    scene.submit(1, 4)
    scene.assign(1, 1)
    scene.silent = {1, 2, 3, 4}
    scene.pass_time(1.5 * LOST_AFTER)
    assert not scene.dispatch.alone(longer_than=LOST_AFTER)
    scene.pass_time(LOST_AFTER)
    assert not scene.dispatch.alone(longer_than=LOST_AFTER)
    scene.pass_time(LOST_AFTER)
    assert scene.dispatch.alone(longer_than=LOST_AFTER)
    scene.wake(1, 1)
    assert not scene.dispatch.alone(longer_than=LOST_AFTER)


def test_a_silent_worker_without_trials_is_nobodys_loss():
    scene = Scene()
    scene.silence(1, 1)
    assert scene.dispatch.usable == 4
