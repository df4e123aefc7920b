"""Approach 1: the runs that are best for their compute, from checkpoints or finished runs."""

import os
from dataclasses import replace

import numpy as np
import pytest
from allocation_runs import around, bowl, isoflop_runs, table
from hypothesis import given
from hypothesis import strategies as st

from autotune.cli.open_runs import load
from autotune.errors import FitError, InputError
from autotune.fitting.allocation import AllocationSettings
from autotune.fitting.budgets import SAME_COMPUTE, numbered
from autotune.fitting.envelope import envelope
from autotune.laws.catalogue import PRESETS

LAW = PRESETS["besiroglu2024"]
TRUE_A = LAW.beta / (LAW.alpha + LAW.beta)
PLAIN = AllocationSettings(bootstrap=0)


def checkpoints(count=25, rows=40, *, shuffle=None):
    """Runs of a law, each seen at many token counts, and the run of each row."""
    sizes = np.geomspace(5e7, 2e10, count)
    n = np.repeat(sizes, rows)
    d = np.tile(np.geomspace(1e9, 1e12, rows), count)
    run = np.repeat(np.arange(count), rows)
    order = np.arange(len(n)) if shuffle is None else np.random.default_rng(shuffle).permutation(
        len(n)
    )  # fmt: skip
    made = table(n[order], d[order], LAW.loss(n[order], d[order]))
    return made, {"groups": run[order], "labels": tuple(f"run {i}" for i in range(count))}


def test_checkpoints_of_many_sizes_give_the_law_s_own_exponents():
    runs, named = checkpoints()
    made = envelope(runs, PLAIN, **named)
    assert made.size.exponent == pytest.approx(TRUE_A, abs=0.02)
    assert made.tokens.exponent == pytest.approx(1 - TRUE_A, abs=0.02)
    assert made.n_runs == 25
    assert "interpolated" in made.how


def test_a_point_is_a_run_that_no_other_beats_at_its_compute():
    runs, named = checkpoints(rows=90)
    for point in envelope(runs, PLAIN, **named).used:
        sizes = np.unique(runs.n_active)
        tokens = point.flops / (6 * sizes)
        losses = np.where((tokens >= 1e9) & (tokens <= 1e12), LAW.loss(sizes, tokens), np.inf)
        assert sizes[losses.argmin()] == pytest.approx(point.size)
        assert losses.min() == pytest.approx(point.loss, rel=1e-4)
        assert point.tokens == pytest.approx(point.flops / (6 * point.size), rel=1e-6)


@given(seed=st.integers(0, 99))
def test_the_order_of_checkpoints_does_not_matter(seed):
    runs, named = checkpoints(8, 10)
    other, again = checkpoints(8, 10, shuffle=seed)
    assert envelope(other, PLAIN, **again).coefficients == pytest.approx(
        envelope(runs, PLAIN, **named).coefficients
    )


def test_the_smallest_and_the_largest_size_are_not_trusted():
    runs, named = checkpoints()
    points = envelope(runs, PLAIN, **named).points
    for point in points:
        low, high = point.sampled
        if low == high:
            assert point.flag == "the only size here"
        elif point.size == pytest.approx(low):
            assert point.flag == "the smallest size here"
        elif point.size == pytest.approx(high):
            assert point.flag == "the largest size here"
        else:
            assert point.flag == ""
    assert len({point.flag for point in points}) == 4


def test_of_finished_runs_the_pareto_front_counts():
    a, k = 0.5, 0.1
    runs = isoflop_runs(
        bowl(a, k), budgets=np.geomspace(1e18, 1e21, 7), sizes=around(a, k, count=9)
    )  # fmt: skip
    made = envelope(runs, PLAIN)
    assert len(made.points) == 7
    assert made.size.exponent == pytest.approx(a, abs=1e-9)
    assert made.size.coefficient == pytest.approx(k, rel=1e-6)
    assert "Pareto front" in made.how
    for point in made.points:
        rivals = runs.flops <= point.flops * (1 + 1e-9)
        assert runs.loss[rivals].min() == pytest.approx(point.loss)
        assert point.label == f"line {runs.lines[rivals][runs.loss[rivals].argmin()]}"


