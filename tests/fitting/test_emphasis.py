"""Emphasis on large runs: weights by compute, chosen where they extrapolate better."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autotune.fitting import splits
from autotune.fitting.candidates import Candidate, Wanted
from autotune.fitting.compare import choose, compare, emphasis_of
from autotune.fitting.emphasis import LEAST_GAIN, POWERS, emphasised
from autotune.fitting.fit import fit
from autotune.fitting.rolling import roll
from autotune.fitting.runs import RunTable
from autotune.fitting.settings import Convention, FitSettings
from autotune.laws.catalogue import FORMS, PRESETS
from autotune.laws.interaction import InteractionLaw

LAW = PRESETS["besiroglu2024"]
BENT = InteractionLaw(**LAW.coefficients, t=0.0, C=3e6, source=LAW.source)
HOFFMANN = Candidate(FORMS["hoffmann"], Convention("active"))
DENSE = Wanted(forms=("hoffmann",))


def runs_of(law, *, n=80, noise=1e-3, seed=0):
    """Dense runs over two decades of size and of tokens."""
    rng = np.random.default_rng(seed)
    active = np.exp(rng.uniform(np.log(2e7), np.log(3e9), n))
    tokens = np.exp(rng.uniform(np.log(1e9), np.log(1e11), n))
    return RunTable(
        n_active=active,
        n_total=active,
        tokens=tokens,
        loss=law.loss(active, tokens) * np.exp(rng.normal(0, noise, n)),
        flops=6 * active * tokens,
        weight=np.ones(n),
        lines=np.arange(2, n + 2),
    )


BENT_RUNS, STRAIGHT_RUNS = runs_of(BENT), runs_of(LAW, seed=1)


@given(power=st.floats(0.0, 3.0), seed=st.integers(0, 99), unit=st.floats(1e-12, 1e12))
def test_weights_rise_with_a_power_of_compute_whatever_its_unit_and_keep_their_sum(
    power, seed, unit
):
    own = np.random.default_rng(seed).uniform(0.5, 2.0, len(BENT_RUNS))
    table = replace(BENT_RUNS, weight=own, flops=BENT_RUNS.flops * unit)
    weight = emphasised(table, power)
    assert weight.sum() == pytest.approx(own.sum(), rel=1e-12)
    ratio = weight / own / (table.flops / table.flops[0]) ** power
    assert np.allclose(ratio, ratio[0], rtol=1e-9, atol=0)


def test_without_emphasis_weights_are_the_runs_own():
    assert emphasised(BENT_RUNS, 0.0) is BENT_RUNS.weight


def test_a_fit_with_emphasis_is_the_fit_of_runs_of_such_weights_and_says_so():
    made = fit(FORMS["hoffmann"], BENT_RUNS, settings=FitSettings(emphasis=0.5))
    weighed = replace(BENT_RUNS, weight=emphasised(BENT_RUNS, 0.5))
    same = fit(FORMS["hoffmann"], weighed)
    assert made.law.coefficients == same.law.coefficients
    assert made.objective_sum == same.objective_sum
    assert made.law.source.where == "80 runs weighted by compute^0.5"
    assert fit(FORMS["hoffmann"], BENT_RUNS).law.source.where == "80 runs"


def test_intervals_of_a_fit_with_emphasis_resample_runs():
    settings = FitSettings(emphasis=0.5, bootstrap=50)
    made = fit(FORMS["hoffmann"], STRAIGHT_RUNS, settings=settings)
    assert set(made.interval_methods.values()) == {"rows"}
    assert "weights differ: runs are resampled, not residuals." in made.warnings
    low, high = made.interval["alpha"]
    assert low < LAW.coefficients["alpha"] < high


def test_where_the_law_misses_the_runs_shape_an_emphasis_is_chosen_and_extrapolates_better():
    cut = splits.by_compute(BENT_RUNS, train_share=0.8)
    made = compare(BENT_RUNS, cut, wanted=DENSE)
    (row,) = made.rows
    assert made.choice.emphasis in POWERS[1:]
    assert made.choice.rolling.error <= (1 - LEAST_GAIN) * row.rolling.error
    assert made.chosen.log_rmse < 0.9 * row.test.log_rmse
    said = made.choice.reasons[-1]
    assert said.startswith(f"Runs weighted by compute^{made.choice.emphasis:g}: rolling error ")
    assert said.endswith(f"for {row.rolling.error:.5f}")


def test_where_the_law_holds_none_is_chosen():
    cut = splits.by_compute(STRAIGHT_RUNS, train_share=0.8)
    made = compare(STRAIGHT_RUNS, cut, wanted=DENSE)
    assert made.choice.emphasis == 0
    assert made.chosen == made.rows[0].test


def test_the_emphasis_is_that_of_least_rolling_error_on_the_training_runs_alone():
    cut = splits.by_compute(BENT_RUNS, train_share=0.8)
    train = BENT_RUNS.take(cut.train)
    origins = splits.rolling(train)
    errors = {
        power: roll(HOFFMANN, train, origins, settings=FitSettings(emphasis=power)).error
        for power in POWERS
    }
    best = min(errors, key=lambda power: errors[power])
    alone = choose(train, wanted=DENSE)
    beside = compare(BENT_RUNS, cut, wanted=DENSE).choice
    given_law = emphasis_of(HOFFMANN, train, FitSettings())
    for made in (alone, beside, given_law):
        assert made.emphasis == best
        assert made.rolling.error == errors[best]


def test_an_emphasis_that_is_given_is_kept():
    settings = FitSettings(emphasis=0.25)
    made = choose(BENT_RUNS, wanted=DENSE, settings=settings, powers=())
    assert made.emphasis == 0.25
    cut = splits.by_compute(BENT_RUNS, train_share=0.8)
    both = compare(BENT_RUNS, cut, wanted=DENSE, settings=settings, powers=())
    assert both.choice.emphasis == 0.25
    assert both.chosen == both.rows[0].test
    plain = compare(BENT_RUNS, cut, wanted=DENSE, powers=())
    assert both.rows[0].test.log_rmse < plain.rows[0].test.log_rmse


def test_with_nothing_hidden_the_choice_has_its_pooled_rolling_errors():
    made = compare(BENT_RUNS, splits.cut(splits.parse("rolling"), BENT_RUNS), wanted=DENSE)
    assert made.choice.emphasis > 0
    assert made.chosen == made.choice.rolling.pooled
