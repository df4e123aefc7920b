"""Terms that turn into constants where their power is 0: descents pass through it."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autotune.fitting.descend import descend
from autotune.fitting.design import Design
from autotune.fitting.flat import LEAST, NEAR, bends, columns, flat_terms, moved
from autotune.fitting.model import build
from autotune.fitting.objective import Objective
from autotune.laws.catalogue import FORMS

RUNS, STEP = 24, 1e-4
WITH_CONSTANT = ["hoffmann", "abnar", "krajewski", "coupled", "kumar", "effective", "interaction"]


def model(name):
    """A form on made runs; losses do not matter."""
    rng = np.random.default_rng(0)
    n, d, s = rng.uniform(1e7, 1e10, RUNS), rng.uniform(1e9, 1e12, RUNS), rng.uniform(0, 0.9, RUNS)
    form = FORMS[name]
    factors = {factor: rng.uniform(1, 9, RUNS) for factor in form.factors}
    inputs = Design(n, d, s * (not form.dense and not form.factors), factors)
    return build(form, inputs, np.ones(RUNS), np.ones(RUNS), fix={}, bounds={})


def near_zero(made, seed=0):
    """Three coordinates whose powers are within and beyond `NEAR` of 0."""
    z = np.random.default_rng(seed).uniform(0.5, 1.0, (3, len(made.free)))
    for power in made.structure.flat:
        z[:, made.free.index(power)] = 0.03, -0.04, 0.3
    return z


@pytest.mark.parametrize("name", WITH_CONSTANT)
def test_slopes_and_second_derivatives_are_those_of_differences_in_the_other_coordinates(name):
    made = model(name)
    z, k = near_zero(made), len(made.free)
    flat = flat_terms(made, z)
    assert [list(term.rows) for term in flat] == [[0, 1]] * len(made.structure.flat)
    weight = np.random.default_rng(1).standard_normal((3, RUNS))
    axes = [np.tile(axis, (3, 1)) for axis in np.eye(k) * STEP]

    def by(at):
        return columns(flat, at, made.slopes(at)[1])

    ups, downs = ([moved(flat, z, sign * axis) for axis in axes] for sign in (1, -1))
    loss = np.stack([made.loss(u) - made.loss(d) for u, d in zip(ups, downs, strict=True)], axis=1)
    assert by(z) == pytest.approx(loss / (2 * STEP), rel=1e-4, abs=1e-5)
    expected = np.stack(
        [
            np.einsum("mkn,mn->mk", by(u) - by(d), weight) / (2 * STEP)
            for u, d in zip(ups, downs, strict=True)
        ],
        axis=1,
    )
    curvature = made.expanded(z).curvature
    gradient = np.einsum("mkn,mn->mk", by(z), weight)
    found = bends(flat, z, curvature(weight), gradient)
    assert found == pytest.approx(expected, rel=1e-3, abs=1e-4 * np.abs(expected).max())


@given(seed=st.integers(0, 99), scale=st.floats(1e-9, 0.1))
def test_a_step_moves_the_sum_of_both_and_the_product_with_the_power(seed, scale):
    made = model("hoffmann")
    z = near_zero(made, seed)
    step = scale * np.random.default_rng(seed).standard_normal(z.shape)
    new = moved(flat_terms(made, z), z, step)
    e, a, p, b = (made.free.index(name) for name in ("E", "A", "alpha", "B"))
    assert new[2] == pytest.approx(z[2] + step[2])
    assert (np.abs(new[:2, p]) >= LEAST).all()
    total = new[:2, [e, a, b]].sum(axis=1)
    assert total == pytest.approx(z[:2, [e, a, b]].sum(axis=1) + step[:2, e])
    product = (z[:, a] * z[:, p] + step[:, a])[:2]
    assert new[:2, a] * new[:2, p] == pytest.approx(product, rel=1e-9)


def test_a_descent_passes_from_one_side_of_0_to_the_other():
    """Runs without noise whose alpha is -0.02, from 1e-5: e and a there have the other signs."""
    made = model("hoffmann")
    names = made.free
    true = np.array(
        [[{"E": 3.0, "A": 1.0, "alpha": -0.02, "B": 1.0, "beta": 0.3}[n] for n in names]]
    )
    made = replace(made, log_loss=np.log(made.loss(true))[0])
    start = true.copy()
    start[0, names.index("alpha")] = 1e-5
    start[0, names.index("A")] = -0.02 / 1e-5
    start[0, names.index("E")] = 4.0 + 0.02 / 1e-5
    z, value, _ = descend(
        made, Objective(1e-3), start, weight=np.ones((1, RUNS)), rounds=60, inner=4
    )
    assert value[0] < 1e-18
    assert z[0] == pytest.approx(true[0], rel=1e-4)


@pytest.mark.parametrize("bounded", ["E", "A"])
def test_a_coefficient_with_a_limit_keeps_its_own_coordinate(bounded):
    made = model("hoffmann")
    z = near_zero(made)
    low = made.low.copy()
    low[made.free.index(bounded)] = 0.0
    (term,) = [t for t in flat_terms(made, z) if t.power == made.free.index("alpha")]
    assert list(term.rows) == [0, 1]
    held = flat_terms(replace(made, low=low), z)
    assert not any(t.power == made.free.index("alpha") for t in held)


def test_powers_far_from_0_leave_all_as_it_is():
    made = model("abnar")
    z = np.full((2, len(made.free)), 2 * NEAR)
    assert flat_terms(made, z) == []
    slopes = made.slopes(z)[1]
    assert columns([], z, slopes) is slopes
    assert bends([], z, slopes, slopes[:, :, 0]) is slopes
    assert (moved([], z, z) == 2 * z).all()
