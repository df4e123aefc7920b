"""Approach 2: parabolas recover what is planted, and say what they cannot use."""

import os
from dataclasses import replace

import numpy as np
import pytest
from allocation_runs import around, bowl, isoflop_runs, table
from hypothesis import given, settings
from hypothesis import strategies as st

from autotune.cli.open_runs import load
from autotune.errors import FitError, InputError
from autotune.fitting.allocation import AllocationSettings
from autotune.fitting.budgets import budgets, distinct
from autotune.fitting.isoflop import isoflop
from autotune.fitting.parabola import Parabola
from autotune.laws.catalogue import PRESETS

LAW = PRESETS["besiroglu2024"]
BUDGETS = tuple(np.geomspace(6e18, 3e21, 6))
PLAIN = AllocationSettings(bootstrap=0)
exponents = st.floats(0.3, 0.7)


def scale(a):
    """k so that about 1B parameters suit 1e20 FLOPs."""
    return 1e9 / 1e20**a


def planted(a=0.5, **changes):
    settings = {"count": 7, "span": 3.0, "shift": 1.0} | changes
    return isoflop_runs(bowl(a, scale(a)), budgets=BUDGETS, sizes=around(a, scale(a), **settings))


def law_runs(*, noise=0.0, seed=0, span=4.0, count=7):
    rng = np.random.default_rng(seed)
    sizes = around(0.5126, scale(0.5126), span=span, count=count)
    return isoflop_runs(
        lambda c, n: LAW.loss(n, c / (6 * n)) * np.exp(noise * rng.normal(size=n.shape)),
        budgets=BUDGETS,
        sizes=sizes,
    )


@given(
    vertex=st.floats(np.log(2e8), np.log(5e9)),
    curvature=st.floats(1e-3, 1.0),
    weights=st.lists(st.floats(0.1, 10), min_size=6, max_size=6),
)
def test_a_parabola_without_noise_gives_its_vertex_back(vertex, curvature, weights):
    log_n = np.log(np.geomspace(1e8, 1e10, 6))
    parabola = Parabola.on(log_n, np.array(weights))
    fitted = parabola.fit(2.5 + curvature * (log_n - vertex) ** 2)
    assert parabola.vertex(fitted) == pytest.approx(vertex, abs=1e-8)
    assert parabola.least(fitted) == pytest.approx(2.5, rel=1e-9)
    assert parabola.inside(vertex)


@given(a=exponents, shift=st.floats(0.5, 2.0))
@pytest.mark.long
def test_planted_exponents_are_recovered_wherever_the_sizes_lie(a, shift):
    made = isoflop(planted(a, shift=shift), PLAIN)
    assert made.size.exponent == pytest.approx(a, abs=1e-6)
    assert made.tokens.exponent == pytest.approx(1 - a, abs=1e-6)
    assert made.size.coefficient == pytest.approx(scale(a), rel=1e-4)
    assert made.ahead.size * made.ahead.tokens * 6 == pytest.approx(10 * BUDGETS[-1], rel=1e-9)
    assert not made.caveats


@settings(max_examples=25)
@given(unit=st.floats(1e-20, 1e3))
def test_the_unit_of_compute_changes_coefficients_and_nothing_else(unit):
    runs = planted(0.47)
    one, other = isoflop(runs, PLAIN), isoflop(replace(runs, flops=runs.flops * unit), PLAIN)
    assert other.size.exponent == pytest.approx(one.size.exponent, abs=1e-9)
    assert other.tokens.exponent == pytest.approx(one.tokens.exponent, abs=1e-9)
    assert other.size.coefficient == pytest.approx(one.size.coefficient * unit**-0.47, rel=1e-6)
    for mine, theirs in zip(one.points, other.points, strict=True):
        assert theirs.size == pytest.approx(mine.size, rel=1e-9)
        assert theirs.tokens == pytest.approx(mine.tokens, rel=1e-9)


@settings(max_examples=25)
@given(seed=st.integers(0, 99))
def test_the_order_of_the_runs_does_not_matter(seed):
    runs = law_runs(noise=0.003)
    shuffled = runs.take(np.random.default_rng(seed).permutation(len(runs)))
    one, other = isoflop(runs, PLAIN), isoflop(shuffled, PLAIN)
    assert other.coefficients == pytest.approx(one.coefficients, rel=1e-9)


def test_losses_at_a_compute_off_the_budget_s_are_moved_there():
    """With computes that scatter by 8 %, vertices scatter a third as much as unmoved ones."""
    rng = np.random.default_rng(5)
    exact = law_runs()
    tokens = exact.tokens * np.exp(rng.uniform(-0.08, 0.08, len(exact)))
    noisy = table(exact.n_active, tokens, LAW.loss(exact.n_active, tokens))
    truth = isoflop(exact, PLAIN)
    points = isoflop(noisy, PLAIN).points
    there = np.log([truth.at(point.flops).size for point in points])
    moved = np.log([point.size for point in points]) - there
    left = [
        float(p.vertex(p.fit(noisy.loss[rows])))
        for rows in budgets(noisy.flops, noisy.n_active, 0.1)
        for p in [Parabola.on(np.log(noisy.n_active[rows]), np.ones(len(rows)))]
    ] - there
    assert len(points) == 6
    assert 3 * np.std(moved) < np.std(left)


