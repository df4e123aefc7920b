"""Frantar, Abnar, Clark, Krajewski, Ludziejewski and Zhao against published numbers."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autotune.errors import InputError
from autotune.laws.catalogue import PRESETS
from autotune.laws.saturation import saturate

T5, ABNAR = PRESETS["frantar2023-t5"], PRESETS["abnar2025"]
SBASE, JOINT = PRESETS["clark2022-sbase"], PRESETS["ludziejewski2025"]
BASE_TOKENS = 130e9


def abnar(n_total, tokens, sparsity):
    return ABNAR.loss((1 - sparsity) * n_total, tokens, sparsity)


@pytest.mark.parametrize(
    ("n", "d", "s", "loss"),
    [
        (42467328, 32.768e9, 0.75, 1.799842),
        (42467328, 32.768e9, 0, 1.943544),
        (85e6, 65.536e9, 0.875, 1.603944),
        (18.8e9, 110.2e9, 0.98, 1.147862),
    ],
)
def test_golden_values_of_frantars_t5_law(n, d, s, loss):
    assert T5.loss(n, d, s) == pytest.approx(loss, abs=1e-6)


def test_the_held_out_t5_run_was_measured_at_1_482778():
    """Frantar's rounded law says 1.468885 there, the generalized law's table VIII 1.427298."""
    held_out = (48 * 12 * 1024**2, 500_000 * 65_536, 0.75)
    assert T5.loss(*held_out) == pytest.approx(1.468885, abs=1e-6)
    table_viii = PRESETS["generalized-pruning"].loss(*held_out)
    assert table_viii == pytest.approx(1.427298, abs=1e-6)


@pytest.mark.parametrize(
    ("preset", "scaled", "unit_d", "converted"),
    [
        (
            "frantar2023-t5",
            (0.56778512, 1.52265016, 0.24513173, 0.63361517, 0.20270772),
            1e5 * 65_536,
            (16.787, 45.018, 6.8999e8),
        ),
        (
            "frantar2023-vit",
            (1.30485411, 2.07506343, 0.39222675, 0.27818217, 0.88979104),
            1e9,
            (294.39, 468.16, 2.3741e8),
        ),
    ],
)
def test_frantars_presets_are_the_authors_scaled_fits_in_whole_units(
    preset, scaled, unit_d, converted
):
    """Their notebook fits N in millions and D in 1e5 steps or 1e9 images."""
    a, c, b_n, e, b_d = scaled
    ours = (a * 1e6**b_n, c * 1e6**b_n, e ** (1 / b_d) * unit_d)
    assert ours == pytest.approx(converted, rel=5e-5)
    law = PRESETS[preset]
    assert (law.a_S, law.c_S, law.a_D) == pytest.approx(converted, rel=3e-3)
    assert (law.b_N, law.b_D) == pytest.approx((b_n, b_d), abs=5e-4)


@pytest.mark.parametrize(
    ("n", "flops", "best"), [(1e7, 1e18, 0.746), (1e7, 1e19, 0.832), (1e8, 1e20, 0.724)]
)
def test_pruning_has_an_interior_optimum_once_its_training_cost_counts(n, flops, best):
    """With gradual pruning costing c_mul times as much, at that size and compute."""
    s = np.linspace(0, 0.99, 9901)
    cost = (0.25 + 0.5 * (1 - 0.75 * s)) / (1 - s) + 0.25
    losses = T5.loss(n, flops / (6 * n) / cost, s)
    assert s[losses.argmin()] == pytest.approx(best, abs=1e-3)


@pytest.mark.parametrize(
    ("n_total", "d", "s", "loss"),
    [
        (1e9, 2e10, 0, 2.565681),
        (2e9, 2e10, 0.5, 2.491665),
        (1e10, 2e10, 0.9, 2.366932),
        (671e9, 14.8e12, 1 - 37 / 671, 1.615831),
        (18.8e9, 110.2e9, 0.98, 2.169335),
    ],
)
def test_golden_values_of_abnars_law(n_total, d, s, loss):
    assert abnar(n_total, d, s) == pytest.approx(loss, abs=1e-6)


@pytest.mark.parametrize(
    ("s", "n_active", "loss"),
    [
        (0, 2.456e9, 2.275),
        (0.5, 2.169e9, 2.210),
        (0.9, 1.808e9, 2.095),
        (0.98, 1.665e9, 2.014),
        (0.99, 1.635e9, 1.987),
    ],
)
def test_abnars_loss_at_the_best_size_for_1e21_flops(s, n_active, loss):
    assert ABNAR.loss(n_active, 1e21 / 6 / n_active, s) == pytest.approx(loss, abs=5e-4)


def test_abnars_loss_spikes_towards_full_sparsity_at_fixed_total():
    losses = abnar(1e10, 1e11, np.array([0, 0.99, 0.9999]))
    assert losses == pytest.approx([2.100, 2.333, 3.221], abs=6e-4)


@pytest.mark.parametrize(
    ("n", "experts", "loss"),
    [(1.3e9, 1, 2.2374), (1.3e9, 128, 2.0217), (5e6, 128, 2.8915), (55e6, 1, 2.8779)],
)
def test_golden_values_of_clarks_sbase_law(n, experts, loss):
    """The paper calls 5M with 128 experts equal to 55M dense: 2.8915 and 2.8779."""
    assert SBASE.loss(n, BASE_TOKENS, n_experts=experts) == pytest.approx(loss, abs=5e-5)


@pytest.mark.parametrize(
    ("preset", "ours", "published"),
    [
        ("clark2022-sbase", 1.0e12, 937e9),
        ("clark2022-rlr", 3.16e10, 85e9),
        ("clark2022-hash", 2.15e11, 83e9),
    ],
)
def test_clarks_published_cutoffs_do_not_follow_from_the_rounded_coefficients(
    preset, ours, published
):
    """10^(-b/c) with c to one or two digits; at the cutoff more experts change nothing."""
    law = PRESETS[preset]
    assert law.cutoff == pytest.approx(ours, rel=5e-3)
    assert law.cutoff != pytest.approx(published, rel=0.05)
    assert law.gradient(law.cutoff, BASE_TOKENS, n_experts=64)["n_experts"] == pytest.approx(0)


def test_natural_logarithms_would_put_clarks_cutoff_at_toy_size():
    assert np.exp(-SBASE.b / SBASE.c) == pytest.approx(1.6e5, rel=0.02)


@pytest.mark.parametrize("tokens", [1e11, 1.4e11, [130e9, 150e9]])
def test_clarks_law_refuses_other_token_counts(tokens):
    with pytest.raises(InputError, match=r"clark has no data term: it holds at 1\.3e\+11 tokens"):
        SBASE.loss(1e9, tokens, n_experts=8)


def test_clarks_law_takes_token_counts_within_five_percent_and_does_not_move():
    losses = SBASE.loss(1e9, [124e9, 130e9, 136e9], n_experts=8)
    assert (losses == losses[0]).all()


@given(e=st.floats(1, 1e6), start=st.floats(1.5, 5), limit=st.floats(100, 500))
def test_the_saturated_expert_count_lies_between_its_ends_and_grows(e, start, limit):
    h = saturate(e - 1, start, limit)
    assert start * (1 - 1e-12) <= h < limit
    assert saturate(e, start, limit) > h


def test_golden_values_of_krajewskis_law():
    """At N = 1e9 and D = 2e10; N is total for the mixture and active for the dense model."""
    losses = PRESETS["krajewski2024-moe"].loss(1e9, 2e10, granularity=[1, 8, 16])
    assert losses == pytest.approx([3.2761, 3.1404, 3.1212], abs=5e-5)
    assert PRESETS["krajewski2024-dense"].loss(1e9, 2e10) == pytest.approx(2.9803, abs=5e-5)


@given(s=st.floats(0, 0.99), granularity=st.floats(1, 16))
def test_krajewskis_mixture_counts_total_parameters(s, granularity):
    law = PRESETS["krajewski2024-moe"]
    sparse = law.loss(1e9 * (1 - s), 2e10, s, granularity=granularity)
    assert sparse == pytest.approx(law.loss(1e9, 2e10, granularity=granularity), rel=1e-12)


@pytest.mark.parametrize(
    ("experts", "m", "mu", "n", "nu"),
    [
        (1, 30.3640, -0.1817, 53.9838, -0.1965),
        (8, 21.8330, -0.1676, 119.9126, -0.2338),
        (32, 16.5424, -0.1557, 234.67, -0.2652),
    ],
)
def test_ludziejewskis_table_4_follows_to_a_third_of_a_percent(experts, m, mu, n, nu):
    """The table was made from unrounded coefficients: at E = 1 the rounded ones give 30.3993,
    -0.1818, 53.8434, -0.1964 where it prints 30.3640, -0.1817, 53.9838, -0.1965."""
    size, data, _ = JOINT.signomial(n_experts=experts).terms
    assert (size.coefficient, data.coefficient) == pytest.approx((m, n), rel=3e-3)
    assert (size.n_active, data.tokens) == pytest.approx((mu, nu), abs=2e-4)
    if experts == 1:
        ours = (size.coefficient, size.n_active, data.coefficient, data.tokens)
        assert ours == pytest.approx((30.3993, -0.1818, 53.8434, -0.1964), abs=5e-5)


@pytest.mark.parametrize(
    ("flops", "experts", "n", "d"),
    [
        (1e20, 1, 1.7e9, 9.7e9),
        (1e20, 8, 990e6, 17e9),
        (1e20, 32, 669e6, 24.9e9),
        (1e21, 1, 5.7e9, 29.3e9),
        (1e21, 8, 3.8e9, 44.3e9),
        (1e21, 32, 2.85e9, 58.4e9),
        (1e22, 1, 18.8e9, 88.6e9),
        (1e22, 8, 14.4e9, 115.8e9),
        (1e22, 32, 12.2e9, 136.9e9),
    ],
)
def test_ludziejewskis_table_1_of_optimal_sizes_follows_to_its_print_precision(
    flops, experts, n, d
):
    """The two size and data terms are in the ratio of their exponents at the optimum."""
    size, data, _ = JOINT.signomial(n_experts=experts).terms
    mu, nu = -size.n_active, -data.tokens
    ratio = mu * size.coefficient / (nu * data.coefficient)
    best = (ratio * (flops / 6) ** nu) ** (1 / (mu + nu))
    assert best == pytest.approx(n, rel=0.02)
    assert flops / (6 * best) == pytest.approx(d, rel=0.02)


def test_zhaos_best_number_of_active_experts_and_shared_share():
    """Published: about 7 experts, a shared share of 0.13 to 0.31; the law's own are these."""
    law = PRESETS["zhao2025"]
    best, share = np.sqrt(law.f / law.e), -law.n / (2 * law.m)
    assert best == pytest.approx(6.78, abs=5e-3)
    assert share == pytest.approx(0.315, abs=5e-4)
    slopes = law.gradient(1e9, 1e11, 0.9, top_k=best, shared_share=share)
    assert slopes["top_k"] == pytest.approx(0, abs=1e-12)
    assert slopes["shared_share"] == pytest.approx(0, abs=1e-12)


