"""The best trial with a category changed, while one is left that nothing near it has."""

import numpy as np
import pytest
from ConfigSpace import Categorical, ConfigurationSpace, EqualsCondition, Float
from hypothesis import given
from hypothesis import strategies as st

from autotune.problem import Problem
from autotune.search.codec import Codec
from autotune.search.native.search import SWAP, NativeSearch
from autotune.search.native.swaps import untried
from autotune.search.settings import SearchSettings
from autotune.trials import Completed, Timing, Trial

NOW = Timing(0.0, "w0", 0.0, 0.0)
LETTERS = ["a", "b", "c", "d"]
units = st.floats(0.0, 1.0)
letters = st.integers(0, 3).map(lambda i: (i + 0.5) / 4)


def test_a_value_that_a_near_point_has_is_tried_and_one_far_off_is_not():
    best = np.array([0.5, 0.125, 0.5])
    near, far = [0.6, 0.375, 0.5], [0.95, 0.625, 0.95]
    found = untried(best, np.array([best, near, far]), {1: 4})
    assert found == pytest.approx(np.array([[0.5, 0.625, 0.5], [0.5, 0.875, 0.5]]))


def test_another_value_of_a_second_category_is_far():
    best = np.array([0.125, 0.125])
    points = np.array([best, [0.375, 0.375]])
    found = untried(best, points, {0: 4, 1: 4})
    assert len(found) == 6  # (b, a) and (a, b) are as new as the others


@given(st.lists(st.tuples(units, letters, letters), min_size=1, max_size=12))
def test_asking_until_nothing_is_left_tries_every_value_once(rows):
    points, best = np.array(rows), np.array(rows[0])
    seen = {tuple(best)}
    for _ in range(7):
        found = untried(best, points, {1: 4, 2: 4})
        if not len(found):
            break
        assert tuple(found[0]) not in seen
        assert (found != best).sum(axis=1).max() == 1
        seen.add(tuple(found[0]))
        points = np.concatenate([points, found[:1]])
    assert not len(untried(best, points, {1: 4, 2: 4}))


def sure(c):
    """A bowl in which category a is plainly the best, wherever one looks."""
    worse = {"a": 0.0, "b": 1.0, "c": 1.2, "d": 1.4}[c["c"]]
    return sum((c[name] - 0.62) ** 2 for name in "xyz") + worse


def searched(space, objective, *, seed, n):
    problem = Problem(name="swaps", summary="", space=space, objective=objective)
    search = NativeSearch(problem, SearchSettings(seed=seed, initial_points=8))
    configs = []
    for i in range(n):
        configs.append(search.ask())
        search.tell(Completed(Trial(str(i), configs[-1]), float(objective(configs[-1])), NOW))
    return configs


@pytest.mark.parametrize("seed", range(3))
def test_the_search_tries_every_category_near_its_best_trial(seed):
    space = ConfigurationSpace()
    space.add(*(Float(name, (0.0, 1.0)) for name in "xyz"), Categorical("c", LETTERS))
    configs = searched(space, sure, seed=seed, n=28)
    codec = Codec(space)
    points = np.array([codec.encode(config) for config in configs])
    best = codec.encode(min(configs, key=sure))
    assert not len(untried(best, points, codec.unordered))


def test_a_category_that_is_switched_off_is_never_swapped():
    space = ConfigurationSpace()
    kind, inner = Categorical("kind", ["off", "on"]), Categorical("inner", LETTERS)
    space.add(Float("x", (0.0, 1.0)), kind, inner, EqualsCondition(inner, kind, "on"))

    def objective(c):
        return (c["x"] - 0.3) ** 2 + (c["kind"] == "on")

    configs = searched(space, objective, seed=0, n=24)
    assert len({tuple(sorted(c.items())) for c in configs}) == 24
    assert sum(c["kind"] == "on" for c in configs[8:]) <= 24 // SWAP
