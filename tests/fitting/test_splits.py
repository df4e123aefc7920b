"""Splits: both sides together are all runs, the hidden side is larger, and ties stay whole."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autotune.errors import InputError
from autotune.fitting import splits
from autotune.fitting.runs import RunTable


def table_of(flops, **columns):
    flops = np.asarray(flops, dtype=float)
    n = np.full(len(flops), 1e8)
    return RunTable(
        n_active=n,
        n_total=n,
        tokens=flops / (6 * n),
        loss=np.full(len(flops), 3.0),
        flops=flops,
        weight=np.ones(len(flops)),
        columns={name: np.asarray(values) for name, values in columns.items()},
        lines=np.arange(2, len(flops) + 2),
    )


several = st.lists(st.integers(1, 30), min_size=2, max_size=40).filter(lambda v: len(set(v)) > 1)


@given(flops=several, share=st.floats(0.01, 0.99))
def test_both_sides_are_all_runs_and_every_hidden_run_is_larger(flops, share):
    table = table_of(flops)
    cut = splits.by_compute(table, train_share=share)
    assert sorted([*cut.train, *cut.test]) == list(range(len(table)))
    assert table.flops[cut.train].max() < table.flops[cut.test].min()


@given(flops=several, share=st.floats(0.01, 0.99), seed=st.integers(0, 99))
def test_the_order_of_the_rows_does_not_matter(flops, share, seed):
    order = np.random.default_rng(seed).permutation(len(flops))
    table = table_of(flops)
    shuffled = table.take(order)
    hidden = shuffled.take(splits.by_compute(shuffled, train_share=share).test)
    expected = table.take(splits.by_compute(table, train_share=share).test)
    assert sorted(hidden.lines) == sorted(expected.lines)


@given(n=st.integers(5, 200), share=st.floats(0.2, 0.8))
def test_without_ties_the_hidden_share_is_the_one_asked_for_to_half_a_run(n, share):
    cut = splits.by_compute(table_of(np.arange(1, n + 1)), train_share=share)
    assert abs(len(cut.train) - share * n) <= 0.5 + 1e-9


def test_runs_whose_compute_differs_by_rounding_alone_stay_together():
    exact = 6 * 1e8 * 2e9
    cut = splits.by_compute(
        table_of([exact / 2, exact, np.nextafter(exact, 0), exact * 2]), train_share=0.6
    )
    assert set(cut.train) in ({0}, {0, 1, 2})


def test_rolling_origins_move_up_and_everything_beyond_each_is_scored():
    table = table_of(np.arange(1, 101))
    cuts = splits.rolling(table)
    assert [len(cut.train) for cut in cuts] == [round(100 * share) for share in splits.ORIGINS]
    for cut in cuts:
        assert len(cut.train) + len(cut.test) == 100


def test_origins_that_ties_make_equal_count_once():
    assert len(splits.rolling(table_of([1] * 8 + [2] * 2))) == 1


@pytest.mark.parametrize("values", [[False, True, False], [0, 1, 0], ["false", "True", "no"]])
def test_a_column_of_truths_trains_on_the_false(values):
    cut = splits.by_column(table_of([3, 1, 2], held_out=values), "held_out")
    assert (list(cut.train), list(cut.test)) == ([0, 2], [1])


def test_a_column_of_numbers_hides_its_largest_value_or_all_above_a_given_one():
    table = table_of([1, 2, 3, 4], size=[10, 20, 30, 30])
    assert list(splits.by_column(table, "size").test) == [2, 3]
    assert list(splits.by_column(table, "size", at=10).test) == [1, 2, 3]
    assert list(splits.by_column(table, "flops").test) == [3]


@pytest.mark.parametrize(
    ("text", "split"),
    [
        ("flops:0.3", splits.Split("flops", share=0.3)),
        ("flops", splits.Split("flops", share=0.2)),
        ("rolling", splits.Split("rolling")),
        ("column:big", splits.Split("column", column="big")),
        ("column:n_active:370M", splits.Split("column", column="n_active", at=3.7e8)),
    ],
)
def test_a_split_is_read_as_people_write_it_and_reads_back(text, split):
    assert splits.parse(text) == split
    assert splits.parse(str(split)) == split


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("flops:1.5", r"must be in \(0, 1\)"),
        ("flops:many", r"must be in \(0, 1\)"),
        ("random:0.2", "Write flops:0.2, rolling or column:NAME"),
        ("column:", "cannot read the split"),
        ("column:n_active:big", "as a count"),
    ],
)
def test_an_unreadable_split_says_what_can_be_written(text, said):
    with pytest.raises(InputError, match=said):
        splits.parse(text)


def test_a_table_of_one_compute_cannot_be_split_by_it():
    with pytest.raises(InputError, match="all 3 runs of runs have the same compute"):
        splits.by_compute(table_of([5, 5, 5]), train_share=0.8)


def test_a_column_that_is_missing_constant_or_text_is_refused():
    table = table_of([1, 2], same=[1, 1], router=["Hash", "Dense"])
    with pytest.raises(InputError, match="Did you mean 'router'"):
        splits.by_column(table, "ruoter")
    with pytest.raises(InputError, match="has one value only"):
        splits.by_column(table, "same")
    with pytest.raises(InputError, match="all values on one side of 9"):
        splits.by_column(table, "same", at=9)
    with pytest.raises(InputError, match="must hold numbers, or true and false"):
        splits.by_column(table, "router")
