"""Numbers in steps: every value is on the grid, every value of the grid is reached."""

import numpy as np
import pytest
from ConfigSpace import ConfigurationSpace, Float, Integer
from hypothesis import given
from hypothesis import strategies as st

from autotune.errors import InputError, ProblemError
from autotune.problem import Problem
from autotune.search import factory
from autotune.search.axes import axis
from autotune.search.codec import Codec
from autotune.search.settings import SearchSettings
from autotune.search.step_axis import StepAxis
from autotune.trials import Completed, Timing, Trial

axes = st.builds(
    StepAxis,
    low=st.floats(0.001, 100).map(lambda x: round(x, 3)),
    step=st.sampled_from([0.0001, 0.01, 0.25, 1.0, 7.0]),
    count=st.integers(2, 300),
    log=st.booleans(),
    whole=st.just(value=False),
)
units = st.floats(0, 1)


@given(one=axes, unit=units)
def test_every_value_is_a_whole_number_of_steps_from_the_lowest(one, unit):
    steps = (one.value(unit) - one.low) / one.step
    assert steps == pytest.approx(round(steps), abs=1e-6)
    assert 0 <= round(steps) < one.count


@given(one=axes, unit=units)
def test_a_value_survives_the_way_to_its_position_and_back(one, unit):
    value = one.value(unit)
    assert one.value(one.unit(value)) == value
    assert one.snap(np.array([unit]))[0] == pytest.approx(one.unit(value), abs=1e-12)


@given(one=axes)
def test_every_value_of_the_grid_is_reached_and_lies_in_order(one):
    positions = one.snap(np.linspace(0, 1, 64 * one.count))
    distinct = np.unique(positions)
    assert len(distinct) == one.count
    values = [one.value(unit) for unit in distinct]
    assert values == sorted(values)


@given(one=axes, unit=units)
def test_neighbours_are_other_values_and_the_next_ones_are_among_them(one, unit):
    at = round((one.value(unit) - one.low) / one.step)
    near = {round((one.value(u) - one.low) / one.step) for u in one.near(unit)}
    assert at not in near
    assert {i for i in (at - 1, at + 1) if 0 <= i < one.count} <= near


def test_decimal_steps_give_decimal_values():
    one = axis(Float("x", (0.0, 0.5), meta={"q": 0.1}))
    values = [one.value(unit) for unit in np.unique(one.snap(np.linspace(0, 1, 500)))]
    assert values == [0.0, 0.1, 0.2, 0.3, 0.4, 0.5]  # 3 x 0.1 is 0.30000000000000004


def test_integers_in_steps_are_integers():
    one = axis(Integer("n", (2, 8), meta={"q": 2}))
    assert [one.value(u) for u in (0.0, 0.3, 0.6, 1.0)] == [2, 4, 6, 8]
    assert type(one.value(0.0)) is int


@pytest.mark.parametrize("value", [3, 10, 0, "4", True])
def test_a_value_off_the_grid_is_refused(value):
    with pytest.raises(InputError, match=r"is not one of 2, 4, ..., 8|is not a number"):
        axis(Integer("n", (2, 8), meta={"q": 2})).unit(value)


def test_a_step_that_does_not_divide_its_range_is_refused_by_name():
    with pytest.raises(ProblemError, match=r"parameter n: its step q = 4 .* 2 \.\. 8"):
        axis(Integer("n", (2, 8), meta={"q": 4}))


def test_a_search_proposes_only_values_of_the_grid_until_none_is_left():
    space = ConfigurationSpace()
    space.add(Integer("n", (2, 8), meta={"q": 2}), Float("x", (0.0, 1.0), meta={"q": 0.25}))
    assert Codec(space).size == 20
    problem = Problem(name="p", summary="", space=space, objective=lambda c: c["n"] * c["x"])
    search = factory.search(problem, SearchSettings(initial_points=3, seed=1))
    seen = set()
    while (config := search.ask()) is not None:
        seen.add((config["n"], config["x"]))
        value = float(problem.objective(config))
        search.tell(Completed(Trial("t", config), value, Timing(0.0, "w0", 0.0, 0.0)))
    assert seen == {(n, x) for n in (2, 4, 6, 8) for x in (0.0, 0.25, 0.5, 0.75, 1.0)}
