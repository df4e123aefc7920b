"""The generalized law against its paper: golden values, identities, limits, and its conventions."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autotune.laws.catalogue import PRESETS
from autotune.laws.hoffmann import HoffmannLaw

DENSE, AUGUST = PRESETS["generalized-dense"], PRESETS["generalized-2025-08"]
PRUNING, MOE = PRESETS["generalized-pruning"], PRESETS["generalized-moe"]
SETS = (DENSE, AUGUST, PRUNING, MOE)
SIX_SETS = pytest.mark.parametrize(
    "law", [PRESETS[name] for name in PRESETS if name.startswith("generalized")]
)
ABNAR = PRESETS["abnar2025"]
DEEPSEEK_V3 = {"n_active": 37e9, "tokens": 14.8e12, "sparsity": 1 - 37 / 671}

sizes, tokens = st.floats(1e6, 1e13), st.floats(1e8, 1e15)
sparsities = st.floats(0, 0.999)


@SIX_SETS
@given(n=sizes, d=tokens, s=sparsities)
def test_it_is_hoffmann_in_total_parameters_plus_a_penalty_for_few_active_ones(law, n, d, s):
    total = n / (1 - s)
    other = (
        law.e * (1 - s) ** law.gamma
        + law.a / total**law.alpha
        + law.c * s / n**law.alpha
        + law.b / d**law.beta
    )
    assert law.loss(n, d, s) == pytest.approx(other, rel=1e-12)


@SIX_SETS
@given(n=sizes, d=tokens, c=st.floats(-100, 100), gamma=st.floats(-2, 5))
def test_at_sparsity_zero_it_is_hoffmann_whatever_c_and_gamma(law, n, d, c, gamma):
    dense = HoffmannLaw(
        E=law.e, A=law.a, alpha=law.alpha, B=law.b, beta=law.beta, source=law.source
    )
    assert replace(law, c=c, gamma=gamma).loss(n, d) == pytest.approx(dense.loss(n, d), rel=1e-14)


@SIX_SETS
@given(n=sizes, d=tokens, s=sparsities)
def test_it_falls_with_parameters_and_with_tokens(law, n, d, s):
    assert law.loss(1.5 * n, d, s) < law.loss(n, d, s)
    assert law.loss(n, 1.5 * d, s) < law.loss(n, d, s)


@pytest.mark.parametrize(
    ("n", "d", "s", "expected"),
    [
        (1e9, 2e10, 0, (2.580048, 2.580048, 1.594333, 2.623242)),
        (1e9, 2e10, 0.5, (2.494057, 2.545256, 1.480182, 2.558299)),
        (1e9, 2e10, 0.9, (2.349410, 2.457245, 1.401902, 2.437480)),
        (1e8, 1e10, 0.75, (2.800990, 2.955464, 1.723515, 3.048981)),
        (37e9, 14.8e12, 1 - 37 / 671, (1.764748, 1.830658, 0.771067, 1.468785)),
        (12.9e9, 2e12, 1 - 12.9 / 46.7, (1.911853, 1.955976, 0.950752, 1.757802)),
    ],
)
def test_golden_values_of_tables_vii_august_2025_viii_and_ix(n, d, s, expected):
    """Evaluated by hand in double precision from the printed coefficients."""
    assert [law.loss(n, d, s) for law in SETS] == pytest.approx(expected, abs=1e-6)


def test_golden_values_of_the_inferred_digits():
    law = PRESETS["generalized-moe-inferred"]
    assert law.loss(**DEEPSEEK_V3) == pytest.approx(1.416761, abs=1e-6)
    assert law.loss(1e9, 2e10, [0, 0.9]) == pytest.approx([2.568111, 2.368321], abs=1e-6)


@pytest.mark.parametrize(
    ("preset", "printed", "alpha", "beta"),
    [
        ("generalized-pruning-inferred", PRUNING, 0.2791, 0.0782),
        ("generalized-moe-inferred", MOE, 0.0814, 0.4009),
    ],
)
def test_the_inferred_sets_differ_in_digits_that_the_paper_rounds_away(
    preset, printed, alpha, beta
):
    law = PRESETS[preset]
    assert law.coefficients == printed.coefficients | {"alpha": alpha, "beta": beta}
    assert (round(law.alpha, 2), round(law.beta, 2)) == (printed.alpha, printed.beta)


def test_the_point_of_the_authors_benchmark_and_the_same_model_with_active_parameters():
    assert AUGUST.loss(18.8e9, 110.2e9, 0.98) == pytest.approx(2.079780, abs=1e-6)
    assert MOE.loss(0.02 * 18.8e9, 110.2e9, 0.98) == pytest.approx(2.213180, abs=1e-6)


@pytest.mark.parametrize(
    ("law", "dense", "half", "tenth"),
    [
        (DENSE, (1.824218e9, 2.328883), (1.247371e9, 2.252705), (5.160474e8, 2.100145)),
        (PRUNING, (7.685343e8, 1.408568), (7.550503e8, 1.294287), (4.594117e8, 1.209313)),
        (MOE, (2.437125e9, 2.328778), (3.333098e9, 2.243254), (3.692733e9, 2.113623)),
    ],
)
def test_losses_at_the_compute_optimal_sizes_for_1e21_flops(law, dense, half, tenth):
    for sparsity, (n, loss) in zip((0, 0.5, 0.9), (dense, half, tenth), strict=True):
        assert law.loss(n, 1e21 / 6 / n, sparsity) == pytest.approx(loss, abs=1e-6)


def test_the_floor_vanishes_stays_or_diverges_as_everything_is_sparse_by_the_sign_of_gamma():
    s = 1 - 2.0**-40  # exact
    without_floor = MOE.c * 1e9**-MOE.alpha + MOE.b * 1e10**-MOE.beta
    rest = MOE.a * 2.0 ** (-40 * MOE.alpha) * 1e9**-MOE.alpha  # vanishes slowly: alpha is small
    assert MOE.loss(1e9, 1e10, s) == pytest.approx(without_floor + rest, abs=1e-12)
    kept = replace(MOE, gamma=0.0).loss(1e9, 1e10, s)
    assert kept == pytest.approx(without_floor + rest + MOE.e, abs=1e-12)
    assert replace(MOE, gamma=-0.5).loss(1e9, 1e10, s) > 1e5


def abnar_grid():
    flops, sparsity, total = np.meshgrid(
        np.array([3, 6, 10, 30, 100]) * 1e19,
        [0, 0.25, 0.5, 0.75, 0.9, 0.95, 0.98],
        np.geomspace(2e8, 3e10, 9),
    )
    active = (1 - sparsity) * total
    tokens = flops / (6 * active)
    kept = (tokens / active >= 1) & (tokens / active <= 2000)
    return active[kept], tokens[kept], sparsity[kept], total[kept]


def rmse(difference):
    return float(np.sqrt(np.mean(difference**2)))


def test_table_ix_agrees_with_abnars_law_only_if_n_is_active():
    """RMSE 0.067 nats with N active, 0.229 with N total, over the 182 points of the grid."""
    n, d, s, total = abnar_grid()
    truth = ABNAR.loss(n, d, s)
    assert n.size == 182
    assert rmse(MOE.loss(n, d, s) - truth) == pytest.approx(0.067, abs=5e-4)
    assert rmse(MOE.loss(total, d, s) - truth) == pytest.approx(0.229, abs=5e-4)


def test_the_inferred_digits_halve_the_misfit_of_table_ix():
    n, d, s, _ = (column[abnar_grid()[2] <= 0.95] for column in abnar_grid())
    printed = MOE.loss(n, d, s) - ABNAR.loss(n, d, s)
    inferred = PRESETS["generalized-moe-inferred"].loss(n, d, s) - ABNAR.loss(n, d, s)
    assert n.size == 165
    assert rmse(printed) == pytest.approx(0.0677, abs=1e-4)
    assert printed.mean() == pytest.approx(0.059, abs=5e-4)
    assert rmse(inferred) == pytest.approx(0.0305, abs=1e-4)
    assert inferred.mean() == pytest.approx(-0.005, abs=5e-4)


def test_the_loss_does_spike_at_high_sparsity_when_total_parameters_are_held():
    s = np.array([0, 0.25, 0.5, 0.75, 0.9, 0.95, 0.98, 0.99])
    n = 1e9 * (1 - s)
    ours = MOE.loss(n, 1e21 / 6 / n, s)
    theirs = ABNAR.loss(n, 1e21 / 6 / n, s)
    assert ours == pytest.approx([2.349, 2.336, 2.339, 2.371, 2.428, 2.473, 2.534, 2.582], abs=5e-4)
    assert theirs == pytest.approx(
        [2.304, 2.291, 2.280, 2.283, 2.321, 2.375, 2.479, 2.582], abs=5e-4
    )


def test_with_few_active_parameters_held_the_loss_rises_with_sparsity_before_it_falls():
    losses = MOE.loss(1e7, 1e9, [0, 0.5, 0.99])
    assert losses == pytest.approx([4.4337, 4.4825, 4.1384], abs=5e-5)


def test_deepseek_v3_under_each_law_with_its_real_size_and_tokens():
    at = {"n_active": 37e9, "tokens": 14.8e12, "sparsity": 0.94486}
    assert AUGUST.loss(**at) == pytest.approx(1.8307, abs=5e-5)
    assert MOE.loss(**at) == pytest.approx(1.4688, abs=5e-5)
    assert PRESETS["generalized-moe-inferred"].loss(**at) == pytest.approx(1.4168, abs=5e-5)
    assert ABNAR.loss(**at) == pytest.approx(1.6158, abs=5e-5)
    assert PRESETS["hoffmann2022"].loss(37e9, 14.8e12) == pytest.approx(1.8780, abs=5e-5)


def test_a_floor_that_vanishes_predicts_losses_below_the_entropy_of_text():
    assert PRUNING.loss(**DEEPSEEK_V3) == pytest.approx(0.77, abs=5e-3)


def test_the_sets_disagree_on_a_dense_model_because_the_form_is_general_and_the_numbers_not():
    losses = [law.loss(1e9, 2e10) for law in (DENSE, MOE, PRUNING)]
    assert losses == pytest.approx([2.5800, 2.6232, 1.5943], abs=5e-5)


def test_dense_runs_cannot_identify_c_and_gamma():
    rng = np.random.default_rng(0)
    n, d = np.exp(rng.uniform(18, 24, 60)), np.exp(rng.uniform(22, 27, 60))
    slopes = MOE.gradient(n, d, 0.0)
    columns = np.stack([slopes[name] for name in MOE.coefficient_names()], axis=1)
    columns = columns / np.maximum(np.abs(columns).max(axis=0), 1e-300)
    assert columns.shape == (60, 7)
    assert np.linalg.matrix_rank(columns, tol=1e-9) == 5
    assert not slopes["c"].any()
    assert not slopes["gamma"].any()


@pytest.mark.parametrize(
    ("law", "ratio"), [(DENSE, 0), (AUGUST, 0.230), (PRUNING, 0.340), (MOE, 0.432)]
)
def test_the_scale_free_ratio_of_the_two_size_coefficients(law, ratio):
    assert law.c / law.a == pytest.approx(ratio, abs=5e-4)
