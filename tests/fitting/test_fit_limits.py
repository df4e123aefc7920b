"""Fixed and bounded coefficients, runs that cannot tell coefficients apart, and bad requests."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from autotune.errors import FitError, InputError
from autotune.fitting.bootstrap import bootstrap
from autotune.fitting.descend import value
from autotune.fitting.design import design, natural
from autotune.fitting.fit import fit
from autotune.fitting.identify import settle_exchanges
from autotune.fitting.minimum import minimise
from autotune.fitting.objective import Objective
from autotune.fitting.predict import predict
from autotune.fitting.resamples import by_rows
from autotune.fitting.result import FitStatus
from autotune.fitting.runs import RunTable
from autotune.fitting.search import project, spread, starts
from autotune.fitting.settings import FitSettings
from autotune.fitting.twin import pose
from autotune.laws.catalogue import FORMS, PRESETS

LAW = PRESETS["generalized-moe"]


def runs(law=LAW, *, noise=0.005, size=80, seed=0, **columns):
    """Runs that follow a law without factors; `columns` replaces what would vary."""
    rng = np.random.default_rng(seed)
    varied = {
        "n_active": 10 ** rng.uniform(7.5, 10, size),
        "tokens": 10 ** rng.uniform(9, 11.5, size),
        "sparsity": rng.choice([0, 0.5, 0.75, 0.9], size) * (not law.dense),
    } | {name: np.broadcast_to(float(each), size).copy() for name, each in columns.items()}
    n, d, s = varied["n_active"], varied["tokens"], varied["sparsity"]
    return RunTable(
        n_active=n,
        n_total=n / (1 - s),
        tokens=d,
        loss=law.loss(n, d, s) * np.exp(noise * rng.standard_normal(size)),
        flops=6 * n * d,
        weight=np.ones(size),
        lines=np.arange(2, size + 2),
        name="runs",
    )


@cache
def free_fit():
    """Of the generalized law to its eighty runs, nothing fixed or bounded."""
    return fit(FORMS["generalized"], runs())


@pytest.mark.parametrize("held", [{"gamma": 0.0}, {"alpha": 0.2, "c": 1.0}, {"b": 5000.0}])
def test_a_fixed_coefficient_stays_and_the_others_do_their_best(held):
    table = runs()
    found = fit(FORMS["generalized"], table, settings=FitSettings(fix=held))
    assert {name: found.law.coefficients[name] for name in held} == held
    assert found.objective_sum > free_fit().objective_sum
    assert found.status is FitStatus.CONVERGED


@pytest.mark.long
def test_fixing_a_coefficient_at_its_estimate_changes_nothing():
    table = runs()
    free = free_fit()
    for name, at in free.law.coefficients.items():
        held = fit(FORMS["generalized"], table, settings=FitSettings(fix={name: at}))
        assert held.objective_sum == pytest.approx(free.objective_sum, rel=1e-6), name


@pytest.mark.parametrize("name", ["gamma", "c", "e", "b"])
def test_a_bound_that_excludes_the_optimum_is_hit_and_said(name):
    table = runs()
    free = free_fit()
    limit = free.law.coefficients[name] * 0.8
    found = fit(FORMS["generalized"], table, settings=FitSettings(bounds={name: (-1e9, limit)}))
    assert found.law.coefficients[name] == pytest.approx(limit, rel=1e-12)
    assert found.status is FitStatus.AT_BOUND
    assert f"{name} sits on its bound." in found.warnings
    fixed = fit(FORMS["generalized"], table, settings=FitSettings(fix={name: limit}))
    assert found.objective_sum == pytest.approx(fixed.objective_sum, rel=1e-6)


def test_a_bound_that_contains_the_optimum_changes_nothing():
    table = runs()
    free = free_fit()
    found = fit(FORMS["generalized"], table, settings=FitSettings(bounds={"gamma": (-3, 3)}))
    assert found.objective_sum == pytest.approx(free.objective_sum, rel=1e-9)
    assert found.status is FitStatus.CONVERGED


def test_frantar_with_its_data_scale_fixed_is_fitted_as_printed():
    law = PRESETS["frantar2023-t5"]
    table = runs(law)
    free = fit(FORMS["frantar"], table)
    held = FitSettings(fix={"a_D": free.law.coefficients["a_D"]})
    found = fit(FORMS["frantar"], table, settings=held)
    assert found.objective_sum == pytest.approx(free.objective_sum, rel=1e-6)


@pytest.mark.parametrize(
    ("form", "columns", "exchangeable", "remedy"),
    [
        ("hoffmann", {"tokens": 2e10}, {"E", "B", "beta"}, "runs at other token counts"),
        ("hoffmann", {"n_active": 1e9}, {"E", "A", "alpha"}, "runs of other sizes"),
        ("generalized", {"sparsity": 0.0}, {"c", "gamma"}, "runs at other sparsities"),
        ("frantar", {"sparsity": 0.0}, {"a_S", "c_S", "b_S"}, "runs at other sparsities"),
        ("frantar", {"tokens": 2e10}, {"a_D", "b_D", "c"}, "runs at other token counts"),
        ("abnar", {"sparsity": 0.0}, {"c", "e", "lambda_", "delta"}, "runs at other sparsities"),
    ],
)
def test_what_runs_cannot_tell_apart_is_named_with_its_remedy_and_predictions_are_right(
    form, columns, exchangeable, remedy
):
    law = {each.form: each for each in PRESETS.values()}[form]
    table = runs(law if law.form != "generalized" else LAW, noise=0.0, **columns)
    found = fit(FORMS[form], table)
    said = " ".join(found.weak)
    assert all(name in said.replace(":", " ").replace(",", " ").split() for name in exchangeable)
    assert remedy in said
    np.testing.assert_allclose(predict(found.law, table, found.convention), table.loss, rtol=1e-5)
    assert np.isfinite(list(found.law.coefficients.values())).all()


@pytest.mark.parametrize(
    ("form", "two", "held"),
    [
        ("hoffmann", "n_active", "alpha"),
        ("hoffmann", "tokens", "beta"),
        ("frantar", "sparsity", "c_S"),
        ("abnar", "sparsity", "lambda_"),
    ],
)
def test_two_values_of_an_input_are_told_apart_although_its_power_is_not_settled(form, two, held):
    law = {each.form: each for each in PRESETS.values()}[form]
    values = {"n_active": (1e8, 1e9), "tokens": (1e10, 1e11), "sparsity": (0.0, 0.5)}[two]
    halves = [runs(law, noise=0.0, size=20, seed=i, **{two: v}) for i, v in enumerate(values)]
    one, other = (
        {name: getattr(half, name) for name in ("n_active", "n_total", "tokens", "loss", "flops")}
        for half in halves
    )
    both = {name: np.concatenate([one[name], other[name]]) for name in one}
    table = RunTable(**both, weight=np.ones(40), lines=np.arange(2, 42), name="runs")
    found = fit(FORMS[form], table)
    assert any(f": {held} held; runs " in sentence for sentence in found.weak)
    np.testing.assert_allclose(predict(found.law, table, found.convention), table.loss, rtol=1e-5)


def test_a_design_that_identifies_everything_holds_nothing():
    assert free_fit().weak == ()
    assert 1 < free_fit().condition < 1e4


def test_a_loss_that_rises_with_size_and_tokens_is_said():
    """As where the column holds an accuracy."""
    table = runs(PRESETS["hoffmann2022"], size=30)
    found = fit(FORMS["hoffmann"], replace(table, loss=6 - table.loss))
    for name in ("n_active", "tokens"):
        said = f"the fitted loss rises with {name} in 30 of 30 runs. Look at"
        assert any(each.startswith(said) for each in found.warnings)
    assert fit(FORMS["hoffmann"], table).warnings == ()


def test_too_few_runs_are_refused_in_one_line():
    with pytest.raises(InputError, match=r"7 free coefficients, but there are only 3 runs\. Add"):
        fit(FORMS["generalized"], runs(size=3))


def test_equal_losses_are_refused_and_fit_a_constant():
    table = runs()
    equal = replace(table, loss=np.full(len(table), 2.5))
    with pytest.raises(InputError, match=r"runs have the same loss, 2\.5: .*column of losses"):
        fit(FORMS["hoffmann"], equal)
    held = FitSettings(fix={"A": 0.0, "B": 0.0, "alpha": 0.5, "beta": 0.5})
    assert fit(FORMS["hoffmann"], equal, settings=held).law.coefficients["E"] == 2.5


def test_fixed_coefficients_need_no_runs():
    held = FitSettings(fix={"alpha": 0.0814, "beta": 0.4, "gamma": 1.19, "c": 3.57})
    assert fit(FORMS["generalized"], runs(size=3), settings=held).n_runs == 3


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (FitSettings(fix={"delta": 1.0}), "generalized has no coefficient delta; it has e, a"),
        (FitSettings(bounds={"zeta": (0, 1)}), "generalized has no coefficient zeta"),
        (FitSettings(bounds={"gamma": (3, -3)}), "the bounds of gamma are empty: 3 is not below"),
        (FitSettings(fix=LAW.coefficients), "every coefficient of generalized is fixed"),
    ],
)
def test_settings_that_make_no_sense_are_refused(asked, said):
    with pytest.raises(InputError, match=said):
        fit(FORMS["generalized"], runs(), settings=asked)


def test_a_missing_factor_names_the_column():
    with pytest.raises(InputError, match="clark needs n_experts, and runs has no such column"):
        fit(FORMS["clark"], runs(tokens=130e9))


def test_no_finite_start_is_a_fit_error():
    negative = FitSettings(bounds=dict.fromkeys(("E", "A", "B"), (-2.0, -1.0)))
    with pytest.raises(FitError, match="hoffmann: no start out of"):
        fit(FORMS["hoffmann"], runs(PRESETS["hoffmann2022"]), settings=negative)


def posed(form, table):
    inputs = design(form, table, natural(form))
    return pose(form, inputs, table.loss, weight=table.weight, settings=FitSettings()).model


@pytest.mark.parametrize("form", ["hoffmann", "generalized", "abnar", "frantar", "kaplan"])
def test_the_slope_of_the_objective_matches_differences(form):
    law = LAW if not FORMS[form].dense else PRESETS["hoffmann2022"]
    model = posed(FORMS[form], runs(law))
    z, _ = project(model, starts(model, 3, 0))
    objective = Objective(0.05)
    residual, slopes = model.residual_slopes(z)
    analytic = np.einsum("mkn,mn->mk", slopes, objective.slope(residual))
    for i in range(z.shape[1]):
        step = np.zeros_like(z)
        step[:, i] = 1e-6
        up, down = (value(model, objective, z + s, model.weight) for s in (step, -step))
        measured = (up - down) / 2e-6
        np.testing.assert_allclose(analytic[:, i], measured, rtol=1e-4, atol=1e-5)


def test_huber_is_quadratic_inside_and_linear_outside():
    objective = Objective(0.1)
    at = np.array([[0.05], [0.1], [0.3], [-0.3], [np.nan]])
    one = np.ones(1)
    np.testing.assert_allclose(
        objective.sum(at, np.broadcast_to(one, (5, 1))), [0.00125, 0.005, 0.025, 0.025, np.inf]
    )
    np.testing.assert_allclose(objective.slope(at[:4]), [[0.05], [0.1], [0.1], [-0.1]])


def test_clusters_are_drawn_whole_and_as_many_as_there_are():
    model = posed(FORMS["generalized"], runs(size=6))
    labels = np.array([7, 7, 7, 2, 2, 9])
    weights = by_rows(model, labels, count=200, seed=0).weight
    assert (weights[:, 0] == weights[:, 2]).all()
    assert (weights[:, 3] == weights[:, 4]).all()
    assert (weights[:, [0, 3, 5]].sum(axis=1) == 3).all()
    assert weights.mean() == pytest.approx(1, abs=0.1)


def test_seeds_choose_the_starts_and_the_resamples():
    assert (spread(8, 2, 0) != spread(8, 2, 1)).all()
    model = posed(FORMS["generalized"], runs())
    first, other = (by_rows(model, None, count=5, seed=seed).weight for seed in (0, 1))
    assert (first != other).any()


def test_hardly_a_resample_would_be_better_off_with_the_estimate_of_another():
    table = runs(replace(LAW, e=0.05, gamma=-1.5), noise=0.03, size=18, seed=5)
    model, objective = posed(FORMS["generalized"], table), Objective(1e-3)
    with np.errstate(all="ignore"):
        found = minimise(model, objective, seed=0)
        made = by_rows(model, None, count=60, seed=0)
        draws, _ = bootstrap(model, objective, found.basins, made)
        each = objective.each(model.residual(draws))
    across = made.weight @ np.where(np.isfinite(each), each, np.inf).T
    own = np.diag(across)
    assert len(found.basins) > 1
    assert (np.nanmin(across, axis=1) >= own * (1 - 1e-4)).mean() > 0.95


def test_what_is_held_or_fixed_has_no_interval():
    table = runs(PRESETS["frantar2023-t5"], noise=0.01, tokens=2e10)
    found = fit(FORMS["frantar"], table, settings=FitSettings(bootstrap=50, fix={"b_S": 0.722}))
    assert set(found.interval) == {"a_S", "c_S", "b_N", "c"}
    assert found.draws.shape == (50, 7)


def test_starts_fill_the_cube_evenly():
    points = spread(256, 3, 0)
    counts, _ = np.histogramdd(points, bins=(4, 4, 4), range=[(0, 1)] * 3)
    assert counts.min() >= 1
    assert counts.max() <= 9


def test_identification_says_nothing_new_about_what_is_held_already():
    table = runs(replace(LAW, c=0.0), sparsity=0.0)
    model, exchanges = settle_exchanges(posed(FORMS["generalized"], table))
    assert exchanges
    again, none = settle_exchanges(model)
    assert again is model
    assert none == []
