"""Proposals while very many trials run share their candidates, and still follow from the record."""

import numpy as np
import pytest

from autotune.search.codec import Codec, key
from autotune.search.native.forest_belief import ForestBelief
from autotune.search.native.forest_pool import Pool
from autotune.search.native.forest_search import MANY, ForestSearch
from autotune.search.settings import SearchSettings
from autotune.trials import Trial

from .test_native_search import bowl, completed, failed, mixed

CHOSEN = SearchSettings(learner="ET", seed=4, initial_points=6)


def told(search, *, n=40, fails=7):
    """Random trials, of which every seventh fails."""
    codec = Codec(mixed(bowl).space)
    for i, point in enumerate(codec.snap(np.random.default_rng(0).random((n, 4)))):
        config = codec.decode(point)
        search.tell(failed(config) if i % fails == 0 else completed(config, bowl(config)))
    return search


@pytest.mark.long
def test_a_resumed_search_with_very_many_trials_running_goes_on_as_it_would_have():
    first = told(ForestSearch(mixed(bowl), CHOSEN))
    running = [first.ask() for _ in range(MANY + 2)]
    resumed = told(ForestSearch(mixed(bowl), CHOSEN))
    for n, config in enumerate(running):
        resumed.pending(Trial(f"t-{n}", config))
    following = [first.ask() for _ in range(3)]
    assert [resumed.ask() for _ in range(3)] == following
    outcome = completed(running[5], bowl(running[5]))
    first.tell(outcome)
    resumed.tell(outcome)
    assert first.ask() == resumed.ask()


def test_proposals_beside_very_many_trials_are_new_and_better_than_random_ones():
    search = told(ForestSearch(mixed(bowl), CHOSEN), n=300)
    configs = [search.ask() for _ in range(MANY + 40)]
    assert len({key(config) for config in configs}) == len(configs)
    codec = Codec(mixed(bowl).space)
    random = map(codec.decode, codec.snap(np.random.default_rng(1).random((400, 4))))
    assert np.median(list(map(bowl, configs[MANY:]))) < 0.5 * np.median(list(map(bowl, random)))


def test_a_pool_predicts_what_the_model_does_with_its_lies():
    codec, rng = Codec(mixed(bowl).space), np.random.default_rng(0)
    points, values = codec.snap(rng.random((40, 4))), rng.random(40)
    belief = ForestBelief(codec, CHOSEN, "ET")
    alone = belief.without_lies(points, values, 1.0)
    candidates = codec.snap(rng.random((30, 4)))
    pool = Pool.of(alone, np.concatenate([candidates, candidates[:5]]), told=40, bend=1.0)
    assert len(pool.points) == len(np.unique(candidates, axis=0))
    lied = belief.model(points, values, codec.snap(rng.random((9, 4))), 1.0)
    for mine, theirs in zip(pool.predict(lied), lied.predict(pool.points), strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-12)
    assert (pool.predict(alone)[0] != pool.predict(lied)[0]).any()
