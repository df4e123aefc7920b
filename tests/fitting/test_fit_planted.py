"""A fit finds the law that made the losses, whatever the form."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from planted import PLANTED, planted

from autotune.fitting.design import conventions, design, natural
from autotune.fitting.fit import fit
from autotune.fitting.predict import predict
from autotune.fitting.result import FitStatus
from autotune.fitting.score import score
from autotune.fitting.settings import Convention, FitSettings
from autotune.laws.catalogue import FORMS, PRESETS

LONGER = {"interaction", "krajewski", "kumar", "ludziejewski", "muennighoff", "zhao"}
"""Forms whose fits take five seconds or more."""
one_per_form = pytest.mark.parametrize(
    "law",
    [
        pytest.param(law, id=form, marks=[pytest.mark.long] * (form in LONGER))
        for form, law in PLANTED.items()
    ],
)


@one_per_form
def test_a_law_without_noise_is_recovered_to_a_millionth(law):
    found = fit(type(law), planted(law, seed=3), settings=FitSettings(objective="mse"))
    assert found.status is FitStatus.CONVERGED
    assert found.score.log_rmse < 1e-9
    for name, value in law.coefficients.items():
        assert found.law.coefficients[name] == pytest.approx(value, rel=1e-6), name


@one_per_form
def test_no_fit_of_noisy_runs_is_worse_than_the_law_that_made_them(law):
    table = planted(law, noise=0.005, seed=4)
    found = fit(type(law), table)
    residual = np.abs(np.log(predict(law, table, natural(type(law))) / table.loss))
    truth = np.where(residual <= 1e-3, residual**2 / 2, 1e-3 * (residual - 5e-4)).sum()
    assert found.objective_sum <= truth
    assert found.starts[1] >= 1


@settings(max_examples=10, deadline=None)
@given(
    floor=st.floats(0.5, 3),
    alpha=st.floats(0.15, 0.8),
    beta=st.floats(0.15, 0.8),
    share=st.floats(0.2, 2),
    seed=st.integers(0, 99),
)
def test_any_dense_law_is_recovered(floor, alpha, beta, share, seed):
    law = replace(
        PRESETS["hoffmann2022"],
        E=floor, A=share * 1e9**alpha, alpha=alpha, B=share * 2e10**beta, beta=beta,
    )  # fmt: skip
    found = fit(type(law), planted(law, seed=seed, size=40))
    for name, value in law.coefficients.items():
        assert found.law.coefficients[name] == pytest.approx(value, rel=1e-6), name


def test_the_same_seed_gives_the_same_fit_and_draws_bit_for_bit():
    table = planted(PRESETS["hoffmann2022"], noise=0.01)
    asked = FitSettings(bootstrap=20, seed=5)
    one, two = (fit(FORMS["hoffmann"], table, settings=asked) for _ in range(2))
    assert one.law == two.law
    np.testing.assert_array_equal(one.draws, two.draws)
    other = fit(FORMS["hoffmann"], table, settings=replace(asked, seed=6))
    assert (other.draws != one.draws).any()


def test_every_seed_finds_the_same_minimum():
    table = planted(PRESETS["generalized-moe"], noise=0.01, seed=1)
    best = fit(FORMS["generalized"], table).objective_sum
    for seed in range(1, 6):
        again = fit(FORMS["generalized"], table, settings=FitSettings(seed=seed)).objective_sum
        assert again == pytest.approx(best, rel=1e-6), seed


@pytest.mark.parametrize("objective", ["huber", "mse", "mae"])
def test_the_reported_sum_is_that_of_the_objective_over_the_residuals(objective):
    table = planted(PRESETS["hoffmann2022"], noise=0.01)
    found = fit(FORMS["hoffmann"], table, settings=FitSettings(objective=objective))
    residual = np.abs(np.log(predict(found.law, table, found.convention) / table.loss))
    expected = {
        "huber": np.where(residual <= 1e-3, residual**2 / 2, 1e-3 * (residual - 5e-4)).sum(),
        "mse": (residual**2).sum(),
        "mae": residual.sum(),
    }[objective]
    assert found.objective_sum == pytest.approx(expected, rel=1e-6)


def test_least_absolute_deviations_pass_through_as_many_runs_as_there_are_coefficients():
    table = planted(PRESETS["hoffmann2022"], noise=0.01)
    found = fit(FORMS["hoffmann"], table, settings=FitSettings(objective="mae"))
    residual = np.log(predict(found.law, table, found.convention) / table.loss)
    assert (np.abs(residual) < 1e-7).sum() == 5


def test_a_weight_of_two_is_the_run_twice():
    table = planted(PRESETS["hoffmann2022"], noise=0.01, size=30)
    heavy = replace(table, weight=np.where(np.arange(30) < 10, 2.0, 1.0))
    twice = table.take(np.r_[np.arange(30), np.arange(10)])
    one, two = fit(FORMS["hoffmann"], heavy), fit(FORMS["hoffmann"], twice)
    assert one.objective_sum == pytest.approx(two.objective_sum, rel=1e-9)
    assert one.law.alpha == pytest.approx(two.law.alpha, rel=1e-6)


def test_a_large_table_is_fitted_on_all_of_its_runs():
    law = PRESETS["hoffmann2022"]
    table = planted(law, noise=0.01, size=5000)
    found = fit(FORMS["hoffmann"], table, settings=FitSettings(objective="mse"))
    assert found.status is FitStatus.CONVERGED
    fewer = fit(FORMS["hoffmann"], table.take(np.arange(1500)), settings=found.settings)
    assert score(found.law, table, found.convention).log_rmse < (
        score(fewer.law, table, fewer.convention).log_rmse
    )


@pytest.mark.parametrize(
    ("form", "convention"),
    [(f, Convention(n)) for f in ("abnar", "generalized", "frantar") for n in ("active", "total")],
)
def test_the_formula_reads_the_size_that_the_convention_names(form, convention):
    table = planted(PRESETS["generalized-moe"])
    inputs = design(FORMS[form], table, convention)
    reads_total = natural(FORMS[form]).n == "total"
    read = inputs.n_active / (1 - inputs.sparsity) if reads_total else inputs.n_active
    wanted = table.n_active if convention.n == "active" else table.n_total
    np.testing.assert_allclose(read, wanted)


def test_conventions_are_those_that_differ_on_the_table():
    dense = planted(PRESETS["hoffmann2022"])
    assert conventions(FORMS["hoffmann"], dense) == [Convention("active")]
    sparse = planted(PRESETS["generalized-moe"])
    assert len(conventions(FORMS["abnar"], sparse)) == 2
    assert conventions(FORMS["abnar"], sparse)[0] == Convention("total")
    with_experts = replace(sparse, factors={"n_experts": np.full(len(sparse), 8.0)})
    assert len(conventions(FORMS["generalized"], with_experts)) == 4
    assert len(conventions(FORMS["clark"], with_experts)) == 2
