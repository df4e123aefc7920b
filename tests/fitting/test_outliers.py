"""Odd runs are flagged for the right reason, and a clean table raises no flag."""

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autotune.fitting.outliers import flags, leverage, robust_sigmas
from autotune.fitting.runs import RunTable
from autotune.fitting.settings import Convention
from autotune.laws.catalogue import PRESETS

LAW = PRESETS["besiroglu2024"]
ACTIVE = Convention("active")


def runs(n=60, noise=1e-3):
    """Runs of the law at 10 to 100 tokens per parameter."""
    rng = np.random.default_rng(1)
    size = 10 ** rng.uniform(8, 10, n)
    tokens = size * 10 ** rng.uniform(1, 2, n)
    loss = LAW.loss(size, tokens) * np.exp(noise * np.clip(rng.normal(size=n), -3, 3))
    return RunTable(
        n_active=size,
        n_total=size,
        tokens=tokens,
        loss=loss,
        flops=6 * size * tokens,
        weight=np.ones(n),
        lines=np.arange(2, n + 2),
    )


def changed(table, row, **values):
    columns = {name: getattr(table, name).copy() for name in values}
    for name, value in values.items():
        columns[name][row] = value
    return replace(table, **columns)


def found(table, **options):
    return {flag.kind: flag for flag in flags(LAW, table, ACTIVE, **options)}


def test_runs_of_the_law_itself_raise_no_flag_but_leverage():
    assert found(runs()).keys() <= {"leverage"}


def test_a_run_with_fewer_tokens_than_parameters_is_under_trained():
    table = runs()
    tokens = 0.9 * table.n_active[7]
    flag = found(changed(table, 7, tokens=tokens))["under-trained"]
    assert flag.rows.tolist() == [7]
    assert str(flag) == "1 run saw fewer tokens than active parameters (line 9); kept."
    assert "under-trained" not in found(changed(table, 7, tokens=1.1 * table.n_active[7]))


def test_a_run_with_far_fewer_tokens_per_parameter_than_the_rest_is_flagged():
    table = runs()
    flag = found(changed(table, 5, tokens=0.01 * table.n_active[5]))["few tokens per parameter"]
    assert flag.rows.tolist() == [5]
    assert "than the median of" in str(flag)


@given(row=st.integers(0, 59), sign=st.sampled_from([-1, 1]))
def test_a_loss_far_off_is_flagged_and_only_that_one(row, sign):
    table = runs()
    off = changed(table, row, loss=float(table.loss[row] * np.exp(sign * 0.05)))
    assert found(off)["residual"].rows.tolist() == [row]


def test_the_worst_run_comes_first():
    table = runs()
    table = changed(table, 3, loss=table.loss[3] * 1.05)
    table = changed(table, 9, loss=table.loss[9] * 1.20)
    assert found(table)["residual"].rows.tolist() == [9, 3]


def test_a_lonely_size_has_leverage():
    table = changed(runs(), 11, n_active=1e6, n_total=1e6, tokens=3e7)
    assert 11 in found(table)["leverage"].rows


def test_fixed_coefficients_give_no_leverage():
    assert "leverage" not in found(runs(), fixed=tuple(LAW.coefficients))


def test_leverage_is_the_diagonal_of_the_hat_matrix():
    x = np.random.default_rng(0).normal(size=(30, 4))
    hat = x @ np.linalg.inv(x.T @ x) @ x.T
    np.testing.assert_allclose(leverage(x * [1, 1e-9, 1e9, 1]), np.diag(hat), rtol=1e-9)


def test_leverage_sums_to_the_rank_where_coefficients_are_exchangeable():
    x = np.random.default_rng(0).normal(size=(30, 3))
    twin = np.column_stack([x, x[:, 0], np.zeros(30)])
    assert leverage(twin).sum() == pytest.approx(3)


def test_robust_sigmas_are_those_of_normal_noise_and_do_not_see_one_outlier():
    values = np.random.default_rng(0).normal(5, 2, size=20_001)
    values[0] = 1e9
    assert np.std(robust_sigmas(values)[1:]) == pytest.approx(1, abs=0.03)


def test_values_that_are_mostly_equal_have_no_robust_sigma():
    assert robust_sigmas(np.array([1.0, 1, 1, 1, 9])).tolist() == [0] * 5


def test_a_long_flag_names_the_first_few_lines():
    table = runs()
    for row in range(10):
        table = changed(table, row, tokens=0.5 * table.n_active[row])
    assert str(found(table)["under-trained"]).count(",") == 8
    assert ", ...); kept." in str(found(table)["under-trained"])


def test_the_five_runs_that_besiroglu_et_al_left_out_are_flagged():
    """Besiroglu et al. (2024) drop the five runs of fewest tokens per parameter, by hand."""
    data = os.environ.get("AUTOTUNE_DATA")
    if not data:
        pytest.skip("AUTOTUNE_DATA does not name a folder with chinchilla_epoch/runs.csv")
    from autotune.runs.read import read

    table = read(Path(data) / "chinchilla_epoch/runs.csv").table
    odd = flags(LAW, table, ACTIVE)
    left_out = np.flatnonzero(table.columns["besiroglu_outlier"].astype(float) == 1)
    assert len(left_out) == 5
    under_trained = next(flag for flag in odd if flag.kind == "under-trained")
    assert set(under_trained.rows[:5]) == set(left_out)  # the worst five
    flagged = {row for flag in odd for row in flag.rows if flag.kind == "residual"}
    assert len(flagged & set(left_out)) >= 4
