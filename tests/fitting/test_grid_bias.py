"""What a grid of sizes does to a law whose optimum is known."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autotune.fitting.grid_bias import Grid, grid_bias, off_centre, optimal_size
from autotune.laws.catalogue import PRESETS
from autotune.planning.budget import Budget
from autotune.planning.planner import plan

LAW = PRESETS["besiroglu2024"]
BUDGETS = (6e18, 3e19, 1e20, 5e20, 3e21)
factors = st.floats(1 / 8, 8)


@given(flops=st.floats(1e18, 1e25))
def test_the_optimum_is_the_planner_s(flops):
    best = optimal_size(LAW, np.array(flops))
    assert best == pytest.approx(plan(LAW, Budget(flops=flops)).n_active, rel=1e-6)


@given(centre=factors, decades=st.floats(0.5, 3))
def test_grids_equally_far_off_bias_every_vertex_alike_and_leave_the_exponent(centre, decades):
    """The law's terms keep their proportion along its optimum, and E moves no parabola."""
    made = grid_bias(
        LAW, off_centre(LAW, BUDGETS, centre=centre, decades=decades), ahead_flops=1e24
    )
    assert np.array(made.vertex) == pytest.approx(made.vertex[0], rel=1e-6)
    if all(made.inside):
        assert made.exponent == pytest.approx(made.true_exponent, abs=1e-6)
        assert made.ahead == pytest.approx(made.vertex[0], rel=1e-4)


def test_narrow_grids_around_the_optimum_are_unbiased():
    made = grid_bias(LAW, off_centre(LAW, BUDGETS, centre=1.0, decades=0.05), ahead_flops=1e24)
    assert made.vertex == pytest.approx([1.0] * 5, abs=1e-4)
    assert made.true_exponent == pytest.approx(0.5126, abs=1e-4)


def test_grids_that_drift_across_the_optimum_bias_the_exponent():
    """Two decades of sizes, centred 8 times above the optimum at first and on it at last."""
    centre = np.geomspace(8, 1, 5)
    made = grid_bias(LAW, off_centre(LAW, BUDGETS, centre=centre, decades=2), ahead_flops=1e24)
    assert made.exponent == pytest.approx(0.4655, abs=1e-3)
    assert made.ahead == pytest.approx(0.708, abs=2e-3)


def test_a_vertex_outside_its_grid_is_told_and_not_used():
    made = grid_bias(LAW, off_centre(LAW, BUDGETS, centre=8, decades=1), ahead_flops=1e24)
    assert made.inside == (False,) * 5
    assert np.isnan(made.exponent)
    assert np.isnan(made.ahead)
    assert made.vertex[0] == pytest.approx(1.387, abs=2e-3)


def test_compute_may_be_counted_otherwise():
    sizes = np.geomspace(1e8, 1e10, 9)
    six = grid_bias(LAW, [Grid(6e19, sizes), Grid(6e20, sizes)], ahead_flops=6e23)
    two = grid_bias(LAW, [Grid(2e19, sizes, 2.0), Grid(2e20, sizes, 2.0)], ahead_flops=2e23)
    assert two.vertex == pytest.approx(six.vertex)
    assert two.ahead == pytest.approx(six.ahead)