@pytest.mark.parametrize(("count", "noise"), [(4, 0.002), (7, 0.003)])
def test_intervals_cover_the_noise_free_exponent(count, noise):
    """Of 60 tables 95 % intervals hold it 50 times or more, and are as wide as the scatter."""
    truth = isoflop(law_runs(count=count), PLAIN).size.exponent
    found = [
        isoflop(law_runs(noise=noise, seed=seed, count=count), AllocationSettings(bootstrap=200))
        for seed in range(60)
    ]
    low, high = np.array([made.interval["a"] for made in found]).T
    assert ((low <= truth) & (truth <= high)).sum() >= 50
    scatter = np.std([made.size.exponent for made in found])
    assert 0.7 < np.median(high - low) / (2 * 1.96 * scatter) < 1.5


def test_intervals_are_seeded_and_widen_with_the_level():
    runs = law_runs(noise=0.003)
    wide = isoflop(runs, AllocationSettings(bootstrap=300, level=0.95))
    again = isoflop(runs, AllocationSettings(bootstrap=300, level=0.95))
    narrow = isoflop(runs, AllocationSettings(bootstrap=300, level=0.5))
    assert wide.interval == again.interval
    for name in ("a", "k_N", "b", "k_D"):
        assert wide.interval[name][0] < narrow.interval[name][0] < wide.coefficients[name]
        assert wide.coefficients[name] < narrow.interval[name][1] < wide.interval[name][1]
    low, high = wide.ahead.interval["size"]
    assert low < wide.ahead.size < high


def test_a_result_reads_as_its_power_laws_with_their_limits():
    lines = str(isoflop(law_runs(noise=0.003), AllocationSettings(bootstrap=50))).splitlines()
    assert lines[0] == "isoflop: 6 of 6 points, 42 runs"
    assert lines[1] == "  95%, bootstrap of residuals, pooled over budgets"
    assert [line.split()[0] for line in lines[2:]] == ["a", "k_N", "b", "k_D"]
    assert all("[" in line for line in lines[2:])


def test_three_runs_at_every_budget_give_no_interval_and_say_so():
    made = isoflop(planted(count=3), AllocationSettings())
    assert made.interval == {}
    assert made.interval_method == "none"
    assert any("No interval" in said for said in made.warnings)


def test_a_vertex_outside_the_sampled_sizes_is_left_out_by_name():
    good = planted()
    off = isoflop_runs(
        bowl(0.5, scale(0.5)), budgets=(3e22,), sizes=around(0.5, scale(0.5), shift=0.1)
    )
    both = table(*(np.concatenate([getattr(good, n), getattr(off, n)])
                   for n in ("n_active", "tokens", "loss")))  # fmt: skip
    made = isoflop(both, PLAIN)
    assert [bool(point.flag) for point in made.points] == [False] * 6 + [True]
    assert made.points[-1].offset > 0.5
    assert "The budget of 3e+22 FLOPs (7 runs) is left out" in made.caveats[0]
    assert "above the sampled sizes" in made.caveats[0]
    assert made.coefficients == pytest.approx(isoflop(good, PLAIN).coefficients)
    assert made.ahead.flops == pytest.approx(10 * BUDGETS[-1])


def test_a_run_of_next_to_no_weight_does_not_count():
    runs = planted()
    loss, weight = runs.loss.copy(), runs.weight.copy()
    loss[8], weight[8] = 1.005 * loss[8], 1e-12
    assert isoflop(replace(runs, loss=loss), PLAIN).size.exponent != pytest.approx(0.5, abs=1e-3)
    made = isoflop(replace(runs, loss=loss, weight=weight), PLAIN)
    assert made.size.exponent == pytest.approx(0.5, abs=1e-6)


def test_the_bias_of_the_grids_is_that_of_the_law_the_runs_came_from():
    made = isoflop(law_runs(), PLAIN)
    assert made.bias.true_exponent == pytest.approx(LAW.beta / (LAW.alpha + LAW.beta), abs=1e-4)
    assert made.bias.exponent == pytest.approx(made.size.exponent, abs=1e-4)
    own = [
        point.size / (ratio * point.flops**made.bias.true_exponent)
        for point, ratio in zip(made.points, made.bias.vertex, strict=True)
    ]
    assert np.ptp(np.log(own)) < 1e-3


def test_grids_that_are_far_off_are_warned_of():
    sizes = np.geomspace(3e7, 1.5e10, 8)
    runs = isoflop_runs(
        lambda c, n: LAW.loss(n, c / (6 * n)), budgets=BUDGETS, sizes=lambda _: sizes
    )  # fmt: skip
    made = isoflop(runs, PLAIN)
    (said,) = (each for each in made.warnings if "The grids are off" in each)
    assert f"a at {made.bias.exponent:.3f} instead of 0.513" in said
    assert not any("The grids are off" in each for each in isoflop(law_runs(), PLAIN).warnings)


