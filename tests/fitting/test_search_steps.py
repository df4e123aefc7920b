"""The steps of the solver: linear coefficients, curvature, recombination, and where it looks."""

from dataclasses import replace

import numpy as np
import pytest
from planted import PLANTED, planted

from autotune.fitting.descend import descend, value
from autotune.fitting.design import design, natural
from autotune.fitting.fit import fit
from autotune.fitting.linear import solve_linear
from autotune.fitting.objective import Objective
from autotune.fitting.recombine import Found, recombine
from autotune.fitting.result import FitStatus
from autotune.fitting.search import project, starts
from autotune.fitting.settings import FitSettings
from autotune.fitting.structure import STRUCTURES, structure_of
from autotune.fitting.twin import pose
from autotune.laws.catalogue import FORMS, PRESETS

HUBER = Objective(1e-3)
LINEAR = [name for name, each in STRUCTURES.items() if each.linear]


def model_of(form, *, noise=0.01, size=80):
    law = PLANTED[form]
    table = planted(law, noise=noise, seed=2, size=size)
    inputs = design(type(law), table, natural(type(law)))
    return pose(
        type(law), inputs, table.loss, weight=table.weight, settings=FitSettings()
    ).model  # fmt: skip


def weights(model, count):
    return np.broadcast_to(model.weight, (count, len(model.weight)))


@pytest.mark.parametrize("form", LINEAR)
def test_solving_for_linear_coefficients_lowers_the_objective_and_moves_nothing_else(form):
    model = model_of(form)
    with np.errstate(all="ignore"):
        z, _ = project(model, starts(model, 24, 0))
        before = value(model, HUBER, z, model.weight)
        solved = solve_linear(model, HUBER, z, weight=weights(model, 24), rounds=40)
        after = value(model, HUBER, solved, model.weight)
    finite = np.isfinite(before)
    assert (after[finite] <= before[finite]).all()
    assert (after[finite] < before[finite]).any()
    np.testing.assert_array_equal(solved[:, ~model.is_linear], z[:, ~model.is_linear])


def test_solved_linear_coefficients_have_no_slope():
    model = model_of("generalized")
    with np.errstate(all="ignore"):
        z, _ = project(model, starts(model, 24, 0))
        z = z[np.argsort(value(model, HUBER, z, model.weight))[:4]]
        solved = solve_linear(model, HUBER, z, weight=weights(model, 4), rounds=80)
        residual, slopes = model.residual_slopes(solved)
    slope = np.einsum("mkn,mn->mk", slopes, HUBER.slope(residual))[:, model.is_linear]
    size = np.einsum("mkn->mk", np.abs(slopes))[:, model.is_linear] * HUBER.delta
    assert (np.abs(slope) < 1e-6 * size).all()


@pytest.mark.parametrize("form", sorted(PLANTED))
def test_the_curvature_of_a_law_matches_differences_of_its_slopes(form):
    model = model_of(form)
    slope = np.random.default_rng(0).standard_normal((3, len(model.weight)))
    with np.errstate(all="ignore"):
        z, quality = project(model, starts(model, 64, 0))
        z = z[np.argsort(quality)[:3]]
        _, slopes = model.residual_slopes(z)
        found = model.expanded(z)
        analytic = found.curvature(slope / found.loss)
        analytic -= (slopes * slope[:, None]) @ np.swapaxes(slopes, 1, 2)
        for j in range(z.shape[1]):
            step = np.zeros_like(z)
            step[:, j] = 1e-5
            up, down = (model.residual_slopes(z + s)[1] for s in (step, -step))
            measured = np.einsum("mkn,mn->mk", up - down, slope) / 2e-5
            size = np.abs(analytic).max()
            np.testing.assert_allclose(analytic[:, j], measured, rtol=1e-3, atol=1e-4 * size)


def test_a_descent_follows_a_valley_through_two_terms_that_cancel():
    """Near gamma 0 the two terms are one and a logarithm: their coefficients run to infinity."""
    law = replace(PRESETS["frantar2023-t5"], a_S=-40.0, c_S=60.0, b_S=0.02, b_N=0.25)
    table = planted(law, noise=0.002, seed=1, size=60)
    inputs = design(FORMS["frantar"], table, natural(FORMS["frantar"]))
    model = pose(
        FORMS["frantar"], inputs, table.loss, weight=table.weight, settings=FitSettings()
    ).model  # fmt: skip
    with np.errstate(all="ignore"):
        z, _ = project(model, starts(model, 64, 0))
        z = z[np.argsort(value(model, HUBER, z, model.weight))[:16]]
        bent, straight = (
            descend(model, HUBER, z, weight=weights(model, 16), rounds=30, inner=inner)
            for inner in (0, 4)
        )
    assert straight[1].min() <= bent[1].min() * (1 + 1e-9)
    assert straight[2].sum() > bent[2].sum()


def test_recombination_keeps_what_was_found_and_adds_to_it():
    model = model_of("abnar", noise=0.02, size=30)
    with np.errstate(all="ignore"):
        z, _ = project(model, starts(model, 12, 0))
        found = Found(*descend(model, HUBER, z, weight=weights(model, 12), rounds=5))
        wider = recombine(model, HUBER, found, seed=0, patience=2)
    np.testing.assert_array_equal(wider.z[:12], found.z)
    assert len(wider.value) > 12
    assert wider.value.min() < found.value.min()
    assert (wider.z >= model.low).all()
    assert (wider.z <= model.high).all()


def test_powers_are_sought_where_the_form_means_something_and_the_user_may_look_elsewhere():
    structure = structure_of(FORMS["generalized"])
    assert structure.domain("alpha") == structure.domain("beta") == (-3.0, 3.0)
    assert structure.domain("gamma") == structure.domain("e") == (-np.inf, np.inf)
    steep = replace(PRESETS["hoffmann2022"], alpha=4.0, A=1e9**4)
    table = planted(steep, size=60)
    held = fit(FORMS["hoffmann"], table)
    assert pytest.approx(3.0) == held.law.alpha
    assert held.status is FitStatus.AT_BOUND
    assert "alpha sits on its bound." in held.warnings
    free = fit(FORMS["hoffmann"], table, settings=FitSettings(bounds={"alpha": (0, 9)}))
    assert free.law.alpha == pytest.approx(4.0, rel=1e-5)
