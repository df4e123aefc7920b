"""Intervals of a fit: what is resampled and when, profiles, and what they promise."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm, t

from autotune.fitting import descend, linear
from autotune.fitting.fit import fit
from autotune.fitting.noise import Noise, noise_of, uneven
from autotune.fitting.objective import Objective
from autotune.fitting.runs import RunTable
from autotune.fitting.settings import FitSettings
from autotune.laws.catalogue import FORMS, PRESETS

LAW = PRESETS["besiroglu2024"]
HOFFMANN = FORMS["hoffmann"]


def runs(*, noise=0.01, size=40, seed=0, growth=0.0, law=LAW, sparsity=0.0):
    """Runs of a law whose noise may grow with the number of tokens."""
    rng = np.random.default_rng(seed)
    n, d = 10 ** rng.uniform(7.5, 10, size), 10 ** rng.uniform(9, 11.5, size)
    s = np.broadcast_to(sparsity, size)
    sigma = noise * (d / 1e10) ** growth
    return RunTable(
        n_active=n,
        n_total=n / (1 - s),
        tokens=d,
        loss=law.loss(n, d, s) * np.exp(sigma * rng.standard_normal(size)),
        flops=6 * n * d,
        weight=np.ones(size),
        lines=np.arange(2, size + 2),
    )


def fitted(table, form=HOFFMANN, groups=None, **settings):
    return fit(form, table, settings=FitSettings(**{"bootstrap": 200, **settings}), groups=groups)


def test_exponents_are_profiled_and_coefficients_with_a_unit_are_resampled():
    found = fitted(runs())
    assert found.interval_methods == {
        "E": "profile", "A": "residuals", "alpha": "profile", "B": "residuals", "beta": "profile",
    }  # fmt: skip
    assert found.interval_method == "profile (E, alpha, beta), bootstrap of residuals (A, B)"
    assert fitted(runs(), resample="rows").interval_method == "bootstrap of rows"


@pytest.mark.parametrize("objective", ["huber", "mse", pytest.param("mae", marks=pytest.mark.long)])
def test_at_a_profile_limit_the_best_fit_is_worse_by_the_square_of_students_t(objective):
    table, level = runs(size=24), 0.9
    found = fitted(table, objective=objective, level=level, seed=3)
    residual = np.log(found.law.loss(table.n_active, table.tokens) / table.loss)
    unit = {"huber": Objective(1e-3), "mse": Objective(np.inf), "mae": Objective(1e-9)}[objective]
    scale = {"huber": 1.0, "mse": 2.0, "mae": 1e9}[objective]
    reach = t.ppf((1 + level) / 2, 24 - 5)
    rise = 0.5 * noise_of(residual, unit, 5).unit(unit) * reach**2 * scale
    for name in ("E", "alpha", "beta"):
        for limit in found.interval[name]:
            held = fit(
                HOFFMANN, table, settings=FitSettings(objective=objective, fix={name: limit})
            )
            assert held.objective_sum - found.objective_sum == pytest.approx(rise, rel=0.05), name


def test_squares_of_a_nearly_linear_coefficient_give_the_interval_of_the_textbook():
    """With its exponents fixed the law is linear in E, so the profile is a parabola."""
    table = runs(noise=1e-3, size=12)
    fixed = {"alpha": LAW.alpha, "beta": LAW.beta}
    found = fitted(table, objective="mse", fix=fixed)
    loss = found.law.loss(table.n_active, table.tokens)
    slopes = found.law.gradient(table.n_active, table.tokens)
    design = np.stack([slopes[name] / loss for name in ("E", "A", "B")], axis=1)
    residual = np.log(loss / table.loss)
    sigma = np.sqrt((residual**2).sum() / (12 - 3))
    error = sigma * np.sqrt(np.linalg.inv(design.T @ design)[0, 0])
    low, high = found.interval["E"]
    assert high - found.law.E == pytest.approx(2.262 * error, rel=0.02)
    assert found.law.E - low == pytest.approx(2.262 * error, rel=0.02)


def test_percentiles_of_residual_draws_leave_out_as_much_as_students_t_lies_beyond():
    found = fitted(runs(size=20))
    assert found.tail == pytest.approx(norm.sf(t.ppf(0.975, 20 - 5)))
    low, high = np.quantile(found.draws[:, 1], [found.tail, 1 - found.tail], method="inverted_cdf")
    assert found.interval["A"] == (low, high)
    assert fitted(runs(), resample="rows").tail == pytest.approx(0.025)


def test_the_ends_are_the_coefficients_at_the_profile_limits():
    table = runs(size=60)
    found = fitted(table)
    assert found.ends.shape == (6, 5)
    residual = np.log(found.law.loss(table.n_active, table.tokens) / table.loss)
    unit = noise_of(residual, Objective(1e-3), 5).unit(Objective(1e-3))
    rise = 0.5 * unit * t.ppf(0.975, 60 - 5) ** 2
    names = found.law.coefficient_names()
    for row, (name, side) in zip(found.ends, product(("E", "alpha", "beta"), (0, 1)), strict=True):
        limit, width = found.interval[name][side], np.ptp(found.interval[name])
        assert row[names.index(name)] == pytest.approx(limit, abs=0.02 * width)
        law = replace(found.law, **dict(zip(names, row, strict=True)))
        off = np.log(law.loss(table.n_active, table.tokens) / table.loss)
        assert (
            0.85 < (Objective(1e-3).sum(off, np.ones(60)) - found.objective_sum) / rise <= 1 + 1e-9
        )


def test_intervals_do_not_depend_on_how_many_estimates_descend_side_by_side(monkeypatch):
    few = {"bootstrap": 20, "profile": ("alpha",)}
    at_once = fitted(runs(size=20), **few)
    for module in (descend, linear):
        monkeypatch.setattr(module, "BATCH_CELLS", 900)
    in_parts = fitted(runs(size=20), **few)
    assert in_parts.objective_sum == pytest.approx(at_once.objective_sum, rel=1e-12)
    assert in_parts.draws == pytest.approx(at_once.draws, rel=1e-5)
    for name, ends in at_once.interval.items():
        assert in_parts.interval[name] == pytest.approx(ends, rel=1e-5)


def test_there_are_no_ends_where_nothing_is_profiled():
    assert fitted(runs(), resample="rows").ends.shape == (0, 5)
    assert fitted(runs(), bootstrap=0).ends.shape == (0, 5)


def test_an_interval_holds_the_estimate_and_wider_levels_hold_narrower_ones():
    narrow, wide = (fitted(runs(), level=level) for level in (0.5, 0.95))
    for name, at in wide.law.coefficients.items():
        (a, b), (low, high) = narrow.interval[name], wide.interval[name]
        assert low <= a <= b <= high
        assert low < at < high
    assert narrow.draws.shape == (200, 5)


def test_where_runs_give_no_limit_the_interval_is_open():
    """Sparsities near each other cannot bound the exponent of the sparsity."""
    law = PRESETS["frantar2023-t5"]
    sparsity = np.tile([0.0, 0.01, 0.02, 0.03], 10)
    found = fitted(runs(law=law, sparsity=sparsity, noise=0.02), FORMS["frantar"])
    low, high = found.interval["b_S"]
    assert np.isinf(low) or np.isinf(high)


def test_where_a_power_may_be_0_the_constant_has_no_limit_and_what_would_give_one_is_said():
    """Sizes within a factor of three: alpha may be 0, where A and E trade without end."""
    few = runs(size=24)
    n = 1e9 * (few.n_active / few.n_active.min()) ** 0.2
    rng = np.random.default_rng(0)
    loss = LAW.loss(n, few.tokens) * np.exp(0.01 * rng.standard_normal(24))
    table = replace(few, n_active=n, n_total=n, loss=loss)
    found = fitted(table, bootstrap=10)
    low, high = found.interval["alpha"]
    assert low < -1e-3 < 1e-3 < high
    assert found.interval["E"] == (-np.inf, np.inf)
    (said,) = (each for each in found.weak if each.startswith("alpha may be 0"))
    assert said.endswith("E has no limit. Runs over a wider range of sizes would separate them.")
    residual = np.log(found.law.loss(n, few.tokens) / table.loss)
    unit = noise_of(residual, Objective(1e-3), 5).unit(Objective(1e-3))
    rise = 0.5 * unit * t.ppf(0.975, 24 - 5) ** 2
    for alpha, sign in ((1e-3, -1), (-1e-3, 1)):
        held = fit(HOFFMANN, table, settings=FitSettings(fix={"alpha": alpha}))
        assert held.objective_sum < found.objective_sum + rise
        assert sign * held.law.E > 20


def test_a_bound_given_by_the_user_ends_a_profile():
    free = fitted(runs())
    limit = free.law.alpha + 0.1 * (free.interval["alpha"][1] - free.law.alpha)
    found = fitted(runs(), bounds={"alpha": (-1.0, limit)})
    assert found.interval["alpha"][1] == pytest.approx(limit, rel=1e-9)


def test_noise_that_varies_with_an_input_makes_it_resample_runs_and_says_so():
    found = fitted(runs(size=200, growth=0.5))
    assert set(found.interval_methods.values()) == {"rows"}
    assert any(
        "residuals vary with tokens (rank correlation +0." in each for each in found.warnings
    )
    asked = fitted(runs(size=200, growth=0.5), resample="residuals")
    assert "residuals" in asked.interval_methods.values()


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"weight": np.linspace(1, 2, 40)}, "weights differ"),
        ({}, "fewer than two runs for each coefficient"),
    ],
)
def test_weights_and_few_runs_make_it_resample_runs(changed, said):
    table = replace(runs(), **changed) if changed else runs().take(np.arange(9))
    found = fitted(table)
    assert set(found.interval_methods.values()) == {"rows"}
    assert any(said in each for each in found.warnings)


def test_copies_of_runs_in_one_group_do_not_narrow_the_intervals():
    table = runs()
    copies = table.take(np.repeat(np.arange(40), 4))
    groups = np.repeat(np.arange(40), 4)
    single = fitted(table, resample="rows", bootstrap=300).interval["alpha"]
    grouped = fitted(copies, groups=groups, bootstrap=300).interval["alpha"]
    naive = fitted(copies, resample="rows", bootstrap=300).interval["alpha"]
    assert np.ptp(grouped) == pytest.approx(np.ptp(single), rel=0.1)
    assert np.ptp(naive) < 0.7 * np.ptp(single)


@pytest.mark.long
def test_of_a_large_table_draws_are_normal_and_as_wide_as_resamples():
    table = runs(size=1500, noise=0.01)
    few = fitted(table, resample="rows", bootstrap=400)
    model_many = fitted(table.take(np.tile(np.arange(1500), 16)), bootstrap=2000)
    assert set(model_many.interval_methods.values()) == {"normal"}
    for name in ("E", "alpha", "beta"):
        narrow, wide = np.ptp(model_many.interval[name]), np.ptp(few.interval[name])
        assert wide / narrow == pytest.approx(4.0, rel=0.25), name  # 16 copies, as if independent


@pytest.mark.long
def test_copies_in_one_group_do_not_narrow_normal_draws():
    table = runs(size=1500, noise=0.01)
    copies = table.take(np.repeat(np.arange(1500), 16))
    grouped = fitted(copies, groups=np.repeat(np.arange(1500), 16), bootstrap=2000)
    single = fitted(table, resample="rows", bootstrap=400)
    assert set(grouped.interval_methods.values()) == {"normal"}
    for name in ("E", "alpha", "beta"):
        ratio = np.ptp(grouped.interval[name]) / np.ptp(single.interval[name])
        assert ratio == pytest.approx(1.0, rel=0.25), name


def test_runs_without_noise_have_intervals_of_no_width():
    found = fitted(runs(noise=0.0))
    for name, (low, high) in found.interval.items():
        assert high - low <= 1e-4 * abs(found.law.coefficients[name])


@given(seed=st.integers(0, 50), delta=st.sampled_from([1e-4, 1e-3, 1e-2, 1.0, np.inf]))
def test_noise_keeps_its_scale_whatever_the_objective(seed, delta):
    """Of 400 residuals, 5 of them nearly 0 if the fit is robust."""
    residual = np.random.default_rng(seed).normal(0, 0.01, 400)
    if delta < 0.01:
        residual[:5] = 0
    drawn = noise_of(residual, Objective(delta), 5).draw((50, 400), 0)
    assert drawn.std() == pytest.approx(0.01, rel=0.15)


def test_the_unit_of_a_likelihood_ratio_is_variance_for_squares_and_half_density_for_signs():
    sigma = 0.01
    pool = norm.ppf((np.arange(4000) + 0.5) / 4000) * sigma
    squares = Noise(pool, 0.0).unit(Objective(np.inf))
    assert squares == pytest.approx(sigma**2, rel=1e-2)
    signs = Noise(pool, 0.05 * sigma).unit(Objective(1e-7))
    assert signs == pytest.approx(1e-7 * sigma * np.sqrt(np.pi / 2), rel=2e-2)


def test_even_noise_is_rarely_called_uneven():
    called = 0
    for seed in range(300):
        table = runs(seed=seed)
        residual = np.random.default_rng(1000 + seed).normal(size=40)
        called += bool(uneven(residual, table))
    assert called <= 9  # 3 expected of 300 at a level of 1 %
