"""Random schedules of faults: what was acknowledged is there once, and the count is exact.

Jobs run in this process over real journals; a killed one simply goes no further. Real processes
are killed in test_survival.py and tests/cli/test_tune_stop.py.
"""

import random
import resource
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from ConfigSpace import ConfigurationSpace, Float, Integer

from autotune.errors import StoreError
from autotune.problem import Problem
from autotune.search import factory
from autotune.search.settings import SearchSettings
from autotune.store.journal import JournalStore
from autotune.store.lease import JobRun, Pace
from autotune.store.ledger import MOST_DEATHS
from autotune.store.study import Header, read
from autotune.trials import Completed, Failed, FailureKind, Timing
from autotune.tuning import tune

SCHEDULES = 100
MOST_FAULTS = 6
FAULTS = ("kill", "torn", "disk", "stop", "close", "stall", "beside", "elsewhere")


class Killed(BaseException):
    """The job goes no further: nothing is closed, nothing is said."""


def objective(config):
    return (config["x"] - 0.3) ** 2 + config["k"]


def problem():
    space = ConfigurationSpace()
    space.add(Float("x", (0, 1)), Integer("k", (0, 3)))
    return Problem(name="p", summary="", space=space, objective=objective)


@dataclass
class World:
    """What outlives jobs: the study's folder, the clock, and what was acknowledged."""

    folder: Path
    chance: random.Random
    n_trials: int
    now: float = 0.0
    jobs: int = 0
    acknowledged: dict = field(default_factory=dict)

    def job(self, fault, *, name="job", beside=None):
        """Run a job until it is done or its fault comes; whether it came to an end in order."""
        self.jobs += 1
        pace = Pace(beat=float("inf"), clock=lambda: self.now)
        run = JobRun("elsewhere" if fault == "elsewhere" else name, self.jobs)
        store = JournalStore.open(self.folder, Header(problem="p"), start={}, job=run, pace=pace)
        workers = Workers(self, self.chance.randint(1, 4), fault, store)
        search = factory.search(problem(), SearchSettings(learner="random", seed=1))
        limit = resource.getrlimit(resource.RLIMIT_FSIZE)
        if fault == "disk":  # a limit on the size of files: it too takes a part of a line
            full = (self.folder / f"journal-{store.writer}.jsonl").stat().st_size
            more = self.chance.randint(0, 1500)
            resource.setrlimit(resource.RLIMIT_FSIZE, (full + more, limit[1]))
        try:
            tune(
                search, workers, store, n_trials=self.n_trials, on_outcome=self.acknowledge,
                stop=lambda: workers.over if fault == "stop" else beside is not None and beside(),
                closing=lambda _: fault == "close" and workers.over,
            )  # fmt: skip
        except Killed:
            self.leave(store, torn=fault == "torn")
            return
        except StoreError as error:
            if fault != "disk" or "was not recorded" not in str(error):
                raise
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limit)
        store.close()

    def acknowledge(self, outcome):
        assert outcome.trial.id not in self.acknowledged
        self.acknowledged[outcome.trial.id] = outcome

    def leave(self, store, *, torn):
        """What a killed job leaves: perhaps a part of a line."""
        if torn:
            with (self.folder / f"journal-{store.writer}.jsonl").open("ab") as file:
                file.write(
                    b'{"trial": "0001-0000", "config": {"x": 0.25'[: self.chance.randint(1, 40)]
                )


class Workers:
    """Workers that finish in any order, may lose a trial, and have their job's fault."""

    def __init__(self, world, n, fault, store):
        self.world, self.n, self.fault, self.store = world, n, fault, store
        self.running = []
        self.left = world.chance.randint(0, 2 * world.n_trials) if fault else -1

    @property
    def over(self):
        return self.left <= 0

    @property
    def n_free(self):
        return self.n - len(self.running)

    def submit(self, trial):
        self.strike()
        self.running.append(trial)

    def wait(self, timeout):
        self.strike()
        world = self.world
        world.now += timeout if self.running else 5.0  # waiting for others is quickly over
        if not self.running:
            return None
        trial = self.running.pop(world.chance.randrange(len(self.running)))
        timing = Timing(1.0, "w", world.now - 1, world.now)
        if int(1e6 * trial.config["x"]) % 10 == 0:  # of the objective's own doing
            return Failed(trial, FailureKind.KILLED, "its process was killed", timing)
        return Completed(trial, objective(trial.config), timing)

    def recall(self):
        return []

    def strike(self):
        """Let the fault come when its moment has."""
        self.left -= 1
        if self.left:
            return
        if self.fault in ("kill", "torn", "elsewhere"):
            raise Killed
        if self.fault == "stall":  # its clock stands still while another job goes on to the end
            self.world.job(None, name="other")
        if self.fault == "beside":  # another job joins, and leaves again, while this one runs
            waits = iter(range(self.world.chance.randint(1, 40)))
            self.world.job(None, name="other", beside=lambda: next(waits, None) is None)


def schedule(folder, seed):
    """A study that faults interrupt until one job gets through."""
    chance = random.Random(seed)
    world = World(folder, chance, chance.randint(3, 20))
    for _ in range(chance.randint(1, MOST_FAULTS)):
        world.job(chance.choice(FAULTS))
    world.job(None)
    return world


@pytest.mark.parametrize("seed", range(SCHEDULES))
def test_after_any_faults_what_was_acknowledged_is_there_once_and_the_count_is_exact(
    tmp_path, seed
):
    world = schedule(tmp_path / "s", seed)
    study = read(tmp_path / "s")
    recorded = {outcome.trial.id: outcome for outcome in study.outcomes}
    assert len(study.outcomes) == len(recorded) == world.n_trials
    assert study.running == study.interrupted == []
    for trial_id, outcome in world.acknowledged.items():
        assert recorded[trial_id] == outcome
    configs = [tuple(sorted(each.trial.config.items())) for each in study.outcomes]
    assert len(set(configs)) == len(configs)
    values = [objective(each.trial.config) for each in study.completed]
    assert [each.value for each in study.completed] == values
    assert (study.best.value if study.best else None) == min(values, default=None)
    lost = [each for each in study.outcomes if getattr(each, "kind", "") == "worker lost"]
    assert all(each.trial.attempt > MOST_DEATHS for each in lost)


@pytest.mark.parametrize("learner", ["random", "GP"])
def test_a_single_worker_that_is_killed_and_resumed_ends_with_the_undisturbed_study(
    tmp_path, learner
):
    """Whatever is killed: the same configurations, in the same order."""

    def studied(folder, kills):
        world = World(folder, random.Random(0), 16)
        for at in [*kills, -1]:
            world.jobs += 1
            run = JobRun("job", world.jobs)
            pace = Pace(beat=float("inf"))
            store = JournalStore.open(folder, Header(problem="p"), start={}, job=run, pace=pace)
            workers = Workers(world, 1, "kill", store)
            workers.left = at
            search = factory.search(problem(), SearchSettings(learner=learner, seed=3))
            try:
                tune(search, workers, store, n_trials=16)
            except Killed:
                continue
            store.close()
        return [outcome.trial.config for outcome in read(folder).outcomes]

    whole = studied(tmp_path / "whole", [])
    assert len(whole) == 16
    assert studied(tmp_path / "parts", [1, 2, 6, 9, 12]) == whole
