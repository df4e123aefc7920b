"""What looks wrong is said with its reason, and nothing is said of tables that are right."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autotune.fitting.runs import RunTable
from autotune.laws.hoffmann import BESIROGLU_2024
from autotune.runs.suspect import suspicions


def planted(seed=0, n_rows=40, **changes):
    """Runs of a published law with the noise of seeds."""
    rng = np.random.default_rng(seed)
    n, d = 10 ** rng.uniform(7.5, 10, n_rows), 10 ** rng.uniform(9, 11.5, n_rows)
    given_ = {
        "n_active": n,
        "n_total": n,
        "tokens": d,
        "loss": BESIROGLU_2024.loss(n, d) * np.exp(rng.normal(0, 0.003, n_rows)),
        "weight": np.ones(n_rows),
        "lines": np.arange(2, n_rows + 2),
    } | changes
    flops = given_.pop("flops", 6 * given_["n_active"] * given_["tokens"])
    return RunTable(flops=flops, **given_)


@given(seed=st.integers(0, 10**6))
def test_runs_in_the_right_units_raise_no_suspicion(seed):
    assert suspicions(planted(seed)) == ()


@given(seed=st.integers(0, 10**6))
def test_losses_in_bits_are_suspected_from_what_a_published_law_expects(seed):
    (said,) = suspicions(planted(seed, loss=planted(seed).loss / np.log(2)))
    assert "1.4" in said
    assert "bits per token are suspected. Multiply them by ln 2" in said


@given(seed=st.integers(0, 10**6), rows=st.sets(st.integers(0, 39), min_size=1, max_size=8))
def test_bits_among_nats_are_counted_and_the_first_is_named(seed, rows):
    loss = planted(seed).loss.copy()
    loss[list(rows)] /= np.log(2)
    (said,) = suspicions(planted(seed, loss=loss))
    start = f"the losses of {len(rows)} of 40 rows (first: line {min(rows) + 2}, "
    assert said.startswith(start)
    assert "bits among nats are suspected" in said


@pytest.mark.parametrize(("factor", "said"), [(0.25, "another unit"), (2.5, "another unit")])
def test_losses_far_from_any_language_model_are_suspected(factor, said):
    assert said in suspicions(planted(loss=planted().loss * factor))[0]


def test_perplexities_are_suspected():
    assert "perplexity is suspected" in suspicions(planted(loss=np.exp(planted().loss)))[0]


def test_small_models_with_flops_that_agree_are_not_taken_for_millions():
    n, d = np.geomspace(3e3, 9e3, 9), np.geomspace(5e5, 2e6, 9)
    small = planted(n_rows=9, n_active=n, n_total=n, tokens=d, loss=np.geomspace(2, 1.5, 9))
    assert suspicions(small, flops_stated=True) == ()
    assert "millions or billions are suspected" in suspicions(small)[0]


@pytest.mark.parametrize("column", ["n_active", "tokens"])
def test_counts_in_billions_are_suspected(column):
    table = planted()
    changed = {column: getattr(table, column) / 1e9}
    changed |= {"n_total": changed["n_active"]} if column == "n_active" else {}
    (said,) = suspicions(planted(**changed))
    assert f"{column} is below 10,000 in 40 of 40 rows (first: line 2" in said


def test_one_count_in_billions_among_right_ones_is_named():
    n = planted().n_active.copy()
    n[5] = 7
    found = suspicions(planted(n_active=n, n_total=np.maximum(n, 8)))
    assert "n_active is below 10,000 in 1 of 40 rows (first: line 7, 7; median" in found[0]


def test_flops_of_another_unit_are_suspected():
    table = planted()
    flops = table.flops.copy()
    flops[3:6] /= 8.64e19  # petaflop/s-days
    (said,) = suspicions(planted(flops=flops))
    assert "off 6 n_active tokens in 3 of 40 rows (first: line 5" in said


def repeated(table, first, second, **changes):
    """The table with one row written over another."""
    rows = np.arange(len(table))
    rows[second] = first
    twice = table.take(rows)
    loss = twice.loss.copy()
    loss[second] = changes.get("loss", loss[second])
    columns = {name: values.copy() for name, values in twice.columns.items()}
    for name, value in changes.get("columns", {}).items():
        columns[name][second] = value
    return planted(n_active=twice.n_active, n_total=twice.n_total, tokens=twice.tokens,
                   loss=loss, columns=columns)  # fmt: skip


def test_a_repeated_row_is_named_with_its_twin():
    (said,) = suspicions(repeated(planted(), 4, 9))
    assert said.startswith("1 rows repeat another one, loss included (first: line 6 and line 11)")


def test_rows_that_cannot_both_be_right_are_named_with_their_losses():
    table = planted()
    (said,) = suspicions(repeated(table, 4, 9, loss=table.loss[4] * 1.1))
    assert "1 configuration (counts to three digits) has losses more than 3% apart" in said
    assert f"line 6 has {table.loss[4]:.5g} and line 11 {table.loss[4] * 1.1:.5g}" in said


def test_seeds_that_differ_a_little_are_no_contradiction():
    table = planted()
    assert suspicions(repeated(table, 4, 9, loss=table.loss[4] * 1.01)) == ()


@pytest.mark.parametrize(
    ("column", "contradicts"), [("lr", False), ("seed", True), ("run_id", True), ("loss_c4", True)]
)
def test_a_setting_makes_a_configuration_and_a_label_or_an_outcome_does_not(column, contradicts):
    table = planted(columns={column: np.zeros(40)})
    far = repeated(table, 4, 9, loss=table.loss[4] * 1.1, columns={column: 1.0})
    assert bool(suspicions(far)) == contradicts


def test_texts_make_configurations_as_numbers_do():
    router = np.array(["Hash"] * 40, dtype="U8")
    table = planted(columns={"router": router})
    far = repeated(table, 4, 9, loss=table.loss[4] * 1.1, columns={"router": "Dense"})
    assert suspicions(far) == ()
