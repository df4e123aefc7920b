"""Laws of the best shape: planted ones come back, bands widen, and what cannot be said is said."""

import functools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_surface import Surface, runs

from autotune.architecture.triad import Triad
from autotune.errors import FitError, InputError
from autotune.fitting import rank_gate
from autotune.fitting.shape_curves import CurveState, HeldAt
from autotune.fitting.shape_fit import fit_shape
from autotune.fitting.shape_settings import ShapeSettings
from autotune.fitting.shape_slices import near_middle, slice_of
from autotune.fitting.shape_steps import near_best
from autotune.laws.fitted_shape import interval

BUDGETS = (1e18, 1e19, 3e19, 3e20)
PLAIN = ShapeSettings(bootstrap=0)
PLANTED = {
    "M": Surface().m,
    "density": Surface().density,
    "expansion": Surface().expansion,
    "width": Surface().width,
}


def fitted(surface=None, *, ask=PLAIN, **made):
    return fit_shape(runs(surface, **made)[1], ask)


def subset(table, keep):
    """Some of the runs."""
    return joined([table], [np.flatnonzero(keep)])


def joined(tables, keeps=None):
    """Runs of several tables."""
    keeps = keeps or [np.arange(len(each)) for each in tables]

    def column(of):
        return np.concatenate([of(each)[keep] for each, keep in zip(tables, keeps, strict=True)])

    names = ("flops_per_token", "n_active", "n_total")
    plain = ("flops", "d_model", "middle", "loss", "lr", "batch_tokens", "lines")
    return replace(
        tables[0],
        triad=Triad(**{n: column(lambda t, n=n: getattr(t.triad, n)) for n in names}),
        held=tuple(t.held[i] for t, keep in zip(tables, keeps, strict=True) for i in keep),
        **{name: column(lambda t, name=name: getattr(t, name)) for name in plain},
    )


@functools.cache
def noisy(seed):
    return fitted(noise=3e-4, seed=seed, ranks=False, ask=ShapeSettings(bootstrap=200)).shape.laws


def test_planted_laws_come_back_exactly_without_noise():
    laws = fitted(budgets=BUDGETS, ranks=False).shape.laws
    for number, law in PLANTED.items():
        for c in BUDGETS:
            assert laws[number].best.value(c) == pytest.approx(float(law.value(c)), rel=1e-6)
    for number in ("density", "expansion"):
        assert laws[number].best.formula.c == pytest.approx(PLANTED[number].c, rel=1e-5)
        assert laws[number].best.formula.p == pytest.approx(PLANTED[number].p, rel=1e-5)


@pytest.mark.parametrize("number", PLANTED)
def test_planted_laws_lie_in_their_intervals_and_within_a_few_per_cent(number):
    inside, off = 0, []
    for seed in range(6):
        law = noisy(seed)[number].best
        for c in (1e18, 3e20):
            truth = float(PLANTED[number].value(c))
            low, high = interval(law.drawn(c), 0.95)
            inside += low <= truth <= high
            off.append(abs(law.value(c) / truth - 1))
    assert inside >= 9  # of 12, of which 11.4 are expected
    assert max(off) < 0.02


def test_runs_of_whole_layers_come_back_within_three_per_cent():
    """Rounding puts M/N_a and N/N_a up to 10 % off what was asked, at the least budget further."""
    laws = fitted(whole=True, ranks=False, noise=1e-4).shape.laws
    for number, law in PLANTED.items():
        for c in (1e19, 3e20):
            assert laws[number].best.value(c) == pytest.approx(float(law.value(c)), rel=0.03)


