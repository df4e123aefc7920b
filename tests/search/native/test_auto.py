"""The automatic choice of a model: a rule of the number of outcomes and running trials."""

import numpy as np
import pytest

from autotune.search import factory
from autotune.search.codec import Codec
from autotune.search.native import auto
from autotune.search.native.auto import AutoSearch
from autotune.search.native.search import NativeSearch
from autotune.search.prior_start import over
from autotune.search.settings import SearchSettings

from .test_native_search import bowl, completed, failed, mixed


def told(learner, n):
    """A search that was told of n random trials, some of them failed."""
    problem = mixed(bowl)
    search = factory.search(problem, SearchSettings(learner=learner, seed=3))
    codec = Codec(problem.space)
    points = codec.snap(np.random.default_rng(0).random((n, 4)))
    for i, config in enumerate(map(codec.decode, points)):
        search.tell(failed(config) if i % 40 == 39 else completed(config, bowl(config)))
    return search


def test_the_choice_is_automatic_by_default():
    assert type(factory.search(mixed(bowl), SearchSettings())) is AutoSearch


def test_a_prior_keeps_the_process_throughout():
    settings = SearchSettings(prior_laws=("any",))
    prior = over(mixed(bowl).space, {"x": lambda columns: columns["x"]})
    assert type(factory.search(mixed(bowl), settings, prior)) is NativeSearch


def test_scikit_optimize_has_no_automatic_choice():
    assert SearchSettings(engine="skopt").learner == "GP"


@pytest.mark.parametrize(("n", "learner"), [(30, "GP"), (501, "ET")])
def test_it_is_the_process_while_outcomes_are_few_and_extra_trees_then(n, learner):
    chosen, named = told("auto", n), told(learner, n)
    assert [chosen.ask() for _ in range(3)] == [named.ask() for _ in range(3)]


def test_running_trials_count_like_outcomes():
    chosen, named = told("auto", 490), told("ET", 490)
    for _ in range(auto.PROCESS_UNTIL - 489):
        running = chosen.ask()
        named._memory.propose(running)
    assert chosen.ask() == named.ask()


def test_the_rule_changes_at_the_outcome_that_it_says():
    last = auto.PROCESS_UNTIL
    assert [auto.learner(n) for n in (0, last, last + 1)] == ["GP", "GP", "ET"]
