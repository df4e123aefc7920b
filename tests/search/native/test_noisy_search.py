"""Searches told how noisy values are, and several values of one configuration."""

from dataclasses import replace

import numpy as np
import pytest
from ConfigSpace import ConfigurationSpace, Float, Integer

from autotune.errors import InputError
from autotune.problem import Problem
from autotune.search import factory
from autotune.search.native.search import SETTLED, NativeSearch
from autotune.search.noise import Noise
from autotune.search.settings import SearchSettings
from autotune.trials import Completed, Failed, FailureKind, Timing, Trial

NOW = Timing(0.0, "w0", 0.0, 0.0)


def bowl(c):
    return (c["x"] - 0.3) ** 2 + 0.5 * (c["y"] - 0.6) ** 2 + 0.02 * (c["n"] - 5) ** 2


def problem(**changes):
    space = ConfigurationSpace()
    space.add(Float("x", (0.0, 1.0)), Float("y", (0.0, 1.0)), Integer("n", (1, 9)))
    return Problem(name="noisy", summary="", space=space, objective=bowl, **changes)


def completed(config, value, **metrics):
    return Completed(Trial("t", config), float(value), NOW, metrics)


def play(search, n, *, sd=0.05, **metrics):
    rng = np.random.default_rng(0)
    outcomes = []
    for _ in range(n):
        config = search.ask()
        value = bowl(config) + sd * rng.standard_normal()
        outcomes.append(completed(config, value, **metrics))
        search.tell(outcomes[-1])
    return outcomes


def frontier(search):
    return search._everywhere(np.random.default_rng(0))


def process(search):
    return frontier(search).landscape.model


def test_a_number_and_a_metric_that_says_the_same_give_the_same_search():
    fixed = play(NativeSearch(problem(noise=0.05), SearchSettings(seed=1)), 22, sd_of_it=0.05)
    named = NativeSearch(problem(noise="sd_of_it"), SearchSettings(seed=1))
    assert play(named, 22, sd_of_it=0.05) == fixed
    unknown = NativeSearch(problem(), SearchSettings(seed=1))
    assert play(unknown, 22, sd_of_it=0.05) != fixed


def test_declared_noise_is_in_the_process_in_the_unit_of_the_objective():
    search = NativeSearch(problem(noise=0.05), SearchSettings(seed=1))
    play(search, 30)
    model = process(search)
    least = model.process.noise.min() * model.process.variance
    slopes = model.warp.slope(np.array(search._memory.values))
    assert least >= (0.05 * slopes.min()) ** 2
    assert model.process.further > model.process.hyper.noise


@pytest.mark.parametrize("aim", [{}, {"and_minimize": "x"}, {"fidelity": "n", "cost": "n"}])
def test_every_search_with_a_process_takes_noise_and_replicates(aim):
    made = problem(noise="sd", **aim)
    search = factory.search(made, SearchSettings(seed=2))
    told = play(search, 12, sd=0.01)
    for i, outcome in enumerate(told):
        search.tell(replace(outcome, value=outcome.value + 0.01, metrics={"sd": 0.01 * (1 + i)}))
    known = [len(each.trial.config) for each in play(search, 6, sd=0.01)]
    assert known == [3] * 6


@pytest.mark.long
def test_a_record_told_again_goes_on_as_it_did():
    """Milestones and pooling depend on the record alone, not on when what was asked."""
    first = NativeSearch(problem(noise="sd"), SearchSettings(seed=3))
    rng, record = np.random.default_rng(0), []
    for i in range(34):
        config = first.ask()
        for _ in range(1 + i % 3):
            sd = {"sd": 0.05 * (1 + i)} if i % 4 else {}
            record.append(completed(config, bowl(config) + 0.05 * rng.standard_normal(), **sd))
            first.tell(record[-1])
    again = NativeSearch(problem(noise="sd"), SearchSettings(seed=3))
    for outcome in record:
        again.tell(outcome)
    assert [first.ask() for _ in range(3)] == [again.ask() for _ in range(3)]


def test_the_best_place_is_where_the_mean_is_least_not_the_luckiest_value():
    search = NativeSearch(problem(), SearchSettings(seed=4))
    told = play(search, 14, sd=0.0)
    best, second = sorted(told, key=lambda each: each.value)[:2]
    for value in (second.value + 0.2, best.value - 0.01):  # the second gets a lucky value as well
        search.tell(replace(second, value=value))
    frontier = search._everywhere(np.random.default_rng(0))
    incumbents = [search._codec.decode(point) for point in frontier.incumbents]
    assert incumbents[0] == best.trial.config
    assert len({tuple(each.values()) for each in incumbents}) == len(incumbents) == 5
    search.tell(replace(second, value=best.value - 0.5))  # now its mean is the least
    again = search._everywhere(np.random.default_rng(0)).incumbents[0]
    assert search._codec.decode(again) == second.trial.config


