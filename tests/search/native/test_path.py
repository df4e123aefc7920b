"""Sample paths: they pass through what is told, spread as the posterior does, and have slopes."""

import numpy as np
import pytest
from scipy.optimize import approx_fprime

from autotune.errors import InputError
from autotune.search.native.gaussian import condition
from autotune.search.native.hyper import Hyper
from autotune.search.native.path import drawn
from autotune.search.native.trend import trends
from autotune.search.settings import SearchSettings

RNG = np.random.default_rng(3)
X = RNG.random((9, 3))


def process(*, noise=1e-9, prior=False):
    y = np.sin(5 * X[:, 0]) + X[:, 1] ** 2 + 0.3 * X[:, 2]
    told, trend = X, []
    if prior:
        told = np.concatenate([X, X[:, :1] + 0.2 * X[:, 1:2]], axis=1)
        trend = [trends(told[:, 3:])[0]]
    hyper = Hyper(length=np.array([0.4, 0.8, 1.5]), noise=noise, bowl=0.2)
    return condition(hyper, told, y, *trend), told, y


def test_a_path_passes_through_values_without_noise():
    model, told, y = process()
    for seed in range(5):
        values, deviation = drawn(model, np.random.default_rng(seed)).predict(told)
        assert values == pytest.approx(y, abs=1e-4)
        assert not deviation.any()


@pytest.mark.parametrize("prior", [False, True])
def test_paths_have_the_posteriors_mean_and_deviation(prior):
    """The error of 2,000 draws: 1/45 of a deviation for the mean, 1/63 for the deviation."""
    model, told, _ = process(noise=1e-2, prior=prior)
    model = model.append(told[:2] * 0.9, np.array([0.3, 0.4]))
    at = np.random.default_rng(5).random((12, told.shape[1]))
    if prior:
        at[:, 3] = at[:, 0] + 0.2 * at[:, 1]
    rng = np.random.default_rng(0)
    values = np.stack([drawn(model, rng).predict(at)[0] for _ in range(2000)])
    mean, deviation = model.predict(at)
    assert (values.mean(axis=0) - mean) / deviation == pytest.approx(0, abs=0.1)
    assert values.std(axis=0) / deviation == pytest.approx(1, abs=0.08)


@pytest.mark.parametrize("prior", [False, True])
def test_the_slope_of_a_path_is_that_of_its_values(prior):
    model, told, _ = process(prior=prior)
    path = drawn(model, np.random.default_rng(1))
    point = np.full(told.shape[1], 0.37)
    value, deviation, by_value, by_deviation = path.gradient(point)
    assert (value, deviation) == (path.predict(point[None, :])[0][0], 0.0)
    slope = approx_fprime(point, lambda x: path.predict(x[None, :])[0][0], 1e-6)
    assert by_value == pytest.approx(slope, rel=1e-3, abs=1e-3)
    assert not by_deviation.any()


@pytest.mark.parametrize("settings", [{"learner": "RF"}, {"engine": "skopt"}])
def test_thompson_sampling_needs_the_native_process(settings):
    with pytest.raises(InputError, match=r"--acq TS needs --engine native with --learner GP\."):
        SearchSettings(acq="TS", **settings)
