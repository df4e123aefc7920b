"""Trials added to a posterior one by one, from what each says alone, as all of them at once."""

from dataclasses import replace

import numpy as np
import pytest

from autotune.search.native.gaussian import condition
from autotune.search.native.hyper import Hyper
from autotune.search.native.pool import Pool
from autotune.search.native.since import Since
from autotune.search.native.surrogate import Surrogate
from autotune.search.native.warp import Warp

RNG = np.random.default_rng(7)
X, Y = RNG.random((30, 3)), RNG.normal(size=30)
TOLD, VALUES, RUNNING, CANDIDATES = (RNG.random(size) for size in ((5, 3), 5, (9, 3), (40, 3)))
HYPER = Hyper(length=np.array([0.3, 0.5, 0.9]), noise=1e-4, bowl=0.1)


def surrogate():
    process = condition(HYPER, X, Y)
    line = Warp(least=0.0, bend=np.inf, centre=0.0, scale=1.0)
    best = float(process.predict(X)[0].min())
    return Surrogate(process, best, None, cautious=False, warp=line)


def pool(process):
    return Pool.of(CANDIDATES, CANDIDATES, np.zeros(len(CANDIDATES)), process)


@pytest.mark.parametrize("lie", [None, -1.0])
@pytest.mark.parametrize(("t", "p"), [(5, 9), (5, 0), (0, 9), (0, 0)])
def test_a_pool_follows_trials_as_a_process_that_they_are_appended_to(t, p, lie):
    model = surrogate()
    process = model.process.append(TOLD[:t], VALUES[:t] - 2) if t else model.process
    best = min(model.best, *process.predict(TOLD[:t])[0]) if t else model.best
    whole = replace(model, process=process).with_pending(RUNNING[:p], lie).process
    grown = Since(model, pool(model.process), lie).grown(TOLD[:t], VALUES[:t] - 2, RUNNING[:p])
    mean, deviation = whole.predict(CANDIDATES)
    assert grown.best == pytest.approx(best, abs=1e-9)
    np.testing.assert_allclose(grown.pool.mean, mean, atol=1e-8)
    np.testing.assert_allclose(grown.pool.deviation(whole), deviation, rtol=1e-6)
    full = grown.full()
    for name in ("x", "basis", "y", "noise", "factor", "whitened", "weights"):
        np.testing.assert_allclose(getattr(full, name), getattr(whole, name), atol=1e-7)


def test_what_a_trial_adds_does_not_depend_on_when_it_was_first_seen():
    """To the last bit, so that a resumed search goes on as it would have."""
    model = surrogate()
    since = Since(model, pool(model.process), None)
    for t in range(5):
        since.grown(TOLD[:t], VALUES[:t], RUNNING[: 9 - t])
    late, anew = (
        each.grown(TOLD, VALUES, RUNNING)
        for each in (since, Since(model, pool(model.process), None))
    )
    assert np.array_equal(late.pool.mean, anew.pool.mean)
    assert np.array_equal(late.full().weights, anew.full().weights)
