"""Forests: schedule, leaves, lies, deviation, categories."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autotune.search.native.forest import Forest, last_turns
from autotune.search.native.trees import GROWTHS

FORESTS = sorted(GROWTHS)
HERE = np.array([[0.52, 0.52]])


def bowl(x):
    return ((x - 0.4) ** 2).sum(axis=1)


def grown(name, x, y, trees=20, unordered=None):
    forest = Forest(GROWTHS[name], trees, unordered or {}, (0,))
    forest.learn(x, y, np.asarray)
    return forest


def points(n, d=2, seed=0):
    return np.random.default_rng(seed).random((n, d))


@settings(max_examples=50, deadline=None)
@given(n=st.integers(1, 3000), trees=st.integers(1, 60))
def test_every_tree_has_its_turn_and_one_more_outcome_moves_few_of_them(n, trees):
    now, then = last_turns(n, trees), last_turns(n + 1, trees)
    assert (now >= 1).all()
    assert (now <= n).all()
    moved = now != then
    assert moved.any()
    assert (then[moved] == n + 1).all()
    assert moved.sum() <= -(-trees // max(1, min((n + 1) // 20, trees)))


@pytest.mark.parametrize("name", FORESTS)
def test_a_forest_that_grew_with_the_record_is_the_one_grown_at_once(name):
    x = points(90)
    y = bowl(x)
    grew = grown(name, x[:50], y[:50])
    for n in range(51, 91):
        grew.learn(x[:n], y[:n], np.asarray)
    at_once, where = grown(name, x, y), points(30, seed=1)
    for one, other in zip(
        grew.count(y).predict(grew.read(where)),
        at_once.count(y).predict(at_once.read(where)),
        strict=True,
    ):
        assert (one == other).all()


@pytest.mark.parametrize("name", FORESTS)
def test_the_mean_follows_the_values_and_stays_among_them(name):
    x, where = points(200), points(500, seed=1)
    forest = grown(name, x, bowl(x))
    mean, _ = forest.count(bowl(x)).predict(forest.read(where))
    assert np.sqrt(np.mean((mean - bowl(where)) ** 2)) < 0.25 * bowl(where).std()
    if not GROWTHS[name].stages:
        assert bowl(x).min() - 1e-12 <= mean.min() <= mean.max() <= bowl(x).max() + 1e-12


@pytest.mark.parametrize("name", FORESTS)
def test_the_deviation_is_never_0_and_grows_away_from_the_data(name):
    x = points(60)
    x = x[~((np.abs(x - 0.5) < 0.25).all(axis=1))]  # a hole in the middle
    y = np.sin(9 * x[:, 0]) + np.cos(7 * x[:, 1])
    forest = grown(name, x, y, trees=50)
    counted = forest.count(y)
    _, at_data = counted.predict(forest.read(x))
    _, in_hole = counted.predict(forest.read(HERE))
    assert (at_data > 0).all()
    # Each tree of RF leaves out a third of the data, so its deviation is large there as well.
    assert in_hole > (1.1 if GROWTHS[name].bootstrap else 1.5) * np.median(at_data)


@pytest.mark.parametrize("name", FORESTS)
@pytest.mark.parametrize("lie", [None, 0.0, 5.0])
def test_a_lie_is_an_outcome_in_the_leaves_it_falls_into(name, lie):
    """Mean and variance of a leaf with lies in it, beside the sums written out."""
    x = points(40)
    y = bowl(x)
    forest = grown(name, x, y)
    lied = forest.count(y)
    before, _ = lied.predict(forest.read(HERE))
    lied.add(forest.read(HERE), lie)
    after, deviation = lied.predict(forest.read(HERE))
    told, here = forest.read(x), forest.read(HERE)
    value = float(before[0]) if lie is None else lie
    means, variances = [], []
    for t in range(20):
        shared = told.leaves[t] == here.leaves[t, 0]
        rest = np.append(y[shared] - told.trends[t, shared], value - here.trends[t, 0])
        means.append(rest.mean() + here.trends[t, 0])
        squares = (len(rest) - 1) * rest[:-1].var()  # of the outcomes: a lie adds no spread
        variances.append((squares + lied.assumed) / (len(rest) + 1))
    assert after[0] == pytest.approx(np.mean(means), rel=1e-12)
    assert deviation[0] ** 2 == pytest.approx(np.mean(variances) + np.var(means), rel=1e-9)


@pytest.mark.parametrize("name", FORESTS)
def test_a_running_trial_at_the_mean_leaves_less_to_learn_beside_it_and_nothing_changes_far_off(
    name,
):
    x = points(80)
    y = np.sin(9 * x[:, 0]) + np.cos(7 * x[:, 1])
    forest = grown(name, x, y, trees=50)
    where = np.concatenate([HERE + 1e-3, [[0.02, 0.97]]])
    counted = forest.count(y)
    mean, deviation = counted.predict(forest.read(where))
    counted.add(forest.read(HERE), None)
    lied_mean, lied_deviation = counted.predict(forest.read(where))
    assert lied_deviation[0] < 0.9 * deviation[0]
    assert lied_mean[0] == pytest.approx(mean[0], abs=0.2 * deviation[0])
    assert (lied_mean[1], lied_deviation[1]) == (mean[1], deviation[1])


@pytest.mark.parametrize("name", FORESTS)
def test_lies_added_one_by_one_or_together_are_the_same(name):
    x, running = points(50), points(5, seed=3)
    forest = grown(name, x, bowl(x))
    together, single = forest.count(bowl(x)), forest.count(bowl(x))
    together.add(forest.read(running), None)
    for one in running:
        single.add(forest.read(one[None, :]), None)
    for a, b in zip(together.predict(forest.read(x)), single.predict(forest.read(x)), strict=True):
        assert (a == b).all()
    assert together.lies == single.lies == 5


@pytest.mark.parametrize("name", FORESTS)
def test_two_hundred_categories_are_told_apart(name):
    """Values by category alone, in no order; a forest on the positions would need every one."""
    rng = np.random.default_rng(0)
    effect = rng.permutation(np.repeat([0.0, 1.0], 100))
    at = rng.integers(200, size=600)
    x = np.stack([(at + 0.5) / 200, rng.random(600)], axis=1)
    forest = grown(name, x, effect[at], unordered={0: 200})
    every = np.stack([(np.arange(200) + 0.5) / 200, np.full(200, 0.5)], axis=1)
    mean, _ = forest.count(effect[at]).predict(forest.read(every))
    assert ((mean > 0.5) == (effect > 0.5)).mean() > 0.9


def test_equal_points_and_equal_values_are_survived():
    x = np.full((30, 3), 0.5)
    for name in FORESTS:
        for y in (np.zeros(30), np.arange(30.0)):
            forest = grown(name, x, y)
            mean, deviation = forest.count(y).predict(forest.read(x[:1]))
            assert mean == pytest.approx(y.mean(), abs=1e-9)
            assert deviation > 0
