"""Warps of the inputs: their derivatives, when the values ask for one, and what it is good for."""

from dataclasses import replace

import numpy as np
import pytest
from ConfigSpace import ConfigurationSpace, Float
from hypothesis import given
from hypothesis import strategies as st

from autotune.problem import Problem
from autotune.search.native.gaussian import condition, costs, fit
from autotune.search.native.hyper import Data, Hyper, Prior
from autotune.search.native.input_fit import movable, warped_inputs
from autotune.search.native.input_warp import InputWarp
from autotune.search.native.path import drawn
from autotune.search.native.search import NativeSearch
from autotune.search.native.trend import FLAT
from autotune.search.settings import SearchSettings

from .test_native_search import completed, play

PRIOR = Prior(length=0.5)
logs = st.lists(st.floats(-1.5, 1.5), min_size=4, max_size=4).map(np.array)
inside = st.lists(st.floats(0.05, 0.95), min_size=3, max_size=3).map(np.array)
AXES = np.array([0, 2])


def decades(n=40, d=2, seed=0):
    """A bowl in the logarithm of the first feature, which spans five decades."""
    x = np.random.default_rng(seed).random((n, d))
    y = np.log10(x[:, 0] + 1e-5) ** 2 + (x[:, 1] - 0.4) ** 2
    return Data(x, (y - y.mean()) / y.std(), np.arange(d))


def likeliest(data):
    start = np.log([*np.full(data.parameters, 0.3), 1e-5, 0.01])
    return fit(data, PRIOR, start[None, :], rounds=30)[0]


@given(shape=logs, x=inside)
def test_it_rises_within_0_and_1_along_its_axes_and_leaves_the_others(shape, x):
    warp = InputWarp.of(AXES, shape)
    ends = warp(np.array([[0.0] * 3, [1.0] * 3]))
    assert (ends[0] >= 0).all()
    assert (ends[1] <= 1).all()
    assert (warp(x + 0.01)[AXES] > warp(x)[AXES]).all()
    assert warp(x)[1] == x[1]
    assert InputWarp.of(AXES, np.zeros(4))(x) == pytest.approx(x)


@given(shape=logs, x=inside)
def test_its_derivatives_match_differences(shape, x):
    def moved(step, at=x):
        return InputWarp.of(AXES, shape + step)(at)

    warp, step = InputWarp.of(AXES, shape), 1e-6
    by_x = (warp(x + step) - warp(x - step)) / (2 * step)
    assert warp.slope(x) == pytest.approx(by_x, rel=1e-4, abs=1e-6)
    for found, first in zip(warp.by_logs(x), (0, 2), strict=True):
        steps = np.zeros(4)
        steps[first : first + 2] = step
        by_log = (moved(steps) - moved(-steps))[AXES] / (2 * step)
        assert found == pytest.approx(by_log, rel=1e-4, abs=1e-7)


def test_the_cost_by_features_matches_differences():
    data, at = decades(12), np.log([0.4, 0.7, 1e-3, 0.2])
    _, _, by_feature = costs(at, data, PRIOR)
    for row, column in ((0, 0), (5, 1), (11, 0)):
        step = np.zeros_like(data.x)
        step[row, column] = 1e-6
        up, down = (costs(at, replace(data, x=x), PRIOR)[0] for x in (data.x + step, data.x - step))
        assert by_feature[row, column] == pytest.approx((up - down) / 2e-6, rel=1e-4, abs=1e-6)


@pytest.mark.parametrize("sampled", [False, True])
def test_the_gradients_of_a_process_and_of_its_paths_see_the_warp(sampled):
    data = decades(20)
    warp = InputWarp.of(np.array([0, 1]), np.log([0.4, 1.2, 0.8, 1.5]))
    process = condition(Hyper.of(np.log([0.4, 0.7, 1e-4, 0.2]), data.owner, warp), data.x, data.y)
    if sampled:
        process = drawn(process, np.random.default_rng(0))
    at, steps = np.array([0.3, 0.6]), 1e-6 * np.eye(2)
    mean, deviation, by_mean, by_deviation = process.gradient(at)
    assert (mean, deviation) == pytest.approx([v[0] for v in process.predict(at[None, :])])
    up, down = process.predict(at + steps), process.predict(at - steps)
    assert by_mean == pytest.approx((up[0] - down[0]) / 2e-6, rel=1e-4, abs=1e-6)
    assert by_deviation == pytest.approx((up[1] - down[1]) / 2e-6, rel=1e-3, abs=1e-5)


def test_values_over_decades_ask_for_a_warp_that_pulls_them_apart_and_become_clearly_likelier():
    data = decades()
    plain = likeliest(data)
    vector, warp = warped_inputs(data, PRIOR, plain, FLAT)
    assert warp.axes.tolist() == [0, 1]
    assert warp.a[0] < 0.5 < warp.a[1] < 2
    gained = costs(plain, data, PRIOR)[0] - costs(vector, data.seen_by(warp), PRIOR)[0]
    assert gained > 2 * np.log(len(data.y))


def test_values_that_are_as_smooth_without_a_warp_get_none():
    x = np.random.default_rng(1).random((40, 2))
    data = Data(x, np.sin(5 * x[:, 0]) + np.cos(4 * x[:, 1]), np.arange(2))
    assert warped_inputs(data, PRIOR, likeliest(data), FLAT) is None


def test_indicators_constants_and_features_of_few_values_are_left_as_they_are():
    rng = np.random.default_rng(0)
    x = rng.random((30, 6))
    x[:, 1:3], x[:, 3], x[:, 4] = (
        2.0 * rng.integers(2, size=(30, 2)),
        0.5,
        rng.integers(3, size=30) / 2,
    )
    assert movable(Data(x, x[:, 0], np.array([0, 1, 1, 2, 3, 4]))).tolist() == [0, 5]
    few = Data(x[:7], x[:7, 0], np.array([0, 1, 1, 2, 3, 4]))
    assert warped_inputs(few, PRIOR, np.zeros(7), FLAT) is None


def rates():
    """A learning rate over five decades that somebody declared without `log`."""
    space = ConfigurationSpace()
    space.add(Float("rate", (1e-5, 1.0)), Float("share", (0.0, 1.0)))

    def loss(config):
        return float(np.log10(config["rate"] / 2e-3) ** 2 + (config["share"] - 0.3) ** 2)

    return Problem(name="rates", summary="", space=space, objective=loss), loss


def test_a_search_sees_through_a_missing_logarithm_and_so_does_a_resumed_one():
    """The resumed one learns the warp of the first twenty outcomes again."""
    problem, loss = rates()
    chosen = SearchSettings(seed=0, initial_points=18)
    first, resumed = (NativeSearch(problem, chosen) for _ in range(2))
    configs = play(first, loss, 23)
    for config in configs:
        resumed.tell(completed(config, loss(config)))
    assert resumed.ask() == first.ask()
    assert all(search._belief._inputs[20].a[0] < 0.5 for search in (first, resumed))
    assert min(map(loss, configs[18:])) < 0.1 * min(map(loss, configs[:18]))
