"""Proposals while many trials run share their candidates, and still follow from the record."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from autotune.search.codec import Codec, key
from autotune.search.native.forest_belief import ForestBelief
from autotune.search.native.forest_pool import LATEST, RECENT, Pool, pooled
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


@given(n=st.integers(0, 5000))
def test_a_pool_is_found_by_nearly_all_of_a_record_and_by_no_fewer_as_it_grows(n):
    values = np.zeros(n + 1)
    late = n - pooled(values[:n])
    assert 0 <= late < LATEST
    assert late <= n / RECENT
    assert pooled(values[:n]) <= pooled(values)


def test_where_the_first_outcomes_failed_a_pool_is_found_by_all():
    values = np.full(43, np.nan)
    values[-2:] = 1.0
    assert pooled(np.zeros(43)) < pooled(values) == 43


def followed(search, configs, resumed):
    """The next few proposals of a search, and of one that is told the same trials are running."""
    for n, config in enumerate(configs):
        resumed.pending(Trial(f"t-{n}", config))
    following = [search.ask() for _ in range(3)]
    return following, [resumed.ask() for _ in range(3)]


def test_a_resumed_search_with_many_trials_running_goes_on_as_it_would_have():
    """Also where the first one looked for candidates before, by less of the record."""
    first = told(ForestSearch(mixed(bowl), CHOSEN))
    running = [first.ask() for _ in range(MANY + 5)]
    outcomes = [completed(config, bowl(config)) for config in running[:3]]
    for outcome in outcomes:
        first.tell(outcome)
    assert pooled(np.zeros(43)) < 43
    resumed = told(ForestSearch(mixed(bowl), CHOSEN))
    for outcome in outcomes:
        resumed.tell(outcome)
    one, other = followed(first, running[3:], resumed)
    assert one == other


def test_candidates_do_not_depend_on_whether_trees_had_already_grown_past_their_record():
    """As when fewer trials ran a moment ago, of which each asks for candidates of its own."""
    search = [told(ForestSearch(mixed(bowl), CHOSEN), n=43) for _ in range(2)]
    search[0].ask()
    codec, rng = Codec(mixed(bowl).space), np.random.default_rng(5)
    configs = [codec.decode(point) for point in codec.snap(rng.random((MANY, 4)))]
    asked = []
    for each in search:
        for n, config in enumerate(configs):
            each.pending(Trial(f"t-{n}", config))
        asked.append(each._proposals._pool_of_record().points)
    assert np.array_equal(*asked)


def test_proposals_beside_many_trials_are_new_and_better_than_random_ones():
    search = told(ForestSearch(mixed(bowl), CHOSEN), n=300)
    configs = [search.ask() for _ in range(MANY + 40)]
    assert len({key(config) for config in configs}) == len(configs)
    codec = Codec(mixed(bowl).space)
    random = map(codec.decode, codec.snap(np.random.default_rng(1).random((400, 4))))
    assert np.median(list(map(bowl, configs[MANY:]))) < 0.5 * np.median(list(map(bowl, random)))


def test_a_pool_predicts_what_the_model_does_with_its_lies_while_trees_are_grown_anew():
    codec, rng = Codec(mixed(bowl).space), np.random.default_rng(0)
    points, values = codec.snap(rng.random((60, 4))), rng.random(60)
    values[::7] = np.nan
    belief = ForestBelief(codec, CHOSEN, "ET")
    candidates = codec.snap(rng.random((30, 4)))
    pool = Pool(np.concatenate([candidates, candidates[:5]]), told=40)
    assert len(pool.points) == len(np.unique(candidates, axis=0))
    for n in (40, 41, 60):
        lied = belief.model(points[:n], values[:n], codec.snap(rng.random((9, 4))), 1.0)
        np.testing.assert_array_equal(pool.log_success(lied), lied.log_success(pool.points))
        for mine, theirs in zip(pool.predict(lied), lied.predict(pool.points), strict=True):
            np.testing.assert_array_equal(mine, theirs)