def test_gains_below_a_tenth_of_the_known_noise_send_the_next_trial_elsewhere():
    """Sixty noisy values at the best place: noise keeps the gain above what the spread asks for."""

    def valleys(x, y):
        return min(10 * (x - 0.1) ** 2, 10 * (x - 0.9) ** 2 + 0.1) + (y - 0.5) ** 2

    space = ConfigurationSpace()
    space.add(Float("x", (0.0, 1.0)), Float("y", (0.0, 1.0)))
    for noise in ("", 0.02):
        made = Problem(name="two", summary="", space=space, objective=bowl, noise=noise)
        search, rng = NativeSearch(made, SearchSettings(seed=1)), np.random.default_rng(0)
        wide, near = rng.random((15, 2)), [0.1, 0.5] + 0.03 * rng.standard_normal((60, 2))
        for x, y in np.concatenate([wide, near]).clip(0, 1).tolist():
            value = valleys(x, y) + 0.02 * rng.standard_normal()
            search.tell(completed({"x": x, "y": y}, value))
        frontier, rng = search._everywhere(rng), np.random.default_rng(0)
        best = frontier.best(rng)
        assert 0.0 <= best[0][0] <= 0.4
        least = SETTLED * search._memory.known_noise
        promise = search._promise(frontier, best, least)
        turn = search._turn(promise, rng, stalled=False)
        assert (turn is None) == (noise == "")
    assert 0.6 <= search.ask()["x"] <= 1.0


@pytest.mark.parametrize(
    ("noise", "first", "stalled"), [(0.1, 14, False), ("", 14, True), ("", 60, False)]
)
def test_a_lucky_value_is_no_stall_once_noise_is_known_or_many_values_show_it(
    noise, first, stalled
):
    """Of three parameters; the last twelve trials are better in the mean, none in its value."""
    search, rng = (
        NativeSearch(problem(noise=noise), SearchSettings(seed=1)),
        np.random.default_rng(0),
    )
    for x, y in rng.random((first, 2)).tolist():
        config = {"x": x, "y": y, "n": int(rng.integers(1, 10))}
        search.tell(completed(config, bowl(config) + 0.1 * rng.standard_normal()))
    lucky = {"x": 0.6, "y": 0.6, "n": 5}
    search.tell(completed(lucky, -0.05))
    for x, y in (np.array([0.3, 0.6]) + 0.02 * rng.standard_normal((12, 2))).tolist():
        config = {"x": x, "y": y, "n": 5}
        search.tell(completed(config, bowl(config) + 0.01 * rng.standard_normal()))
    assert min(search._memory.values[-12:]) > min(search._memory.values)
    assert search._stalled(frontier(search)) == stalled


@pytest.mark.parametrize(("sd", "n", "same"), [(0.0, 60, True), (0.1, 29, True), (0.1, 60, False)])
def test_values_are_believed_as_they_are_if_exact_or_fewer_than_ten_a_parameter(sd, n, same):
    search, rng = NativeSearch(problem(), SearchSettings(seed=1)), np.random.default_rng(0)
    for x, y in rng.random((n, 2)).tolist():
        config = {"x": x, "y": y, "n": 5}
        search.tell(completed(config, bowl(config) + sd * rng.standard_normal()))
    found = frontier(search)
    assert (found.landscape.model.process.hyper.noise > 1e-3) == (sd > 0)
    assert (search._believed(found) == search._levels()).all() == same


def test_a_configuration_told_many_times_is_one_point_of_the_process():
    search = NativeSearch(problem(), SearchSettings(seed=5))
    told = play(search, 12)
    for _ in range(4):
        for outcome in told[:3]:
            search.tell(outcome)
    assert len(process(search).process.y) == 12


def test_a_failed_trial_of_a_configuration_leaves_its_values():
    search = NativeSearch(problem(noise=0.05), SearchSettings(seed=6))
    told = play(search, 12)
    search.tell(Failed(told[0].trial, FailureKind.CRASHED, "boom", NOW))
    model = process(search)
    assert len(model.process.y) == 12
    assert model.success is not None
    assert search.ask() is not None


def test_noise_of_nothing_and_equal_values_are_no_trouble():
    for noise in (0, 0.05, "sd"):
        search = NativeSearch(problem(noise=noise), SearchSettings(seed=7))
        for _ in range(16):
            search.tell(completed(search.ask(), 1.0, sd=0.0))
        assert search.ask() is not None


def test_noise_as_large_as_the_values_is_no_trouble():
    search = NativeSearch(problem(noise=100.0), SearchSettings(seed=8))
    assert len(play(search, 25)) == 25


@pytest.mark.parametrize("noise", [-0.1, float("nan"), float("inf"), "-1", "nan"])
def test_a_standard_deviation_that_is_none_is_refused(noise):
    with pytest.raises(InputError, match=r"noise must be a standard deviation >= 0, .*, not "):
        factory.search(problem(noise=noise), SearchSettings())


def test_text_that_is_a_number_is_one_and_other_text_is_a_metric():
    assert Noise.parse("") is None
    assert Noise.parse("5e-3") == Noise.parse(0.005) == Noise(0.005)
    assert Noise.parse("loss_sd").metric == "loss_sd"
    assert Noise.parse("loss_sd").text("nats") == "each trial's loss_sd"
    assert Noise.parse(0.005).text("nats") == "standard deviation 0.005 nats"
    assert Noise.parse(0.5).text("") == "standard deviation 0.5"


@pytest.mark.parametrize("metrics", [{}, {"sd": -0.1}, {"sd": np.nan}, {"sd": np.inf}])
def test_a_metric_that_is_no_standard_deviation_is_not_known(metrics):
    assert np.isnan(Noise.parse("sd").of(completed({}, 1.0, **metrics)))
    assert Noise.parse("sd").of(completed({}, 1.0, sd=0.1)) == 0.1
    failed = Failed(Trial("t", {}), FailureKind.CRASHED, "boom", NOW)
    assert np.isnan(Noise.parse(0.1).of(failed))
