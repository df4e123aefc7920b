"""Kaplan, Hoffmann, Besiroglu and Muennighoff against published numbers."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autotune.errors import InputError
from autotune.laws import kaplan, muennighoff
from autotune.laws.catalogue import PRESETS

HOFFMANN, BESIROGLU = PRESETS["hoffmann2022"], PRESETS["besiroglu2024"]
MUENNIGHOFF = PRESETS["muennighoff2023"]
counts = st.floats(1e6, 1e14)


@given(n=counts, d=counts)
def test_kaplans_law_tends_to_its_single_variable_limits(n, d):
    law = PRESETS["kaplan2020"]
    assert law.loss(n, 1e300) == pytest.approx((law.N_c / n) ** law.alpha_N, rel=1e-9)
    assert law.loss(1e300, d) == pytest.approx((law.D_c / d) ** law.alpha_D, rel=1e-9)


def test_kaplans_published_values_at_gpt2s_size():
    """L(N) and L(N, D) have different constants in the paper, so they differ in the limit too."""
    assert kaplan.BY_PARAMETERS.loss(1.5e9) == pytest.approx(2.303551, abs=1e-6)
    assert PRESETS["kaplan2020"].loss(1.5e9, 2.3e10) == pytest.approx(2.310064, abs=1e-6)


def test_kaplans_power_laws_are_one_at_their_scale():
    for power in (kaplan.BY_PARAMETERS, kaplan.BY_TOKENS, kaplan.BY_COMPUTE):
        assert power.loss(power.scale) == 1
    with pytest.raises(InputError, match="quantity must be finite and > 0"):
        kaplan.BY_COMPUTE.loss(0)


@pytest.mark.parametrize(
    ("preset", "loss"),
    [
        ("hoffmann2022", 1.936645),
        ("hoffmann2022-unrounded", 1.920835),
        ("besiroglu2024", 1.973882),
    ],
)
def test_chinchillas_loss_under_each_fit(preset, loss):
    """A two-digit exponent costs 0.016 nats: 1.936645 rounded, 1.920835 unrounded."""
    assert PRESETS[preset].loss(70e9, 1.4e12) == pytest.approx(loss, abs=1e-6)


@pytest.mark.parametrize(
    ("law", "n", "d", "loss"),
    [
        (HOFFMANN, 1.8242e9, 9.1363e10, 2.3289),
        (HOFFMANN, 3.219e10, 2.982e12, 1.9307),
        (BESIROGLU, 2.7785e9, 5.9985e10, 2.3055),
        (BESIROGLU, 7.2249e10, 1.3287e12, 1.9744),
    ],
)
def test_losses_at_the_compute_optimal_points_of_1e21_and_5_76e23_flops(law, n, d, loss):
    """The second prints as 1.9307 where full precision has 1.93075."""
    assert law.loss(n, d) == pytest.approx(loss, abs=6e-5)


def test_hoffmann_at_the_point_of_the_seed_authors_benchmark():
    assert HOFFMANN.loss(18.8e9, 110.2e9) == pytest.approx(2.152979, abs=1e-6)


def test_muennighoffs_exact_digits_are_those_of_the_printed_law():
    c = MUENNIGHOFF.coefficients
    assert np.log([c["A"], c["B"], c["E"]]) == pytest.approx([6.255414, 7.3049974, 0.6254804])
    assert [round(c["E"], 2), round(c["A"]), round(c["B"])] == [1.87, 521, 1488]
    assert round(c["alpha"], 3) == round(c["beta"], 3) == 0.353


def test_unique_parameters_are_the_published_share_of_unique_tokens():
    """U_N = 0.051 U_D: derived from the fit's own coefficients here, stated in the paper."""
    assert MUENNIGHOFF.unique_parameters(1e9) == pytest.approx(0.051e9, rel=1e-3)


@given(d=counts, unique=counts)
def test_effective_tokens_are_the_tokens_until_they_repeat_and_then_less_up_to_a_cap(d, unique):
    effective = muennighoff.effective_tokens(d, unique)
    if d <= unique:
        assert effective == d
    else:
        assert effective <= d * (1 + 1e-12)
        assert unique <= effective <= (1 + muennighoff.R_D) * unique * (1 + 1e-12)


@given(d=st.floats(1e6, 1e12), unique=st.floats(1e6, 1e12), more=st.floats(1.001, 10))
def test_more_tokens_are_never_worth_less(d, unique, more):
    assert muennighoff.effective_tokens(d * more, unique) >= muennighoff.effective_tokens(d, unique)


@given(repeats=st.floats(0.01, 100))
def test_the_slope_of_effective_tokens_matches_differences(repeats):
    d, step = 1e10 * (1 + repeats), 1e5
    rise = muennighoff.effective_tokens(d + step, 1e10) - muennighoff.effective_tokens(
        d - step, 1e10
    )
    slope = muennighoff.effective_tokens_slope(d, 1e10)
    assert slope == pytest.approx(rise / (2 * step), abs=1e-8)
    assert muennighoff.effective_tokens_slope(0.5e10, 1e10) == 1


def test_sixteen_epochs_under_the_published_decay():
    """15 repetitions: U (1 + R (1 - exp(-15/R))), with R = 15.387756."""
    by_hand = 1e9 * (1 + 15.387756 * (1 - math.exp(-15 / 15.387756)))
    assert muennighoff.effective_tokens(16e9, 1e9) == pytest.approx(by_hand, rel=1e-12)


def test_effective_parameters_decay_faster():
    by_hand = 1e9 * (1 + 5.309743 * (1 - math.exp(-15 / 5.309743)))
    assert muennighoff.effective_parameters(16e9, 1e9) == pytest.approx(by_hand, rel=1e-12)
    assert muennighoff.effective_parameters(1e9, 1e9) == 1e9


def test_without_repetition_the_law_is_its_base_law():
    n, d = 1e8, 5e9
    base = 1.8691437 + 520.82495 * n**-0.3526596 + 1487.71609 * d**-0.3526596
    assert MUENNIGHOFF.loss(n, d, unique_tokens=1e10) == pytest.approx(base, rel=1e-7)


@given(d=st.floats(1e9, 1e13), more=st.floats(1, 1e3))
def test_more_unique_tokens_never_hurt(d, more):
    fewer = MUENNIGHOFF.loss(1e9, d, unique_tokens=1e10)
    assert MUENNIGHOFF.loss(1e9, d, unique_tokens=1e10 * more) <= fewer * (1 + 1e-12)


def test_effective_tokens_refuse_zero():
    with pytest.raises(InputError, match="unique tokens must be finite and > 0"):
        muennighoff.effective_tokens(1e9, 0)
