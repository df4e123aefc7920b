"""Front, reference point and hypervolume of two objectives, against their definitions."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autotune.errors import InputError
from autotune.search import pareto
from autotune.search.second import SecondObjective
from autotune.trials import Completed, Failed, FailureKind, Timing, Trial

coarse = st.integers(0, 8).map(lambda k: k / 8)  # so that ties and duplicates come up
rows = st.lists(st.tuples(coarse, coarse), min_size=1, max_size=12).map(np.array)


def beats(a, b):
    return (a <= b).all() and (a < b).any()


@given(values=rows)
def test_the_front_is_what_no_row_beats_each_once_by_rising_first_objective(values):
    front = pareto.front(values)
    expected = {tuple(v) for v in values if not any(beats(other, v) for other in values)}
    assert [tuple(values[i]) for i in front] == sorted(expected)
    for i in front:
        assert i == min(k for k, v in enumerate(values) if (v == values[i]).all())


@given(values=rows)
def test_rows_with_a_not_a_number_change_nothing(values):
    holes = np.array([[np.nan, -1.0], [-1.0, np.nan]])
    front = pareto.front(np.concatenate([values, holes]))
    assert (front == pareto.front(values)).all()
    assert not len(pareto.front(holes))


@given(values=rows, at=st.tuples(coarse, coarse))
def test_the_hypervolume_is_that_of_the_union_of_rectangles(values, at):
    """Inclusion and exclusion over every subset of the front."""
    at = np.array(at)
    best = values[pareto.front(values)]
    total = sum(
        (-1) ** (size + 1) * float(np.prod(np.maximum(at - np.max(chosen, axis=0), 0)))
        for size in range(1, len(best) + 1)
        for chosen in itertools.combinations(best, size)
    )
    assert pareto.hypervolume(values, at) == pytest.approx(total, abs=1e-12)


def test_the_hypervolume_is_the_share_of_random_points_that_are_dominated():
    rng = np.random.default_rng(0)
    values, at = rng.random((30, 2)), np.array([0.9, 0.8])
    points = rng.random((200_000, 2)) * at
    dominated = (values[None, :, :] <= points[:, None, :]).all(axis=2).any(axis=1)
    area = dominated.mean() * at.prod()
    assert pareto.hypervolume(values, at) == pytest.approx(area, abs=3e-3)


@given(values=rows, more=st.tuples(coarse, coarse))
def test_a_further_row_never_lowers_the_hypervolume(values, more):
    at = np.array([1.1, 1.1])
    grown = np.concatenate([values, [more]])
    assert pareto.hypervolume(grown, at) >= pareto.hypervolume(values, at) - 1e-15


def test_the_reference_is_the_nadir_of_the_front_and_a_tenth_of_its_range_beyond():
    values = np.array([[0.0, 5.0], [1.0, 3.0], [4.0, 1.0], [9.0, 9.0]])
    assert pareto.reference(values) == pytest.approx([4.4, 5.4])


@pytest.mark.parametrize(
    ("values", "at"),
    [
        ([[1.0, 2.0], [3.0, 7.0]], [1.2, 2.5]),  # one row on the front: the range of all rows
        ([[4.0, -2.0]], [4.4, -1.8]),  # one row: the size of the value
        ([[0.0, 0.0]], [0.1, 0.1]),
    ],
)
def test_a_front_without_a_range_has_a_reference_beyond_it_too(values, at):
    assert pareto.reference(np.array(values)) == pytest.approx(at)


@given(values=rows)
def test_every_row_of_the_front_is_inside_the_reference(values):
    assert (values[pareto.front(values)] < pareto.reference(values)).all()


def outcome(metrics=None, config=None):
    return Completed(Trial("t", config or {}), 1.0, Timing(7.0, "w0", 0.0, 0.0), metrics or {})


@pytest.mark.parametrize(
    ("text", "metrics", "config", "value"),
    [
        ("flops", {"flops": 100.0}, {"flops": 5}, 100.0),
        ("flops:log", {"flops": 100.0}, {}, 2.0),
        ("n", {}, {"n": 8}, 8.0),
        ("seconds", {}, {}, 7.0),
        ("seconds", {"seconds": 3.0}, {}, 3.0),
        ("flops", {"loss": 1.0}, {"flops": "many"}, np.nan),
        ("flops", {}, {"flops": True}, np.nan),
        ("flops:log", {"flops": 0.0}, {}, np.nan),
        ("flops:log", {"flops": float("inf")}, {}, np.nan),
    ],
)
def test_a_second_objective_is_a_metric_a_parameter_or_the_seconds(text, metrics, config, value):
    found = SecondObjective.parse(text).of(outcome(metrics, config))
    assert found == pytest.approx(value, nan_ok=True)


def test_a_failed_trial_has_no_second_objective():
    failed = Failed(Trial("t", {"n": 8}), FailureKind.CRASHED, "boom", Timing(1.0, "w", 0, 0))
    assert np.isnan(SecondObjective.parse("n").of(failed))


@pytest.mark.parametrize("text", ["", ":log", "flops:", "flops:log2"])
def test_a_second_objective_that_cannot_be_read_is_refused(text):
    with pytest.raises(InputError, match="NAME or NAME:log"):
        SecondObjective.parse(text)
