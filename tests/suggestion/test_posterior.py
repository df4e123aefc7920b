"""Draws of a law's coefficients agree with what made the runs, and with the bootstrap."""

from dataclasses import replace

import numpy as np
import pytest
from made_beliefs import TRUTH, few_runs
from planted import planted
from suggest_planted import TRUTHS, first, trained

from autotune.errors import FitError
from autotune.fitting.candidates import Candidate, Wanted
from autotune.fitting.fit import fit
from autotune.fitting.settings import Convention, FitSettings
from autotune.fitting.splits import rolling
from autotune.laws.catalogue import FORMS
from autotune.suggestion import posterior as module
from autotune.suggestion.belief import believe
from autotune.suggestion.layouts import layouts
from autotune.suggestion.posterior import estimate, posterior
from autotune.suggestion.target import choices
from autotune.suggestion.weights import _power, weighted_laws

HOFFMANN = Candidate(FORMS["hoffmann"], Convention("active"))


def test_draws_cover_the_coefficients_that_made_the_runs():
    found = posterior(HOFFMANN, planted(TRUTH, noise=0.005, size=120), draws=256, seed=0)
    for name in ("E", "alpha", "beta"):
        low, high = np.quantile(found.coefficients[name], [0.005, 0.995])
        assert low < TRUTH.coefficients[name] < high


def test_draws_spread_as_those_of_the_bootstrap():
    table = planted(TRUTH, noise=0.005, size=120)
    found = posterior(HOFFMANN, table, draws=256, seed=0)
    settings = FitSettings(objective="mse", bootstrap=40)
    draws = fit(FORMS["hoffmann"], table, settings=settings).draws
    names = FORMS["hoffmann"].coefficient_names()
    for name in ("alpha", "beta"):
        ratio = found.coefficients[name].std() / draws[:, names.index(name)].std()
        assert 1 / 1.6 < ratio < 1.6


def test_a_run_that_lies_far_off_hardly_moves_the_estimate():
    table = planted(TRUTH, noise=0.002, size=60)
    loss = table.loss.copy()
    loss[7] *= 1.3
    off = estimate(HOFFMANN, replace(table, loss=loss), seed=0)
    assert off.coefficients["alpha"][0] == pytest.approx(TRUTH.alpha, abs=0.05)


def test_fewer_runs_than_coefficients_have_no_posterior():
    with pytest.raises(FitError, match="5 coefficients, and there are 5"):
        posterior(HOFFMANN, few_runs(size=5), draws=8, seed=0)


def test_a_law_that_runs_off_to_the_end_of_a_coefficient_is_left_out():
    """Kaplan's law on twelve runs that hardly tell sizes apart: N_c goes to exp(-870,000)."""
    rng = np.random.default_rng(8)
    table = trained(TRUTHS["ludziejewski2025 (dense)"], first(rng), rng)
    every = choices(table, layouts(table), 1e23)
    belief = believe(table, every, wanted=Wanted(forms=("hoffmann", "kaplan")), seed=8)
    assert [view.candidate.form.form for view in belief.views] == ["hoffmann"]
    with pytest.raises(FitError, match="no law fitted to 12 runs"):
        believe(table, every, wanted=Wanted(forms=("kaplan",)), seed=8)


def test_the_law_that_made_the_runs_is_believed_most():
    judged = weighted_laws(planted(TRUTH, noise=0.003, size=60))
    assert sum(each.weight for each in judged) == pytest.approx(1)
    best = max(judged, key=lambda each: each.weight)
    assert best.candidate.form.form in ("hoffmann", "interaction")  # the latter contains it


@pytest.mark.parametrize(("runs", "power"), [(12, 2.0), (20, 3.0), (60, 8.0)])
def test_few_hidden_runs_tell_laws_apart_less(runs, power):
    assert _power(rolling(few_runs(size=runs))) == power


@pytest.mark.parametrize("name", ["kaplan", "interaction"])
def test_a_descent_that_ends_early_ends_where_all_its_rounds_lead(name, monkeypatch):
    table = few_runs(size=14)
    law = Candidate(FORMS[name], Convention("active"))
    early = estimate(law, table, seed=0)
    monkeypatch.setattr(module, "SAME_FIT", 0.0)
    assert early.sigma == pytest.approx(estimate(law, table, seed=0).sigma, rel=1e-4)


def test_a_law_that_is_exact_is_believed_and_not_divided_by_nothing():
    table, rng = few_runs(noise=0.0, size=16), np.random.default_rng(0)
    wanted = Wanted(forms=("hoffmann",), n=("active",))
    for _ in range(12):  # in some orders the errors beyond the rolling origins are exactly 0
        judged = weighted_laws(table.take(rng.permutation(16)), wanted=wanted)
        assert [each.weight for each in judged] == [1.0]
