"""Forms that are sums of terms or of exponentials: losses, slopes and second derivatives."""

import numpy as np
import pytest

from autotune.fitting.design import Design
from autotune.fitting.exponents import EXPONENTIALS
from autotune.fitting.model import build
from autotune.fitting.search import starts
from autotune.fitting.structure import STRUCTURES
from autotune.laws.catalogue import FORMS

RUNS, STEP = 24, 1e-5
SUMS = [name for name, structure in STRUCTURES.items() if structure.terms]
FAST = [*SUMS, *EXPONENTIALS]


def model(name, *, different=RUNS, **fix):
    """A form on made runs, of which so many are different; losses do not matter."""
    rng = np.random.default_rng(0)
    n, d, s = rng.uniform(1e7, 1e10, RUNS), rng.uniform(1e9, 1e12, RUNS), rng.uniform(0, 0.9, RUNS)
    form = FORMS[name]
    factors = {factor: rng.uniform(1, 9, RUNS) for factor in form.factors}
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


def second(made, z, slopes, weight):
    loss, slopes, curvature = made.expanded(z)
    assert (loss == made.loss(z)).all()
    assert (slopes == made.slopes(z)[1]).all()
    return curvature(slopes, weight)


def spread(made):
    """A few coordinates."""
    z = starts(made, 5, 0)
    return z + np.random.default_rng(1).uniform(-0.4, 0.4, z.shape)


@pytest.mark.parametrize("different", [RUNS, 5])
@pytest.mark.parametrize("name", FAST)
def test_second_derivatives_are_those_of_differences(name, different):
    made = model(name, different=different)
    z = spread(made)
    slope = np.random.default_rng(2).standard_normal((len(z), RUNS))
    loss, slopes = made.slopes(z)
    found = second(made, z, slopes, slope / loss)
    expected = by_differences(made, z, slope)
    assert found == pytest.approx(expected, rel=1e-5, abs=1e-6 * np.abs(expected).max())


@pytest.mark.parametrize("different", [RUNS, 5])
@pytest.mark.parametrize("name", FAST)
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
    ("name", "fix", "expected"),
    [
        ("hoffmann", {"A": 0.0}, True),
        ("hoffmann", {"A": 100.0}, False),
        ("hoffmann", {"A": 100.0, "alpha": 0.3}, True),
        ("kaplan", {}, False),
        ("ludziejewski", {"a": 0.0}, True),
        ("ludziejewski", {"a": 30.0}, False),
        ("ludziejewski", {"E_max": 300.0, "gamma": 0.01}, True),
    ],
)
def test_a_term_held_elsewhere_than_at_zero_hides_its_second_derivatives(name, fix, expected):
    made = model(name, **fix)
    assert (made.expanded(spread(made))[2] is not None) == expected


@pytest.mark.parametrize(
    ("name", "last", "at"), [("abnar", "gamma", 0.2), ("kumar", "gamma_post", 2.0)]
)
def test_exponents_that_are_held_have_no_column(name, last, at):
    made, full = model(name, **{last: at}), model(name)
    z, k = spread(made), len(made.free)
    assert full.free == (*made.free, last)
    loss, slopes = made.slopes(z)
    found = second(made, z, slopes, 1 / loss)
    assert found.shape == (5, k, k)
    end = np.log(at) if full.is_log[-1] else at
    both = np.concatenate([z, np.full((5, 1), end)], axis=1)
    loss, slopes = full.slopes(both)
    whole = second(full, both, slopes, 1 / loss)
    assert found == pytest.approx(whole[:, :k, :k], rel=1e-9)
