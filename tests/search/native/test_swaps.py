"""The best trial with a category changed, while one is left that nothing near it has."""

import numpy as np
import pytest
from ConfigSpace import (
    Categorical,
    ConfigurationSpace,
    Constant,
    EqualsCondition,
    Float,
)
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
switches = st.sampled_from([0.25, 0.75])


def codec(*parameters):
    space = ConfigurationSpace()
    space.add(*parameters)
    return Codec(space)


def test_a_value_that_a_near_point_has_is_tried_and_one_far_off_is_not():
    known = codec(Float("a", (0.0, 1.0)), Categorical("b", LETTERS), Float("c", (0.0, 1.0)))
    best = np.array([0.5, 0.125, 0.5])
    near, far = [0.6, 0.375, 0.5], [0.95, 0.625, 0.95]
    found = untried(best, np.array([best, near, far]), known)
    assert found == pytest.approx(np.array([[0.5, 0.625, 0.5], [0.5, 0.875, 0.5]]))


def test_another_value_of_a_second_category_is_far():
    known = codec(Categorical("a", LETTERS), Categorical("b", LETTERS))
    best = np.array([0.125, 0.125])
    points = np.array([best, [0.375, 0.375]])
    assert len(untried(best, points, known)) == 6  # (b, a) and (a, b) are as new as the others


def test_booleans_are_swapped_and_what_has_one_value_or_an_order_is_not():
    known = codec(
        Categorical("a", [False, True]),
        Categorical("b", ["only"]),
        Constant("c", 7),
        Categorical("d", ["s", "m"], ordered=True),
        Float("e", (0.0, 1.0)),
    )
    best = known.encode({"a": True, "b": "only", "c": 7, "d": "s", "e": 0.5})
    found = [known.decode(point) for point in untried(best, best[None, :], known)]
    assert found == [{"a": False, "b": "only", "c": 7, "d": "s", "e": 0.5}]


@given(st.lists(st.tuples(units, letters, switches), min_size=1, max_size=12))
def test_asking_until_nothing_is_left_tries_every_value_once(rows):
    known = codec(
        Float("a", (0.0, 1.0)), Categorical("b", LETTERS), Categorical("c", [False, True])
    )
    points, best = np.array(rows), np.array(rows[0])
    seen = {tuple(best)}
    for _ in range(5):
        found = untried(best, points, known)
        if not len(found):
            break
        assert tuple(found[0]) not in seen
        assert (found != best).sum(axis=1).max() == 1
        seen.add(tuple(found[0]))
        points = np.concatenate([points, found[:1]])
    assert not len(untried(best, points, known))


def switched():
    """A category that exists where another is on."""
    space = ConfigurationSpace()
    kind, inner = Categorical("kind", ["off", "on"]), Categorical("inner", LETTERS)
    space.add(Float("x", (0.0, 1.0)), kind, inner, EqualsCondition(inner, kind, "on"))
    return space


def test_a_category_that_is_switched_off_is_not_swapped():
    known = Codec(switched())
    best = known.encode({"x": 0.5, "kind": "off"})
    found = [known.decode(point) for point in untried(best, best[None, :], known)]
    assert [config["kind"] for config in found] == ["on"]


def test_a_switch_off_is_tried_once_whatever_it_switches_off():
    known = Codec(switched())
    best = known.encode({"x": 0.5, "kind": "on", "inner": "a"})
    off = known.encode({"x": 0.55, "kind": "off"})
    found = [known.decode(point) for point in untried(best, np.stack([best, off]), known)]
    assert [config["inner"] for config in found] == ["b", "c", "d"]


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


@pytest.mark.parametrize("seed", [0, pytest.param(1, marks=pytest.mark.long)])
def test_the_search_tries_every_category_near_its_best_trial(seed):
    space = ConfigurationSpace()
    space.add(*(Float(name, (0.0, 1.0)) for name in "xyz"), Categorical("c", LETTERS))
    configs = searched(space, sure, seed=seed, n=28)
    codec = Codec(space)
    points = np.array([codec.encode(config) for config in configs])
    best = codec.encode(min(configs, key=sure))
    assert not len(untried(best, points, codec))


@pytest.mark.long
def test_switches_are_found_where_a_function_is_flat_far_from_its_optimum():
    """Ackley's function of four real parameters and of four switches, ten units each."""
    reals, switches = ["w", "x", "y", "z"], ["p", "q", "r", "s"]
    space = ConfigurationSpace()
    space.add(*(Float(name, (-20.0, 40.0)) for name in reals))
    space.add(*(Categorical(name, [False, True]) for name in switches))

    def ackley(c):
        off = np.array([c[name] - 7.3 for name in reals] + [10.0 * c[name] for name in switches])
        ripples = np.exp(np.cos(2 * np.pi * off).mean())
        return float(-20 * np.exp(-0.2 * np.sqrt((off**2).mean())) - ripples + 20 + np.e)

    found = 0
    for seed in range(2):
        best = min(searched(space, ackley, seed=seed, n=50), key=ackley)
        found += not any(best[name] for name in switches)
    assert found == 2  # without swapping switches, none


@pytest.mark.long
def test_a_search_with_a_switch_never_repeats_itself():
    def objective(c):
        return (c["x"] - 0.3) ** 2 + (c["kind"] == "on")

    configs = searched(switched(), objective, seed=0, n=24)
    assert len({tuple(sorted(c.items())) for c in configs}) == 24
    assert sum(c["kind"] == "on" for c in configs[8:]) <= 24 // SWAP
