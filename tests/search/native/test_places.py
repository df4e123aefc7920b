"""Places: a trial belongs to the best one that leads down to, and what is far is in none."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from autotune.search.native.places import APART, EVERYWHERE, HOME, OPEN, Places, Region

units = st.floats(0.0, 1.0)
records = st.integers(1, 25).flatmap(
    lambda n: st.tuples(
        arrays(np.float64, (n, 2), elements=units),
        arrays(np.float64, n, elements=st.floats(-10, 10), unique=True),
    )
)
REACH = APART * np.sqrt(2)


@given(records)
def test_a_place_begins_where_no_better_trial_is_near(record):
    points, values = record
    places = Places.of(points, values)
    ranked = points[np.argsort(values)]
    for i, rank in enumerate(places.rank):
        better = np.linalg.norm(ranked[:i] - ranked[i], axis=1)
        begins = rank not in places.rank[:i]
        assert (
            begins == bool((better > REACH + 1e-9).all() if i else True)
            or np.isclose(better, REACH, atol=1e-6).any()
        )


@given(records)
def test_ranks_follow_the_best_values_of_the_places(record):
    points, values = record
    places = Places.of(points, values)
    _, first = np.unique(places.rank, return_index=True)
    assert places.rank[0] == 0
    assert list(first) == sorted(first)


@given(records, st.integers(1, 4))
def test_every_point_is_in_the_best_places_or_outside_of_them(record, count):
    points, values = record
    places = Places.of(points, values)
    x = np.random.default_rng(0).random((20, 2))
    inside, outside = places.within(x, Region(0, count)), places.within(x, Region(count))
    assert (inside != outside).all()
    assert places.within(x, EVERYWHERE).all()


@given(records)
def test_a_trial_lies_in_its_own_place(record):
    points, values = record
    places = Places.of(points, values)
    twins = np.unique(points, axis=0)
    if len(twins) == len(points):
        for rank in np.unique(places.rank):
            own = places.points[places.rank == rank]
            assert places.within(own, Region(int(rank), int(rank) + 1)).all()


def test_a_failed_trial_is_of_no_place():
    points = np.array([[0.1, 0.1], [0.9, 0.9], [0.5, 0.5]])
    places = Places.of(points, np.array([1.0, np.nan, 2.0]))
    assert len(places.points) == 2
    assert not places.within(points[[1]], Region(0, OPEN)).any()  # in no place


def test_two_wells_are_two_places_until_a_trial_between_them_links_them():
    wells = np.array([[0.1, 0.5], [0.15, 0.5], [0.7, 0.5], [0.75, 0.5]])
    values = np.array([0.0, 0.1, 1.0, 1.1])
    assert list(Places.of(wells, values).rank) == [0, 0, 1, 1]
    between = np.array([[0.35, 0.5], [0.5, 0.5]])
    linked = Places.of(np.concatenate([wells, between]), np.array([*values, 0.5, 0.9]))
    assert set(linked.rank) == {0}


@pytest.mark.parametrize(("count", "known"), [(5, False), (6, True)])
def test_a_region_of_few_values_is_not_known(count, known):
    near = np.linspace(0.1, 0.12, count)
    points = np.stack([near, near], axis=1)
    places = Places.of(points, np.arange(count, dtype=float))
    assert places.known(HOME) == known
    assert places.known(EVERYWHERE)
    assert not places.known(Region(1))
