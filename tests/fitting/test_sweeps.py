"""The best setting of each cell of a sweep: where it lies, and what is said of doubtful ones."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_sweeps import BATCH, CELLS, LR, sweep

from autotune.fitting.local_minimum import local_minimum
from autotune.fitting.sweep import cells, optima


def errors(found, law):
    return np.log(found.value / law.value(**{x: found.inputs[x] for x in law.form.exponents}))


@given(at=st.tuples(st.floats(-1, 1), st.floats(-1, 1)), tilt=st.floats(-0.8, 0.8))
def test_the_minimum_of_a_paraboloid_is_found_exactly(at, tilt):
    x = np.stack([a.ravel() for a in np.meshgrid(np.arange(-2, 2.1, 0.5), np.arange(-2, 2.1, 0.5))])
    u, v = x[0] - at[0], x[1] - at[1]
    loss = 3 * (1 + 0.004 * (u**2 + tilt * u * v + v**2))
    assert local_minimum(x.T, loss) == pytest.approx(at, abs=1e-6)


@given(at=st.floats(-1, 1), cubic=st.floats(-0.1, 0.1))
def test_a_skewed_curve_of_one_setting_has_its_minimum_where_it_is(at, cubic):
    x = np.arange(-2, 2.1, 0.25)
    u = x - at
    loss = 3 * (1 + 0.004 * (u**2 + cubic * u**3))
    assert local_minimum(x[:, None], loss) == pytest.approx([at], abs=1e-6)


def test_too_few_rows_or_a_slope_have_no_minimum():
    x = np.arange(4.0)[:, None]
    assert local_minimum(x, 2 + 0.001 * x[:, 0] ** 2) is None
    x = np.arange(9.0)[:, None]
    assert local_minimum(x, 2 + 0.001 * x[:, 0]) is None


def test_a_saddle_has_no_minimum():
    x = np.stack([a.ravel() for a in np.meshgrid(np.arange(-2, 2.1, 0.5), np.arange(-2, 2.1, 0.5))])
    assert local_minimum(x.T, 3 * (1 + 0.001 * (x[0] ** 2 - x[1] ** 2))) is None


def test_of_two_batches_the_better_one_decides():
    made = sweep()
    two = np.isin(made.settings["batch_tokens"], [2.0**15, 2.0**18])
    part = replace(
        made,
        inputs={name: x[two] for name, x in made.inputs.items()},
        settings={name: x[two] for name, x in made.settings.items()},
        loss=made.loss[two],
        lines=made.lines[two],
    )
    found = optima(part, "lr")
    assert set(found.method) == {"minimum"}
    best = BATCH.value(tokens=found.inputs["tokens"])
    near = np.where(np.abs(np.log(2.0**18 / best)) < np.abs(np.log(2.0**15 / best)), 18, 15)
    assert errors(found, LR) == pytest.approx(0.3 * np.log(2.0**near / best), abs=0.08)


def test_a_sweep_without_noise_gives_the_optimum_within_a_few_per_cent():
    """The grid steps by 41 % in learning rate and 100 % in batch."""
    made = sweep()
    for target, law in (("lr", LR), ("batch_tokens", BATCH)):
        found = optima(made, target)
        assert set(found.method) == {"minimum"}
        assert len(found) == len(CELLS)
        assert np.abs(errors(found, law)).max() < 0.07


def test_the_minimum_scatters_less_than_the_mean_of_the_near_rows():
    """Standard deviation over 20 cells with noise 0.002 in the loss, and five sweeps."""
    for target, law in (("lr", LR), ("batch_tokens", BATCH)):
        spread = {}
        for near in (None, 0.0025):
            errs = [errors(optima(sweep(noise=0.002, seed=s), target, near=near), law)
                    for s in range(5)]  # fmt: skip
            spread[near] = np.std(errs)
        assert spread[None] < 0.5 * spread[0.0025]


def test_the_near_rows_are_counted():
    found = optima(sweep(), "lr", near=0.0025)
    assert set(found.method) == {"near"}
    assert found.n_rows == len(sweep())
    assert len(CELLS) < found.n_near < 0.2 * found.n_rows


def test_the_order_of_rows_does_not_matter():
    made = sweep(noise=0.002)
    order = np.random.default_rng(1).permutation(len(made))
    mixed = replace(
        made,
        inputs={name: x[order] for name, x in made.inputs.items()},
        settings={name: x[order] for name, x in made.settings.items()},
        loss=made.loss[order],
    )
    assert optima(mixed, "lr").value == pytest.approx(optima(made, "lr").value, rel=1e-9)


def test_a_sweep_of_one_setting_at_a_fixed_other_is_read_along_it():
    made = sweep()
    one = made.settings["batch_tokens"] == 2.0**18
    part = replace(
        made,
        inputs={name: x[one] for name, x in made.inputs.items()},
        settings={name: x[one] for name, x in made.settings.items()},
        loss=made.loss[one],
        lines=made.lines[one],
    )
    found = optima(part, "lr")
    assert set(found.method) == {"minimum"}
    off = np.log(2.0**18 / BATCH.value(tokens=found.inputs["tokens"]))
    assert errors(found, LR) == pytest.approx(0.3 * off, abs=0.07)
    fixed = optima(part, "batch_tokens")
    assert fixed.unswept.tolist() == list(range(len(CELLS)))
    assert fixed.value == pytest.approx(2.0**18)


def test_an_optimum_at_the_end_of_a_sweep_is_marked():
    found = optima(sweep(shift=4.6), "lr")
    assert len(found.at_end) == len(found)
    assert not len(optima(sweep(), "lr").at_end)


def test_rows_without_a_loss_are_optima():
    made = replace(sweep(), loss=None)
    found = optima(made, "lr")
    assert set(found.method) == {"stated"}
    assert found.value == pytest.approx(np.exp(np.log(made.settings["lr"][:120]).mean()))


@given(noise=st.lists(st.floats(0.995, 1.005), min_size=6, max_size=6))
def test_token_counts_that_whole_steps_round_are_one_cell(noise):
    tokens = np.array([1e9, 1e9, 1e9, 2e9, 2e9, 2e9]) * np.array(noise)
    label = cells({"n_active": np.full(6, 1e8), "tokens": tokens})
    assert label.tolist() == [0, 0, 0, 1, 1, 1]