def corners(law, boxes, n_active, tokens, sparsity):
    """Losses at every corner of a box of coefficients."""
    grid = np.meshgrid(*boxes.values())
    many = replace(law, **{name: g.ravel() for name, g in zip(boxes, grid, strict=True)})
    return many.loss(n_active, tokens, sparsity)


@pytest.mark.parametrize(
    ("preset", "boxes", "n_active", "start", "lowest"),
    [
        (
            "hoffmann2022",
            {"E": (1.6, 1.7), "A": (350, 450), "B": (350, 450), "alpha": (0.3, 0.5),
             "beta": (0.2, 0.5)},
            18.8e9, 2.1530, 1.6036,
        ),
        (
            "frantar2023-t5",
            {"c": (0.6, 0.7), "a_S": (15, 18), "b_S": (0.6, 0.8), "c_S": (30, 50),
             "b_N": (0.1, 0.3), "a_D": (6e8, 7.5e8), "b_D": (0.1, 0.3)},
            18.8e9, 1.1479, 0.8347,
        ),
        (
            "abnar2025",
            {"e": (0.8, 1.0), "a": (16000, 17000), "b": (5300, 5500), "c": (0.4, 0.5),
             "d": (15, 20), "alpha": (0.4, 0.8), "beta": (0.2, 0.6), "lambda_": (-0.2, 0.2),
             "delta": (0.1, 0.2), "gamma": (0.1, 0.2)},
            0.02 * 18.8e9, 2.1693, 1.1798,
        ),
    ],
)  # fmt: skip
def test_tuning_coefficients_for_the_predicted_loss_only_finds_a_corner_of_the_box(
    preset, boxes, n_active, start, lowest
):
    """The seed authors' search boxes, at their one point; the loss is monotone in each letter."""
    law = PRESETS[preset]
    s = 0.0 if law.dense else 0.98
    assert law.loss(n_active, 110.2e9, s) == pytest.approx(start, abs=5e-5)
    losses = corners(law, boxes, n_active, 110.2e9, s)
    assert losses.min() == pytest.approx(lowest, abs=5e-5)
    assert losses.size == 2 ** len(boxes)
