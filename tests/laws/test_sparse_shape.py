"""Laws of a sparse model's shape: values beside the tables that they were read from."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autotune.errors import InputError
from autotune.laws.sparse_shape import (
    FLAT_EXPANSION,
    SCALES,
    SHAPE_LAWS,
    Origin,
    ShapeLaw,
    nearest_scale,
)

BUDGETS = [1e18, 3e18, 1e19, 3e19, 1e20, 3e20]


@given(log_c=st.floats(10, 40))
def test_no_budget_has_ratios_that_no_model_can_have(log_c):
    c = 10**log_c
    assert SHAPE_LAWS["density"].value(c) > 6
    assert FLAT_EXPANSION[0] <= SHAPE_LAWS["expansion"].value(c) <= FLAT_EXPANSION[1]


def test_density_is_within_two_percent_of_the_medians_of_phase_2():
    """Rows of tables 16 to 21 of arXiv:2603.21862, and the values of the re-fit beyond them."""
    found = SHAPE_LAWS["density"].value(BUDGETS)
    assert found == pytest.approx([10.57, 9.93, 9.33, 8.86, 8.43, 8.09], abs=6e-3)
    assert found == pytest.approx([10.79, 9.89, 9.21, 8.79, 8.34, 8.22], rel=0.021)
    beyond = SHAPE_LAWS["density"].value([1e21, 1e22, 1e24])
    assert beyond == pytest.approx([7.77, 7.29, 6.69], abs=6e-3)


def test_expansion_is_within_0_4_of_the_best_values_of_table_4():
    found = SHAPE_LAWS["expansion"].value(BUDGETS)
    assert found == pytest.approx([19.23, 19.33, 20.69, 20.78, 21.29, 22.07], abs=0.401)
    assert SHAPE_LAWS["expansion"].value(1e24) == FLAT_EXPANSION[1]


def test_width_is_the_middle_of_the_sweeps():
    """Tables 16 to 21; a line through six middles misses them by up to 12 %."""
    found = SHAPE_LAWS["width"].value(BUDGETS)
    assert found == pytest.approx([516, 728, 960, 1284, 1444, 1724], rel=0.12)


def test_what_the_paper_does_not_print_is_not_called_the_paper_s():
    assert {name: law.origin for name, law in SHAPE_LAWS.items()} == {
        "density": Origin.REFIT, "expansion": Origin.REFIT, "width": Origin.STAND_IN,
    }  # fmt: skip
    for law in SHAPE_LAWS.values():
        assert isinstance(law, ShapeLaw)
        assert law.source.range.flops == (1e18, 3e20)
        assert "2603.21862" in law.source.citation


def test_laws_print_as_people_write_them():
    assert str(SHAPE_LAWS["density"].formula) == "6 + 1348.1 C^-0.13722"
    assert str(SHAPE_LAWS["width"].formula) == "0.0995 C^0.2086"
    expected = "1.159 log10 C - 1.731, kept in 18 to 25"
    assert str(SHAPE_LAWS["expansion"].formula) == expected


def test_the_nearest_scale_is_nearest_in_the_logarithm():
    assert [nearest_scale(scale.flops) for scale in SCALES] == list(SCALES)
    assert nearest_scale(1.7e18).flops == 1e18
    assert nearest_scale(1.8e18).flops == 3e18
    assert nearest_scale(1e30) == SCALES[-1]


def test_a_budget_that_is_none_is_refused():
    with pytest.raises(InputError, match="flops must be finite and > 0"):
        SHAPE_LAWS["density"].value(0)
