"""The native search: batches, resumed records, failures, local optima, many outcomes."""

import numpy as np
import pytest
from ConfigSpace import Categorical, ConfigurationSpace, Float, Integer

from autotune import problem_file
from autotune.problem import Problem
from autotune.search import factory
from autotune.search.codec import Codec, key
from autotune.search.native.hyper import Data
from autotune.search.native.search import NativeSearch
from autotune.search.native.surrogate import kept, learn, surrogate
from autotune.search.settings import SearchSettings
from autotune.trials import Completed, Failed, FailureKind, Timing, Trial

NOW = Timing(0.0, "w0", 0.0, 0.0)


def completed(config, value):
    return Completed(Trial("t", config), float(value), NOW)


def failed(config):
    return Failed(Trial("t", config), FailureKind.CRASHED, "boom", NOW)


def mixed(objective):
    space = ConfigurationSpace()
    space.add(
        Float("x", (0.0, 1.0)),
        Float("y", (1e-3, 1.0), log=True),
        Integer("n", (1, 64), log=True),
        Categorical("c", ["a", "b", "c"]),
    )
    return Problem(name="mixed", summary="", space=space, objective=objective)


def bowl(c):
    return (
        (c["x"] - 0.3) ** 2
        + 0.1 * (np.log10(c["y"]) + 1.5) ** 2
        + 0.05 * np.log2(c["n"] / 8) ** 2
        + 0.3 * (c["c"] != "b")
    )


def play(search, objective, n, *, goal=-np.inf):
    """So many trials, or fewer if one is below the goal."""
    configs = []
    for _ in range(n):
        configs.append(search.ask())
        value = objective(configs[-1])
        search.tell(completed(configs[-1], value))
        if value < goal:
            break
    return configs


@pytest.mark.parametrize("seed", [0, pytest.param(1, marks=pytest.mark.long)])
@pytest.mark.long
def test_it_refines_a_mixed_bowl_to_five_digits_in_fifty_trials(seed):
    problem = mixed(bowl)
    configs = play(NativeSearch(problem, SearchSettings(seed=seed)), bowl, 50, goal=1e-5)
    best = min(configs, key=bowl)
    assert (best["n"], best["c"]) == (8, "b")
    assert bowl(best) < 1e-5


@pytest.mark.long
def test_the_moe_problem_is_solved_to_a_hundred_thousandth_in_sixty_trials():
    problem = problem_file.load("moe_budget", {})
    exact = problem.best_known().value
    search, goal = factory.search(problem, SearchSettings(seed=1)), exact * (1 + 1e-5)

    def loss(config):
        return problem.objective(config)["objective"]

    configs = play(search, loss, 60, goal=goal)
    assert loss(configs[-1]) < goal  # the grid of layouts ends a little above the optimum


def test_resuming_with_running_trials_gives_the_same_next_point():
    """Outcomes told in one order, and the same trials pending, whatever was asked in between."""
    chosen = SearchSettings(seed=4, initial_points=6)
    first, outcomes = NativeSearch(mixed(bowl), chosen), []
    for _ in range(30):
        config = first.ask()
        outcomes.append(completed(config, bowl(config)))
        first.tell(outcomes[-1])
    running = [first.ask() for _ in range(5)]
    resumed = NativeSearch(mixed(bowl), chosen)
    for outcome in outcomes:
        resumed.tell(outcome)
    assert [resumed.ask() for _ in range(5)] == running


def test_a_batch_spreads_over_the_space_and_never_repeats():
    search = NativeSearch(mixed(bowl), SearchSettings(seed=0))
    play(search, bowl, 20)
    batch = [search.ask() for _ in range(16)]
    assert len({key(config) for config in batch}) == 16
    xs = np.array([config["x"] for config in batch])
    assert np.ptp(xs) > 0.05


@pytest.mark.long
def test_most_trials_leave_a_place_where_little_is_left_to_gain():
    """Two wells in four dimensions, of which the nearer one to most starts is the shallower."""

    def wells(c):
        p = np.array([c[name] for name in "abcd"])
        first = -1.0 * np.exp(-8 * ((p - 0.25) ** 2).sum())
        return first - 1.1 * np.exp(-8 * ((p - 0.8) ** 2).sum())

    space = ConfigurationSpace()
    space.add(*(Float(name, (0.0, 1.0)) for name in "abcd"))
    problem = Problem(name="wells", summary="", space=space, objective=wells)
    found = 0
    for seed in range(3):
        configs = play(NativeSearch(problem, SearchSettings(seed=seed)), wells, 70, goal=-1.09)
        found += min(map(wells, configs)) < -1.09
    assert found == 3  # without going elsewhere, 2


def test_a_failure_is_no_value_and_makes_its_surroundings_less_likely():
    rng = np.random.default_rng(0)
    x = rng.random((40, 2))
    ended = (x[:, 0] < 0.6).astype(float)
    owner = np.arange(2)
    data = Data(x[ended == 1], np.sin(5 * x[ended == 1, 1]), owner)
    model = surrogate(
        learn(data, Data(x, ended, owner)), data, Data(x, ended, owner), cautious=False
    )
    good, bad = model.log_success(np.array([[0.2, 0.5], [0.95, 0.5]]))
    assert good > -0.1
    assert bad < -3
    assert len(model.process.y) == int(ended.sum())


def test_every_trial_failing_ends_nothing():
    search = NativeSearch(mixed(bowl), SearchSettings(seed=0, initial_points=3))
    seen = set()
    for _ in range(15):
        config = search.ask()
        seen.add(key(config))
        search.tell(failed(config))
    assert len(seen) == 15


def test_noise_does_not_make_it_repeat_or_stop():
    rng = np.random.default_rng(0)
    search = NativeSearch(mixed(bowl), SearchSettings(seed=0))
    configs = play(search, lambda c: bowl(c) + 0.02 * rng.standard_normal(), 60)
    assert len({key(config) for config in configs}) == 60
    assert bowl(min(configs, key=bowl)) < 0.02


@pytest.mark.long
def test_a_large_record_is_searched_on_its_best_and_some_others():
    y = np.random.default_rng(0).random(3000)
    rows = kept(y, 500, seed=0)
    assert len(rows) == 500
    assert set(np.argsort(y)[:125]) <= set(rows)
    assert (rows == kept(y, 500, seed=0)).all()
    search = NativeSearch(mixed(bowl), SearchSettings(seed=0))
    for config in mixed(bowl).space.sample_configuration(1200):
        plain = Codec(mixed(bowl).space).decode(Codec(mixed(bowl).space).encode(dict(config)))
        search.tell(completed(plain, bowl(plain)))
    assert bowl(search.ask()) < 0.05


@pytest.mark.parametrize("seed", [0, pytest.param(1, marks=pytest.mark.long)])
def test_thompson_sampling_finds_a_mixed_bowl(seed):
    problem = mixed(bowl)
    search = factory.search(problem, SearchSettings(seed=seed, acq="TS"))
    assert type(search) is NativeSearch
    assert min(map(bowl, play(search, bowl, 60))) < 1e-2


def test_running_trials_need_no_lie_to_get_different_paths():
    problem = mixed(bowl)
    search = factory.search(problem, SearchSettings(seed=1, acq="TS"))
    play(search, bowl, 14)
    asked = [search.ask() for _ in range(8)]
    assert len({tuple(config.values()) for config in asked}) == 8
    again = factory.search(problem, SearchSettings(seed=1, acq="TS"))
    play(again, bowl, 14)
    assert [again.ask() for _ in range(8)] == asked
