"""Laws of the learning rate and the batch size: printed values, and what they refuse."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autotune.errors import InputError
from autotune.laws.catalogue import HYPERPARAMETER_FORMS, HYPERPARAMETERS

WAN_FLOPS = np.array([1e18, 3e18, 1e19, 3e19, 1e20, 3e20])
INPUTS = {"n_active": 1e9, "tokens": 2e10, "flops": 1e20, "n_experts": 8.0}


@pytest.mark.parametrize("law", HYPERPARAMETERS.values(), ids=HYPERPARAMETERS.keys())
@given(factor=st.floats(1.1, 100))
def test_a_factor_of_an_input_is_a_power_of_it_in_the_value(law, factor):
    here = {each: INPUTS[each] for each in law.form.exponents}
    for each, letter in law.form.exponents.items():
        there = here | {each: factor * here[each]}
        assert law.value(**there) / law.value(**here) == pytest.approx(
            factor ** law.coefficients[letter], rel=1e-9
        )


def test_the_learning_rates_that_wan_et_al_print_for_six_budgets():
    """Their table of settings, 1.20e-3 to 4.82e-4: to the three digits of the print."""
    printed = [1.20e-3, 1.00e-3, 8.28e-4, 6.95e-4, 5.74e-4, 4.82e-4]
    ours = HYPERPARAMETERS["wan2026-lr"].value(flops=WAN_FLOPS)
    assert [f"{value:.2e}" for value in ours] == [f"{value:.2e}" for value in printed]


def test_the_batches_that_wan_et_al_print_for_six_budgets():
    """In sequences of 8192 tokens, printed as multiples of 16; the refit is within one of them."""
    ours = HYPERPARAMETERS["wan2026-batch"].value(flops=WAN_FLOPS) / 8192
    assert ours == pytest.approx([63.9, 85.4, 117.5, 157.1, 216.0, 288.8], abs=0.1)
    assert ours == pytest.approx([64, 80, 128, 160, 208, 288], abs=16)


@pytest.mark.parametrize(
    ("n", "d", "step_lr", "step_batch", "deepseek_lr", "deepseek_batch", "porian_lr", "porian_b"),
    [
        (38e3, 5e5, 0.055, 1041, 0.013, 1208, 0.067, 1633),
        (38e3, 2e6, 0.084, 2297, 0.011, 1901, 0.067, 1633),
        (195e3, 1e6, 0.021, 1546, 0.0097, 2587, 0.039, 4858),
        (554e3, 1e6, 0.010, 1546, 0.0085, 3640, 0.027, 9746),
    ],
)
def test_three_rules_at_small_models_agree_with_an_independent_evaluation(
    n, d, step_lr, step_batch, deepseek_lr, deepseek_batch, porian_lr, porian_b
):
    laws, c = HYPERPARAMETERS, 6 * n * d
    for value, expected in (
        (laws["step2025-lr"].value(n_active=n, tokens=d), step_lr),
        (laws["deepseek2024-lr"].value(flops=c), deepseek_lr),
        (laws["porian2024-lr"].value(n_active=n), porian_lr),
    ):
        assert float(f"{value:.2g}") == pytest.approx(expected, rel=0.02)
    for value, expected in (
        (laws["step2025-batch"].value(tokens=d), step_batch),
        (laws["deepseek2024-batch"].value(flops=c), deepseek_batch),
        (laws["porian2024-batch"].value(n_active=n), porian_b),
    ):
        assert int(value) == expected


@pytest.mark.parametrize(
    ("name", "inputs", "expected"),
    [
        # by hand: 1.79 (1e9)^-0.713 (1e11)^0.307 = 1.79 * 3.8282e-7 * 2382.3
        ("step2025-lr", {"n_active": 1e9, "tokens": 1e11}, 1.6325e-3),
        # 0.58 (1e11)^0.571 = 0.58 * 10^6.281
        ("step2025-batch", {"tokens": 1e11}, 1.1077e6),
        # 0.3118 (1e20)^-0.125 = 0.3118 * 10^-2.5, and 0.292 * 10^6.542
        ("deepseek2024-lr", {"flops": 1e20}, 9.860e-4),
        ("deepseek2024-batch", {"flops": 1e20}, 1.01714e6),
        # 1.1576 * 10^-3.058, and 0.0694 * 10^7.288
        ("ling2025-moe-lr", {"flops": 1e20}, 1.01288e-3),
        ("ling2025-moe-batch", {"flops": 1e20}, 1.34697e6),
        # exp(8.39 - 0.81 ln 1e8 - 0.25 ln 16) = 4402.8 * 3.3113e-7 / 2
        ("ludziejewski2025-lr", {"n_active": 1e8, "n_experts": 16}, 7.2896e-4),
        # at the anchor, 0.0047 and 160 sequences of 2048; an eighth and a quarter of 27 N
        ("porian2024-lr", {"n_active": 108e6}, 0.0047),
        ("porian2024-batch", {"n_active": 8 * 108e6}, 4 * 160 * 2048),
    ],
)
def test_published_laws_at_a_point_worked_by_hand(name, inputs, expected):
    assert HYPERPARAMETERS[name].value(**inputs) == pytest.approx(expected, rel=2e-4)


def test_a_form_prints_as_people_write_it():
    assert HYPERPARAMETER_FORMS["step-lr"].formula == "lr = c N^p D^q"
    assert HYPERPARAMETER_FORMS["deepseek-batch"].formula == "batch_tokens = c C^p"


def test_every_law_says_how_it_counts():
    for law in HYPERPARAMETERS.values():
        assert "arXiv" in law.source.citation
        assert law.source.caveat
        assert law.source.n
        assert ("flops" in law.form.exponents) == (law.source.flops != "not used")
    assert "derived" in HYPERPARAMETERS["wan2026-lr"].source.where


@pytest.mark.parametrize(
    ("inputs", "said"),
    [
        ({"n_active": 1e9}, "step-lr reads n_active and tokens, not n_active"),
        ({}, "not nothing"),
        ({"n_active": 1e9, "tokens": 1e9, "flops": 1e20}, "not n_active and tokens and flops"),
        ({"n_active": [1e9, -1], "tokens": 1e9}, r"n_active\[1\] = -1"),
    ],
)
def test_wrong_inputs_are_refused(inputs, said):
    with pytest.raises(InputError, match=said):
        HYPERPARAMETERS["step2025-lr"].value(**inputs)


def test_fewer_experts_than_one_are_refused():
    with pytest.raises(InputError, match=r"n_experts.*>= 1"):
        HYPERPARAMETERS["ludziejewski2025-lr"].value(n_active=1e9, n_experts=0.5)