def test_of_two_runs_whose_computes_differ_by_rounding_only_the_better_one_is_on_the_front():
    """By the last bits of their computes each of the first three would be on it."""
    n = np.array([1e8, 2e8, 4e8, 8e8, 1.6e9])
    flops = 6e20 * (1 + np.array([-4, -3, -2, -1, 0]) * 2**-52)
    loss = np.array([2.9, 2.7, 2.6, 2.65, 2.8])
    later = table(3 * n, 1.2e21 / (18 * n), loss - 0.2, flops=np.full(5, 1.2e21))
    first = table(n, 1e20 / n, loss, flops=flops)
    for runs in (first, later):
        assert len(set(numbered(np.log(runs.flops), SAME_COMPUTE))) == 1
    both = table(
        *(np.concatenate([getattr(each, name) for each in (first, later)])
          for name in ("n_active", "tokens", "loss")),
        flops=np.concatenate([first.flops, later.flops]),
    )  # fmt: skip
    assert [point.loss for point in envelope(both, PLAIN).points] == [2.6, 2.4]


@given(seed=st.integers(0, 99), exponent=st.floats(-16, np.log10(SAME_COMPUTE / 3)))
def test_rounding_of_computes_does_not_change_the_front(seed, exponent):
    a, k = 0.5, 0.1
    runs = isoflop_runs(
        bowl(a, k), budgets=np.geomspace(1e18, 1e21, 7), sizes=around(a, k, count=9)
    )  # fmt: skip
    off = np.random.default_rng(seed).uniform(-1, 1, len(runs)) * 10**exponent
    exact, rounded = (
        envelope(each, PLAIN) for each in (runs, replace(runs, flops=runs.flops * (1 + off)))
    )
    assert [p.label for p in rounded.points] == [p.label for p in exact.points]
    assert rounded.coefficients == pytest.approx(exact.coefficients, rel=1e-4)


def test_few_sizes_make_a_coarse_envelope_and_that_is_said():
    runs, named = checkpoints(5)
    made = envelope(runs, PLAIN, **named)
    step = (2e10 / 5e7) ** (1 / 4)
    assert f"{step:.3g} times apart" in made.warnings[0]
    assert not made.caveats
    few, named = checkpoints(4)
    assert "Only 2 sizes" in envelope(few, PLAIN, **named).caveats[0]


def test_resampled_runs_give_an_interval_around_the_exponent():
    runs, named = checkpoints()
    made = envelope(runs, AllocationSettings(bootstrap=100), **named)
    assert made.interval["a"][0] < made.size.exponent < made.interval["a"][1]
    assert made.interval_method == "bootstrap of runs"
    again = envelope(runs, AllocationSettings(bootstrap=100), **named)
    other = envelope(runs, AllocationSettings(bootstrap=100, seed=1), **named)
    assert made.interval == again.interval
    assert made.interval != other.interval


def test_rows_of_one_group_must_be_checkpoints_of_one_run():
    runs, named = checkpoints(4, 5)
    with pytest.raises(InputError, match="the rows of run 0 have sizes"):
        envelope(runs, PLAIN, groups=np.zeros(20, int), labels=named["labels"])
    twice = runs.take(np.array([0, *range(20)]))
    groups = named["groups"][[0, *range(20)]]
    with pytest.raises(InputError, match=r"repeated computes \(first: lines 2 and 2, 3e"):
        envelope(twice, PLAIN, groups=groups, labels=named["labels"])


def test_fewer_than_three_sizes_have_no_envelope():
    runs, named = checkpoints(2)
    with pytest.raises(InputError, match="at least 3 sizes, but runs has 2"):
        envelope(runs, PLAIN, **named)


def test_runs_whose_best_is_always_at_an_end_give_no_fit():
    n = np.geomspace(1e8, 1e10, 8)
    runs = table(n, np.full(8, 1e10), np.full(8, 3.0))
    with pytest.raises(FitError, match="at 100% of the envelope"):
        envelope(runs, PLAIN)


def test_runs_that_differ_in_more_than_size_and_tokens_are_a_caveat():
    runs, named = checkpoints()
    mixed = replace(runs, factors={"n_experts": named["groups"] % 2 + 1.0})
    assert any("n_experts" in said for said in envelope(mixed, PLAIN, **named).caveats)


def test_the_digitised_chinchilla_runs_give_the_published_exponents():
    """Hoffmann et al. (2022), table 2: approach 1 a .50 (.488, .502), b .50 (.501, .512)."""
    if not os.environ.get("AUTOTUNE_DATA"):
        pytest.skip("AUTOTUNE_DATA names no folder of public tables")
    made = envelope(load("chinchilla_epoch", where="besiroglu_outlier == 0").table)
    assert made.size.exponent == pytest.approx(0.50, abs=0.02)
    assert made.tokens.exponent == pytest.approx(0.50, abs=0.02)
    assert made.interval["a"][0] < 0.50 < made.interval["a"][1]
