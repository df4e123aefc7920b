"""Which outcomes a forest rests on once there are many."""

import numpy as np
from ConfigSpace import ConfigurationSpace, Float
from hypothesis import example, given, settings
from hypothesis import strategies as st

from autotune.search.codec import Codec
from autotune.search.native.forest_belief import ForestBelief
from autotune.search.native.kept import BEST, ENOUGH, RENEWED, Kept, last_choice
from autotune.search.settings import SearchSettings


def record(n, seed=0):
    """Points in the plane and their values, one in twenty of a failed trial."""
    rng = np.random.default_rng(seed)
    points = rng.random((n, 2))
    values = ((points - 0.3) ** 2).sum(axis=1)
    values[rng.random(n) < 0.05] = np.nan
    return points, values


def kept(values):
    """The rows of a record that is seen for the first time."""
    fresh = Kept((0,))
    fresh.look(values)
    return fresh.rows


@settings(max_examples=40, deadline=None)
@given(n=st.integers(1, 3 * ENOUGH))
@example(n=ENOUGH - 1)
@example(n=ENOUGH)
@example(n=ENOUGH + RENEWED)
def test_a_forest_rests_on_the_best_and_on_all_of_the_latest_and_on_no_more_than_said(n):
    _, values = record(n)
    rows, chosen = kept(values), last_choice(n)
    assert (np.diff(rows) > 0).all()
    assert len(rows) < ENOUGH + RENEWED
    assert set(range(chosen, n)) <= set(rows.tolist())
    best = np.argsort(np.where(np.isfinite(values[:chosen]), values[:chosen], np.inf))[:BEST]
    assert set(best.tolist()) <= set(rows.tolist())


def test_a_forest_rests_on_everything_while_that_is_little():
    _, values = record(ENOUGH - 1)
    assert (kept(values) == np.arange(ENOUGH - 1)).all()


def test_the_sample_is_of_the_whole_record():
    _, values = record(3 * ENOUGH)
    rows = kept(values)
    early = (rows < ENOUGH).sum()
    assert 0.25 * ENOUGH < early < 0.5 * ENOUGH


def test_a_belief_that_grew_past_a_new_choice_is_the_one_formed_at_once():
    points, values = record(ENOUGH + RENEWED + 3)
    space = ConfigurationSpace()
    space.add(Float("x", (0.0, 1.0)), Float("y", (0.0, 1.0)))
    codec, running = Codec(space), np.empty((0, 2))
    grew = ForestBelief(codec, SearchSettings(), "ET")
    for n in (ENOUGH - 2, ENOUGH + 1, ENOUGH + RENEWED - 1, len(points)):
        model = grew.model(points[:n], values[:n], running, 1.0)
    at_once = ForestBelief(codec, SearchSettings(), "ET").model(points, values, running, 1.0)
    for one, other in zip(model.predict(points), at_once.predict(points), strict=True):
        assert (one == other).all()
    assert (model.log_success(points) == at_once.log_success(points)).all()
