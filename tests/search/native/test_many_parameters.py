"""Fifteen parameters and more: trials stay in one place longer."""

import pytest
from ConfigSpace import ConfigurationSpace, Float

from autotune.problem import Problem
from autotune.search import factory
from autotune.search.native.places import EVERYWHERE, Region
from autotune.search.settings import SearchSettings
from autotune.trials import Completed, Timing, Trial


def stalled(parameters, n):
    """A search whose first trial of n is the best."""
    space = ConfigurationSpace()
    space.add(*(Float(f"x{i}", (0.0, 1.0)) for i in range(parameters)))
    problem = Problem(name="many", summary="", space=space, objective=lambda _: 0.0)
    search = factory.search(problem, SearchSettings(initial_points=n, seed=1))
    for i in range(n):
        trial = Trial(str(i), search.ask())
        search.tell(Completed(trial, float(i), Timing(0.0, "w0", 0.0, 0.0)))
    return search


@pytest.mark.parametrize(
    ("parameters", "n", "leaves"), [(14, 15, True), (15, 15, False), (15, 47, True)]
)
def test_of_fifteen_parameters_three_trials_each_gain_nothing_before_one_leaves(
    parameters, n, leaves
):
    search = stalled(parameters, n)
    search.ask()
    [found] = search._frontiers.values()
    outside = [region for region, _ in found if region != EVERYWHERE]
    assert outside[:1] == [Region(1)] * leaves
