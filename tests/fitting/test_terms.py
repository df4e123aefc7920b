"""Forms that are sums of terms: losses and second derivatives from first derivatives."""

from dataclasses import replace

import numpy as np
import pytest

from autotune.fitting import terms
from autotune.fitting.design import Design
from autotune.fitting.model import build
from autotune.fitting.search import starts
from autotune.fitting.structure import STRUCTURES
from autotune.laws.catalogue import FORMS

RUNS, STEP = 24, 1e-5
SUMS = [name for name, structure in STRUCTURES.items() if structure.terms]


def model(name, **fix):
    """A form on made runs; losses do not matter."""
    rng = np.random.default_rng(0)
    n, d, s = rng.uniform(1e7, 1e10, RUNS), rng.uniform(1e9, 1e12, RUNS), rng.uniform(0, 0.9, RUNS)
    form = FORMS[name]
    factors = {factor: rng.uniform(1, 9, RUNS) for factor in form.factors}
    inputs = Design(n, d, s * (not form.dense and not form.factors), factors)
    return build(form, inputs, np.ones(RUNS), np.ones(RUNS), fix=fix, bounds={})


def by_differences(made, z, slope):
    """Sums of slope times the second derivatives of the loss over the loss."""
    loss, _ = made.slopes(z)
    columns = []
    for axis in np.eye(z.shape[1]) * STEP:
        up, down = made.slopes(z + axis)[1], made.slopes(z - axis)[1]
        columns.append(np.einsum("mkn,mn->mk", (up - down) / (2 * STEP), slope / loss))
    return np.stack(columns, axis=1)


def spread(made):
    """A few coordinates."""
    z = starts(made, 5, 0)
    return z + np.random.default_rng(1).uniform(-0.4, 0.4, z.shape)


@pytest.mark.parametrize("name", SUMS)
def test_second_derivatives_are_those_of_differences(name):
    made = model(name)
    z = spread(made)
    slope = np.random.default_rng(2).standard_normal((len(z), RUNS))
    loss, slopes = made.slopes(z)
    found = terms.curvature(made, z, slopes / loss[:, None], slope)
    expected = by_differences(made, z, slope)
    assert found == pytest.approx(expected, rel=1e-5, abs=1e-6 * np.abs(expected).max())


@pytest.mark.parametrize("name", SUMS)
def test_the_loss_is_the_sum_of_the_terms(name):
    made = model(name)
    z = spread(made)
    assert made.slopes(z)[0] == pytest.approx(made.loss(z), rel=1e-12)


def test_a_term_held_at_zero_has_no_second_derivatives_and_one_held_elsewhere_hides_them():
    exponent = {"A": 0.0}, {"A": 100.0}
    assert [terms.known(model("hoffmann", **fix)) for fix in exponent] == [True, False]
    assert terms.known(model("hoffmann", A=100.0, alpha=0.3))
    assert not terms.known(model("kaplan"))


def test_exponents_that_are_held_have_no_column():
    made = model("abnar", gamma=0.2)
    z = spread(made)
    slope = np.ones((len(z), RUNS))
    loss, slopes = made.slopes(z)
    found = terms.curvature(made, z, slopes / loss[:, None], slope)
    full = replace(made, held={}, free=FORMS["abnar"].coefficient_names(),
                   low=np.full(10, -np.inf), high=np.full(10, np.inf))  # fmt: skip
    assert found.shape == (5, 9, 9)
    both = np.concatenate([z, np.full((5, 1), 0.2)], axis=1)
    loss, slopes = full.slopes(both)
    whole = terms.curvature(full, both, slopes / loss[:, None], slope)
    assert found == pytest.approx(whole[:, :9, :9], rel=1e-9)
