"""The search on forests: same record, same point; batches, failures, every kind of space."""

import json
import subprocess
import sys

import numpy as np
import pytest

from autotune.search import factory
from autotune.search.codec import Codec, key
from autotune.search.native.forest_search import ForestSearch
from autotune.search.settings import LIARS, SearchSettings
from autotune.trials import Failed, FailureKind, Trial

from ..conftest import small_problem
from .test_native_search import NOW, bowl, completed, failed, mixed, play

FORESTS = ("RF", "ET", "GBRT")
WITH_LIARS = [*((name, "believer") for name in FORESTS), *(("ET", liar) for liar in LIARS[1:])]


def chosen(learner, **changes):
    return SearchSettings(**({"learner": learner, "seed": 4, "initial_points": 6} | changes))


@pytest.mark.parametrize("learner", FORESTS)
def test_the_native_engine_has_forests_of_its_own(learner):
    assert type(factory.search(mixed(bowl), chosen(learner))) is ForestSearch


@pytest.mark.parametrize(("learner", "liar"), WITH_LIARS)
def test_resuming_with_running_trials_gives_the_same_next_point(learner, liar):
    """Outcomes told in one order, and the same trials pending, whatever was asked in between.

    There are enough outcomes for trees of different ages.
    """
    problem = mixed(bowl)
    first = ForestSearch(problem, chosen(learner, liar=liar))
    codec = Codec(problem.space)
    random = codec.snap(np.random.default_rng(0).random((36, 4)))
    outcomes = [completed(config, bowl(config)) for config in map(codec.decode, random)]
    for outcome in outcomes:
        first.tell(outcome)
    for n in range(10):
        config = first.ask()
        outcomes.append(failed(config) if n % 8 == 7 else completed(config, bowl(config)))
        first.tell(outcomes[-1])
    running = [first.ask() for _ in range(4)]
    resumed = ForestSearch(problem, chosen(learner, liar=liar))
    for outcome in outcomes:
        resumed.tell(outcome)
    assert [resumed.ask() for _ in range(4)] == running


PROCESS = """
import json, sys
sys.path[:0] = json.loads(sys.argv[1])
from tests.search.native.test_forest_search import asked
print(json.dumps({learner: asked(learner) for learner in sys.argv[2:]}))
"""


def asked(learner):
    search = factory.search(mixed(bowl), chosen(learner))
    play(search, bowl, 12)
    return [search.ask() for _ in range(3)]


@pytest.mark.long
def test_another_process_proposes_the_same_to_the_last_bit():
    learners = ["GP", *FORESTS]
    done = subprocess.run(
        [sys.executable, "-c", PROCESS, json.dumps(sys.path), *learners],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert json.loads(done.stdout) == {learner: asked(learner) for learner in learners}


@pytest.mark.parametrize("learner", ["RF", "ET", pytest.param("GBRT", marks=pytest.mark.long)])
def test_a_mixed_bowl_is_refined_beyond_what_random_trials_find(learner):
    """Random trials end at a median of 0.06."""
    ends = []
    for seed in range(3):
        configs = play(ForestSearch(mixed(bowl), chosen(learner, seed=seed)), bowl, 30)
        ends.append(min(map(bowl, configs)))
    assert np.median(ends) < 0.03


@pytest.mark.parametrize(("learner", "liar"), WITH_LIARS)
def test_a_batch_never_repeats_and_spreads_over_the_space(learner, liar):
    search = ForestSearch(mixed(bowl), chosen(learner, liar=liar))
    play(search, bowl, 20)
    batch = [search.ask() for _ in range(12)]
    assert len({key(config) for config in batch}) == 12
    assert np.ptp([config["x"] for config in batch]) > 0.05


@pytest.mark.parametrize("learner", FORESTS)
def test_a_region_that_crashes_is_left(learner):
    """Everything with x > 1/2 crashes, and the objective falls towards it."""
    problem = small_problem(objective=lambda c: -c["x"], constraints=())
    search = ForestSearch(problem, chosen(learner, seed=0))
    crashes = []
    for _ in range(26):
        config = search.ask()
        crashes.append(config["x"] > 0.5)
        end = failed(config) if crashes[-1] else completed(config, -config["x"])
        search.tell(end)
    assert sum(crashes[-12:]) < 6


@pytest.mark.parametrize("learner", FORESTS)
def test_failed_trials_have_no_value_in_the_forest(learner):
    """Crashes far off leave every value, and so the best place, where it was."""
    search = ForestSearch(mixed(bowl), chosen(learner))
    configs = play(search, bowl, 30)
    best = min(configs, key=bowl)
    for n in range(2, 8):
        crash = {"x": 0.99, "y": 0.9, "n": 60 + n % 4, "c": "a"}
        search.tell(Failed(Trial(f"f{n}", crash), FailureKind.CRASHED, "boom", NOW))
    after = [search.ask() for _ in range(5)]
    assert np.median([abs(config["x"] - best["x"]) for config in after]) < 0.3


@pytest.mark.parametrize("learner", FORESTS)
def test_a_constant_and_a_huge_objective_are_survived(learner):
    for value in (1.0, 1e300, -1e300):
        configs = play(ForestSearch(mixed(bowl), chosen(learner)), lambda _, v=value: v, 10)
        assert len({key(config) for config in configs}) == 10


@pytest.mark.parametrize("learner", FORESTS)
def test_a_constant_objective_is_explored_all_over(learner):
    search = ForestSearch(mixed(bowl), chosen(learner))
    play(search, lambda _: 1.0, 10)
    xs = [search.ask()["x"] for _ in range(15)]
    assert min(xs) < 0.3
    assert max(xs) > 0.7


@pytest.mark.parametrize("learner", FORESTS)
def test_every_trial_failing_ends_nothing(learner):
    search, seen = ForestSearch(mixed(bowl), chosen(learner)), set()
    for _ in range(12):
        config = search.ask()
        seen.add(key(config))
        search.tell(failed(config))
    assert len(seen) == 12