def test_runs_of_no_budget_are_counted_and_named():
    good = planted()
    lone = table([1e9, 2e9], [1e12, 2e12], [2.0, 1.9])
    both = table(*(np.concatenate([getattr(lone, n), getattr(good, n)])
                   for n in ("n_active", "tokens", "loss")))  # fmt: skip
    said = " ".join(isoflop(both, PLAIN).warnings)
    assert "2 of 44 runs belong to no budget (first: line 2, 6e+21 FLOPs)" in said


def test_runs_that_differ_in_more_than_size_and_tokens_are_a_caveat():
    runs = planted()
    mixed = replace(runs, n_total=runs.n_active * np.where(np.arange(len(runs)) % 2, 1.0, 4.0))
    assert "differ in sparsity" in isoflop(mixed, PLAIN).caveats[0]
    experts = replace(runs, factors={"n_experts": np.arange(len(runs)) % 2 + 1.0})
    assert "differ in n_experts" in isoflop(experts, PLAIN).caveats[0]


def test_n_may_count_all_parameters_and_the_budget_is_still_spent():
    runs = planted()
    sparse = replace(runs, n_total=4 * runs.n_active)
    active = isoflop(sparse, PLAIN).ahead
    total = isoflop(sparse, replace(PLAIN, n="total")).ahead
    assert total.size == pytest.approx(4 * active.size)
    assert total.tokens == pytest.approx(active.tokens)


def test_budgets_are_stretches_of_near_equal_compute_with_three_sizes():
    flops = np.array([1.0, 1.05, 1.1, 2.0, 2.0, 2.0, 4.0, 4.0, 4.0, 9.0])
    size = np.array([1.0, 2.0, 3.0, 1.0, 1.01, 2.0, 3.0, 2.0, 1.0, 5.0])
    found = [list(rows) for rows in budgets(flops, size, 0.05)]
    assert found == [[0, 1, 2], [6, 7, 8]]
    assert budgets(flops, size, 0.02)[0].tolist() == [6, 7, 8]
    assert distinct(size).tolist() == [1.0, 2.0, 3.0, 5.0]
    assert len(distinct(np.geomspace(1e8, 1e9, 1000))) > 90  # a chain is not one size


@given(
    flops=st.lists(st.floats(18, 20), min_size=1, max_size=40),
    tolerance=st.floats(0.01, 0.5),
    seed=st.integers(0, 99),
)
def test_a_budget_is_never_wider_than_its_tolerance_and_no_run_is_in_two(flops, tolerance, seed):
    flops = 10 ** np.array(flops)
    size = 10 ** np.random.default_rng(seed).uniform(8, 10, len(flops))
    found = budgets(flops, size, tolerance)
    for rows in found:
        assert flops[rows].max() <= flops[rows].min() * (1 + tolerance) ** 2 * (1 + 1e-6)
        assert len(distinct(size[rows])) >= 3
    rows = np.concatenate([[], *found])
    assert len(np.unique(rows)) == len(rows)


@pytest.mark.parametrize(
    ("runs", "said"),
    [
        (isoflop_runs(bowl(), budgets=(1e20,), sizes=around()), "runs.* has 1: 7 runs"),
        (isoflop_runs(bowl(), budgets=BUDGETS, sizes=around(count=2)), "has 0: 12 runs"),
        (isoflop_runs(bowl(), budgets=BUDGETS, sizes=lambda _: [1e9] * 5), "has 0: 30 runs"),
    ],
)
def test_too_few_budgets_or_sizes_are_refused_with_what_is_there(runs, said):
    with pytest.raises(InputError, match=said):
        isoflop(runs, PLAIN)


@pytest.mark.parametrize(
    ("loss", "said"),
    [
        (lambda c, _: 0 * c + 2.5, "no minimum"),
        (lambda _, n: 3 - 0.1 * np.log(n / 1e9) ** 2, "no minimum"),
        (lambda _, n: 2 + 0.01 * np.log(n / 1e4) ** 2, "below the sampled sizes"),
    ],
)
def test_losses_without_a_minimum_inside_give_no_fit(loss, said):
    with pytest.raises(FitError, match=f"0 of 6 budgets have one.*{said}"):
        isoflop(isoflop_runs(loss, budgets=BUDGETS, sizes=around()), PLAIN)


@pytest.mark.parametrize("tolerance", [0.0, -1.0, np.nan])
def test_a_tolerance_is_positive(tolerance):
    with pytest.raises(InputError, match="tolerance must be finite and > 0"):
        isoflop(planted(), replace(PLAIN, tolerance=tolerance))


def test_the_digitised_chinchilla_runs_give_the_published_exponents():
    """Hoffmann et al. (2022), table 2: approach 2 a .49 (.462, .534), b .51 (.483, .529)."""
    if not os.environ.get("AUTOTUNE_DATA"):
        pytest.skip("AUTOTUNE_DATA names no folder of public tables")
    made = isoflop(load("chinchilla_epoch", where="besiroglu_outlier == 0").table)
    assert made.size.exponent == pytest.approx(0.49, abs=0.03)
    assert made.interval["a"][0] < 0.49 < made.interval["a"][1]
    assert made.tokens.exponent == pytest.approx(0.51, abs=0.03)
