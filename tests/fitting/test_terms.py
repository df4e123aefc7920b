"""Losses, slopes and second derivatives of the forms, beside the laws' own and differences."""

import numpy as np
import pytest

from autotune.fitting.design import Design
from autotune.fitting.exponents import EXPONENTIALS
from autotune.fitting.formulas import FORMULAS
from autotune.fitting.model import build
from autotune.fitting.search import starts
from autotune.fitting.structure import STRUCTURES
from autotune.laws.catalogue import FORMS

RUNS, STEP = 24, 1e-5
SUMS = [name for name, structure in STRUCTURES.items() if structure.terms]
FORMS_KNOWN = [*SUMS, *EXPONENTIALS, *FORMULAS]


def model(name, *, different=RUNS, **fix):
    """A form on made runs, of which so many are different; losses do not matter."""
    rng = np.random.default_rng(0)
    n, d, s = rng.uniform(1e7, 1e10, RUNS), rng.uniform(1e9, 1e12, RUNS), rng.uniform(0, 0.9, RUNS)
    form = FORMS[name]
    factors = {factor: rng.uniform(1, 9, RUNS) for factor in form.factors}
    if "unique_tokens" in factors:
        factors["unique_tokens"] = d / factors["unique_tokens"] * 2
    if "shared_share" in factors:
        factors["shared_share"] /= 10
    if form.fixed_tokens is not None:
        d = np.full(RUNS, form.fixed_tokens)
    inputs = Design(n, d, s * (not form.dense and not form.factors), factors)
    inputs = inputs.take(rng.integers(0, different, RUNS) if different < RUNS else np.arange(RUNS))
    return build(form, inputs, np.ones(RUNS), np.ones(RUNS), fix=fix, bounds={})


def by_differences(made, z, slope):
    """Sums of slope times the second derivatives of the loss over the loss."""
    loss, _ = made.slopes(z)
    columns = []
    for axis in np.eye(z.shape[1]) * STEP:
        up, down = made.slopes(z + axis)[1], made.slopes(z - axis)[1]
        columns.append(np.einsum("mkn,mn->mk", (up - down) / (2 * STEP), slope / loss))
    return np.stack(columns, axis=1)


def second(made, z, weight):
    found = made.expanded(z)
    assert (found.loss == made.loss(z)).all()
    assert (found.slopes == made.slopes(z)[1]).all()
    return found.curvature(weight)


def spread(made):
    """A few coordinates, the nonlinear ones where a search starts."""
    z = starts(made, 5, 0)
    return z + np.random.default_rng(1).uniform(-0.4, 0.4, z.shape) * made.is_linear


@pytest.mark.parametrize("different", [RUNS, 5])
@pytest.mark.parametrize("name", FORMS_KNOWN)
def test_second_derivatives_are_those_of_differences(name, different):
    made = model(name, different=different)
    z = spread(made)
    slope = np.random.default_rng(2).standard_normal((len(z), RUNS))
    found = second(made, z, slope / made.loss(z))
    expected = by_differences(made, z, slope)
    assert found == pytest.approx(expected, rel=1e-5, abs=1e-6 * np.abs(expected).max())


@pytest.mark.parametrize("different", [RUNS, 5])
@pytest.mark.parametrize("name", FORMS_KNOWN)
def test_losses_and_slopes_are_those_of_the_law(name, different):
    """In the scaled units, where 1e-12 is rounding; powers of exponentials round more."""
    made, slack = model(name, different=different), 1e-11 if name in SUMS else 1e-10
    z = spread(made)
    loss, slopes = made.slopes(z)
    law = made.law(z)
    theirs = made.design.gradient(law)
    _, linear = made.linear_slopes(z)
    per = np.where(made.is_log, np.exp(np.where(made.is_log, z, 0.0)), 1.0)
    assert loss == pytest.approx(made.design.loss(law), rel=1e-12)
    assert made.loss(z) == pytest.approx(loss, rel=1e-14)
    for i, name in enumerate(made.free):
        expected = theirs[name] * per[:, [i]]
        assert slopes[:, i] == pytest.approx(expected, rel=slack, abs=1e-13)
    assert linear == pytest.approx(slopes[:, made.is_linear], rel=1e-14)


@pytest.mark.parametrize("name", SUMS)
def test_a_sum_of_terms_has_no_coordinate_that_is_a_logarithm(name):
    structure = STRUCTURES[name]
    assert not structure.positive
    assert not structure.log
    assert set(structure.terms) == set(structure.linear)


@pytest.mark.parametrize(
    ("name", "fix"),
    [
        ("hoffmann", {"A": 0.0}),
        ("hoffmann", {"A": 100.0}),
        ("hoffmann", {"A": 100.0, "alpha": 0.3}),
        ("frantar", {"a_D": 1e9}),
        ("ludziejewski", {"a": 30.0}),
        ("ludziejewski", {"E_max": 300.0, "gamma": 0.01}),
        ("zhao", {"e": 0.2, "k": 0.1}),
        ("clark", {"a": -0.1, "E_start": 2.0}),
        ("muennighoff", {"A": 400.0, "R_N": 5.0}),
    ],
)
def test_coefficients_that_are_held_keep_their_part_in_second_derivatives(name, fix):
    made = model(name, **fix)
    z = spread(made)
    slope = np.random.default_rng(2).standard_normal((len(z), RUNS))
    found = second(made, z, slope / made.loss(z))
    expected = by_differences(made, z, slope)
    assert found == pytest.approx(expected, rel=1e-5, abs=1e-6 * np.abs(expected).max())


@pytest.mark.parametrize(
    ("name", "last", "at"), [("abnar", "gamma", 0.2), ("kumar", "gamma_post", 2.0)]
)
def test_exponents_that_are_held_have_no_column(name, last, at):
    made, full = model(name, **{last: at}), model(name)
    z, k = spread(made), len(made.free)
    assert full.free == (*made.free, last)
    found = second(made, z, 1 / made.loss(z))
    assert found.shape == (5, k, k)
    end = np.log(at) if full.is_log[-1] else at
    both = np.concatenate([z, np.full((5, 1), end)], axis=1)
    whole = second(full, both, 1 / full.loss(both))
    assert found == pytest.approx(whole[:, :k, :k], rel=1e-9)