def test_hidden_sizes_of_whole_shapes_are_those_of_the_best_triplet():
    """Rounding leaves the least budgets without a best N/N_a or M of their own: laws have them."""
    found = fitted(whole=True, ranks=False, ask=ShapeSettings(bootstrap=0))
    settled = [
        all(budget.curves[n].state is CurveState.FITTED for n in ("M", "density", "expansion"))
        for budget in found.budgets
    ]
    assert settled[:2] == [False, False]
    for budget in found.budgets:
        best = float(PLANTED["width"].value(budget.flops))
        assert budget.curves["width"].ends[0] == pytest.approx(best, rel=0.012)
    for budget, whole in zip(found.budgets, settled, strict=True):
        origins = set(budget.curves["width"].held_at.values())
        assert origins == ({HeldAt.OWN} if whole else {HeldAt.OWN, HeldAt.LAW})
    assert any("d at 1e+18 FLOPs is at M and N/N_a by law" in each for each in found.warnings)


def test_intervals_of_the_hidden_size_hold_for_whole_shapes_too():
    inside = 0
    for seed in range(6):
        ask = ShapeSettings(bootstrap=200)
        law = fitted(noise=3e-4, seed=seed, ranks=False, whole=True, ask=ask).shape.laws["width"]
        for c in (1e18, 3e20):
            low, high = interval(law.best.drawn(c), 0.95)
            inside += low <= float(PLANTED["width"].value(c)) <= high
    assert inside >= 9  # of 12, of which 11.4 are expected


@settings(max_examples=5, deadline=None)
@given(flattening=st.floats(0.02, 0.15))
def test_bands_widen_with_compute_where_curvature_falls(flattening):
    found = fitted(Surface(flattening=flattening), budgets=(1e19, 3e20), ranks=False)
    for number in ("M", "density", "width"):
        law, floor = found.shape.laws[number], 6 if number == "density" else 0
        near, far = ((high - floor) / (low - floor) for low, high in map(law.band, (1e19, 3e20)))
        assert far > near > 1


def test_bands_keep_their_ratio_where_curvature_does_not_change():
    laws = fitted(Surface(flattening=0.009), budgets=(1e19, 3e20), ranks=False).shape.laws
    ratios = [np.divide(*laws["M"].band(c)) for c in (1e19, 3e20)]
    assert ratios[0] == pytest.approx(ratios[1], rel=0.01)


@settings(max_examples=5, deadline=None)
@given(tolerance=st.floats(2e-4, 5e-3))
def test_a_band_ends_where_the_planted_loss_is_the_tolerance_above_its_least(tolerance):
    """On a parabola over ln M the half width is the root of 2 tolerance / sharpness."""
    surface = Surface()
    law = fitted(
        surface, budgets=(1e18, 1e19), ranks=False,
        ask=ShapeSettings(bootstrap=0, tolerance=tolerance),
    ).shape.laws["M"]  # fmt: skip
    sharp = surface.sharp * (1e18 / 1e19) ** -surface.flattening
    low, high = law.band(1e18)
    expected = 2 * np.sqrt(2 * tolerance / sharp)
    rows = runs(surface, budgets=(1e18,), ranks=False)[1]
    least = rows.loss.min() / float(
        surface.least(1e18)
    )  # others of the slice are not at their best
    assert np.log(high / low) == pytest.approx(expected, rel=0.05)
    assert least == pytest.approx(1, abs=1e-3)


def test_learning_rates_follow_the_runs_near_the_least_loss():
    """The made runs draw theirs within a factor of exp(1/2), whatever their loss."""
    found = fitted(noise=3e-4, ask=ShapeSettings(bootstrap=100))
    law = found.shape.laws["lr"]
    for c in BUDGETS:
        assert law.best.value(c) == pytest.approx(float(Surface().lr.value(c)), rel=0.3)
        low, high = law.band(c)
        assert low < law.best.value(c) < high
        assert low * high == pytest.approx(law.best.value(c) ** 2)
    assert law.low.formula.p == law.high.formula.p == law.best.formula.p
    assert found.shape.laws["batch_tokens"].best.value(1e19) == pytest.approx(
        float(Surface().batch.value(1e19)), rel=1e-9
    )
    assert any("batch was varied at 0 of 6 budgets" in each for each in found.warnings)


