"""Charts of any study, plan and fit: complete, plain data, and safe to put on a page."""

from dataclasses import replace

import numpy as np
import pytest
from chart_checks import check, made
from hypothesis import given, settings
from made_cases import case_of
from made_fits import saved
from made_studies import NASTY, line_of_trials, outcomes, study_of

pytest.importorskip("matplotlib")

from autotune.curves.case import Draws
from autotune.errors import InputError
from autotune.fitting.runs import RunTable
from autotune.planning.question import Question
from autotune.reporting import catalogue, live
from autotune.reporting.marks import Span
from autotune.reporting.palette import STYLES
from autotune.reporting.records import FitWithRuns
from autotune.reporting.thin import MOST


@settings(max_examples=15)
@given(outcomes(least=1))
def test_a_study_of_any_outcomes_has_sound_charts(trials):
    for chart in made(catalogue.OF_STUDY, study_of(trials)):
        check(chart)


@pytest.fixture(scope="module")
def searched():
    """A study of 40 trials, every seventh failed."""
    study = study_of(line_of_trials(40, failed=lambda i: i % 7 == 6))
    return {chart.kind: chart for chart in made(catalogue.OF_STUDY, study)}


def test_a_study_of_forty_trials_has_every_kind_of_chart(searched):
    assert list(searched) == list(catalogue.OF_STUDY)
    for chart in searched.values():
        check(chart)


def test_failed_trials_are_counted_and_never_given_a_value(searched):
    completed, failed, best = searched["history"].panels[0].marks
    assert (completed.x.size, failed.x.size) == (35, 5)
    assert failed.y.max() < completed.y.min()
    assert best.y[-1] == completed.y.min()
    assert "5 of them failed" in searched["history"].caption
    assert searched["failures"].table.rows[1][:2] == ("crashed", 5)


def test_bars_of_every_style_are_filled_whatever_the_page(searched):
    """Plotly leaves what is behind a pattern clear, where a white one would not be seen."""
    figures = [each for kind in ("workers", "failures") for each in live.figures(searched[kind])]
    markers = [t["marker"] for each in figures for t in each["data"] if t["type"] == "bar"]
    assert {each["pattern"]["shape"] for each in markers} >= {STYLES[0].shape, STYLES[1].shape}
    assert all(each["pattern"]["bgcolor"] == each["color"] for each in markers)


def test_a_large_study_is_drawn_in_part_with_its_best_and_says_so():
    study = study_of(line_of_trials(5000))
    chart = catalogue.OF_STUDY["history"](study)
    points, best = chart.panels[0].marks
    assert points.x.size <= MOST
    assert points.y.min() == best.y[-1] == study.best.value
    assert f"{5000 - points.x.size} of 5000 trials are not drawn." in chart.caption


def test_workers_without_a_break_are_shown_as_busy_all_the_time(searched):
    assert "2 workers ran 40 trials in 3.3 min and worked 100.0%" in searched["workers"].caption


def test_importance_needs_trials_and_says_how_many():
    with pytest.raises(InputError, match="made has 2 completed trials, and importance needs 20"):
        catalogue.OF_STUDY["importance"](study_of(line_of_trials(2)))


@pytest.fixture(scope="module")
def planned():
    """A plan with draws of its law."""
    case = case_of("generalized-moe", 1e21, Question(sparsity=0.9))
    draws = saved(n_draws=10, spread=1e-3).result.draws
    case = replace(case, draws=Draws(draws, level=0.95, tail=0.025))
    return {chart.kind: chart for chart in made(catalogue.OF_PLAN, case)}


def test_a_sparse_plan_has_every_kind_of_chart_and_each_names_its_law(planned):
    assert list(planned) == list(catalogue.OF_PLAN)
    for chart in planned.values():
        check(chart)
        assert "Law generalized-moe, FLOPs = 6 N_active D" in chart.caption
        assert "fitted range" in chart.caption


def test_the_fitted_range_is_shaded_where_it_is_known(planned):
    (span,) = (mark for mark in planned["optimum"].panels[0].marks if isinstance(mark, Span))
    assert span.limits == (3e19, 1e21)


def test_a_dense_plan_says_why_it_has_no_chart_of_sparsity():
    made_ = list(catalogue.charts(catalogue.OF_PLAN, case_of("hoffmann2022", 1e22)))
    missing = dict(each for each in made_ if isinstance(each, tuple))
    assert list(missing) == ["loss-ns", "sparsity"]
    assert "hoffmann2022 does not read sparsity" in missing["sparsity"]


def runs_of(law, n=12):
    """Runs whose losses are the law's own, but for the last."""
    size, tokens = np.geomspace(1e8, 1e9, n), np.geomspace(1e10, 2e10, n)
    loss = law.loss(size, tokens)
    loss[-1] *= 1.02
    return RunTable(
        n_active=size, n_total=size, tokens=tokens, loss=loss, flops=6 * size * tokens,
        weight=np.ones(n), lines=np.arange(2, n + 2), name=NASTY,
    )  # fmt: skip


def test_residuals_are_zero_where_the_law_is_right_and_the_worst_run_comes_first():
    fit = saved(n_draws=5)
    given_runs = FitWithRuns(fit, runs_of(fit.law))
    charts = {chart.kind: chart for chart in made(catalogue.OF_FIT, given_runs)}
    for chart in charts.values():
        check(chart)
    assert "published laws of this form" in charts["coefficients"].caption
    predicted = charts["predicted"]
    np.testing.assert_allclose(predicted.panels[1].marks[0].y[:-1], 0, atol=1e-12)
    assert predicted.table.rows[0][0] == 13
    assert predicted.table.rows[0][-1] == "-1.98e-02"
    assert "are not the rows" not in predicted.caption


def test_runs_with_another_hash_are_said_to_be_others():
    fit = saved(n_draws=5)
    chart = catalogue.OF_FIT["predicted"](FitWithRuns(fit, runs_of(fit.law), same=False))
    assert "These are not the rows that were fitted" in chart.caption


def test_a_fit_without_its_runs_says_how_to_give_them():
    with pytest.raises(InputError, match=r"Give them with --runs runs\.csv"):
        catalogue.OF_FIT["predicted"](FitWithRuns(saved(n_draws=5)))