def test_triplets_in_the_same_order_let_ratios_be_chosen_first():
    gates = [each.gate for each in fitted(budgets=(1e18, 1e19)).budgets]
    assert gates[1] is None
    assert gates[0].n_triplets >= 6
    assert gates[0].accepted
    assert gates[0].kendall > 0.9


def test_triplets_in_another_order_are_warned_about():
    table = runs(budgets=(1e18, 1e19))[1]
    triplets = np.flatnonzero(np.abs(np.log(table.d_model / table.middle)) > 0.2)
    loss = table.loss.copy()
    aside = loss[triplets]
    loss[triplets] = aside.max() + aside.min() - aside  # the worst at the middle are best aside
    found = fit_shape(replace(table, loss=loss), PLAIN)
    assert not found.budgets[0].gate.accepted
    assert any("Kendall" in each for each in found.weak)


def test_the_gate_is_silent_below_four_triplets():
    """The last thirty runs are five hidden sizes of six triplets; that of the sweep is one too."""
    table = runs(budgets=(1e18,))[1]
    count = [rank_gate.gate(table, np.arange(len(table) - cut)) for cut in (10, 15, 20, 30)]
    assert [each and each.n_triplets for each in count] == [5, 4, None, None]


def test_a_slice_holds_one_number_free_and_the_others_near():
    table = runs(budgets=(1e19,), ranks=False)[1]
    numbers = table.numbers()
    for number in PLANTED:
        rows = slice_of(table, np.arange(len(table)), number)
        for other in {"M", "density", "expansion"} - {number}:
            assert np.ptp(np.log(numbers[other][rows])) <= 2 * np.log(1.1)
        near = np.abs(np.log(table.d_model[rows] / table.middle[rows])).max()
        assert (near > np.log(1.15)) == (number == "width")
        assert len(rows) >= 9


def test_of_two_slices_the_one_with_the_least_loss_is_taken():
    """A second sweep of M/N_a, of more values, at N/N_a far from the best."""
    far = replace(Surface(), expansion=replace(Surface().expansion, c=0.4 * Surface().expansion.c))
    worse = runs(budgets=(1e19,), ranks=False, around=far)[1]
    better = subset(runs(budgets=(1e19,), ranks=False)[1], np.arange(37) % 9 != 1)
    table = joined([better, worse])
    rows = slice_of(table, np.arange(len(table)), "density")
    assert table.loss[rows].min() == table.loss[near_middle(table, np.arange(len(table)))].min()
    assert table.triad.expansion[rows] == pytest.approx(
        float(Surface().expansion.value(1e19)), rel=0.1
    )


def test_rounding_of_a_number_without_a_curve_is_put_right():
    """At 1e18 whole shapes leave too few alike for a curve over N/N_a, which they still spread."""
    found = fitted(budgets=(1e18, 1e19), whole=True, ranks=False).budgets[0]
    assert found.curves["expansion"].state is CurveState.FEW
    assert found.curves["density"].ends[0] == pytest.approx(
        float(Surface().density.value(1e18)), rel=1e-3
    )


def test_settings_near_the_best_are_those_within_a_fifth_of_a_per_cent():
    setting = np.array([1e-4, 2e-4, 4e-4, 8e-4, 16e-4])
    loss = np.array([2.1, 2.0039, 2.0, 2.0039, 2.0041])
    found = near_best(setting, loss, np.arange(5), count=50, rng=np.random.default_rng(0))
    assert found.ends == pytest.approx([4e-4, 2e-4, 8e-4])
    assert found.rows.tolist() == [1, 2, 3]
    assert found.n_values == 5
    assert found.draws[:, 1].min() >= 1e-4
    assert (found.draws[:, 1] <= found.draws[:, 2]).all()


def test_a_curve_that_bends_down_leaves_its_budget_out_by_name():
    table = runs(budgets=BUDGETS, ranks=False)[1]
    at = table.flops == 1e19
    loss = np.where(at, 2 * table.loss[at].min() - table.loss, table.loss)
    found = fit_shape(replace(table, loss=loss), PLAIN)
    states = [each.curves["density"].state for each in found.budgets]
    assert states[1] is not CurveState.FITTED
    assert states.count(CurveState.FITTED) == 3
    assert found.shape.laws["density"].budgets == (1e18, 3e19, 3e20)
    assert any("M/N_a at 1e+19 FLOPs is left out" in each for each in found.weak)
    assert np.isnan(found.budgets[1].curves["density"].ends).all()


def test_a_best_value_outside_the_runs_leaves_its_budget_out():
    off = replace(Surface(), density=replace(Surface().density, c=3 * Surface().density.c))
    beside = runs(budgets=(3e19,), ranks=False, around=off)[1]
    found = fit_shape(joined([runs(budgets=(1e18, 3e20), ranks=False)[1], beside]), PLAIN)
    assert found.budgets[1].curves["density"].state is CurveState.OUTSIDE
    assert found.shape.laws["density"].budgets == (1e18, 3e20)
    assert any("lies outside what was run" in each for each in found.weak)


def test_a_number_that_was_not_varied_has_no_law():
    table = runs(budgets=BUDGETS, ranks=False)[1]
    off = np.abs(np.log(table.triad.flops_per_token / Surface().m.value(table.flops)))
    found = fit_shape(subset(table, off < 1e-9), PLAIN)
    assert "M" not in found.shape.laws
    assert {"density", "expansion", "width"} <= found.shape.laws.keys()
    assert all(each.curves["M"].state is CurveState.FEW for each in found.budgets)
    assert any("no law of M:" in each for each in found.weak)
    assert all(each.curves["width"].held_at["M"] is HeldAt.RUN for each in found.budgets)
    assert any("d at 1e+18 FLOPs is at M as run" in each for each in found.warnings)


def test_one_budget_is_no_law():
    table = replace(runs(budgets=(1e19,), ranks=False)[1], lr=None, batch_tokens=None)
    with pytest.raises(FitError, match="all runs share the budget of 1e\\+19 FLOPs"):
        fit_shape(table, PLAIN)


def test_the_same_seed_gives_the_same_draws_and_another_others():
    first, again, other = (
        fitted(budgets=BUDGETS, noise=3e-4, ask=ShapeSettings(bootstrap=20, seed=seed))
        for seed in (0, 0, 1)
    )
    for number, law in first.shape.laws.items():
        assert np.array_equal(law.best.draws, again.shape.laws[number].best.draws)
    assert not np.array_equal(first.shape.laws["M"].best.draws, other.shape.laws["M"].best.draws)


def test_a_single_resample_judges_no_scatter():
    table = runs(budgets=BUDGETS, ranks=False, noise=1e-4)[1]
    warnings = fit_shape(table, ShapeSettings(bootstrap=1)).warnings
    assert not any("too narrow" in each for each in warnings)


def test_without_resamples_there_are_no_intervals():
    law = fitted(budgets=BUDGETS).shape.laws["density"]
    assert interval(law.best.drawn(1e19), 0.95) is None


def test_budgets_off_their_law_are_said_to_have_intervals_too_narrow():
    table = runs(budgets=BUDGETS, ranks=False, noise=1e-5)[1]
    assert not any("too narrow" in each for each in fit_shape(table, ShapeSettings()).warnings)
    bent = replace(Surface(), density=replace(Surface().density, c=1.3 * Surface().density.c))
    other = runs(bent, budgets=(1e20,), ranks=False, noise=1e-5)[1]
    warnings = fit_shape(joined([table, other]), ShapeSettings()).warnings
    assert any("off the law of M/N_a: its intervals are too narrow" in each for each in warnings)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"tolerance": 0}, "tolerance 0"),
        ({"level": 1}, "level 1"),
        ({"bootstrap": -1}, "bootstrap"),
    ],
)
def test_settings_that_cannot_be_are_refused(wrong, says):
    with pytest.raises(InputError, match=says):
        ShapeSettings(**wrong)
