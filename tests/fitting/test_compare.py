"""Comparison of laws: hidden runs stay hidden, planted laws win, and what cannot be fed is said."""

from dataclasses import replace

import numpy as np
import pytest

from autotune.errors import FitError, InputError
from autotune.fitting import splits
from autotune.fitting.candidates import Candidate, Wanted, candidates
from autotune.fitting.compare import _choose, choose, compare
from autotune.fitting.result import Score
from autotune.fitting.rolling import Rolling, roll
from autotune.fitting.runs import RunTable
from autotune.fitting.settings import Convention, FitSettings
from autotune.laws.catalogue import FORMS, PRESETS
from autotune.laws.effective import EffectiveLaw
from autotune.laws.interaction import InteractionLaw

SOURCE = PRESETS["besiroglu2024"].source
NUMBERS = PRESETS["besiroglu2024"].coefficients
INTERACTION = InteractionLaw(**NUMBERS, t=0.3, C=3e6, source=SOURCE)
EFFECTIVE = EffectiveLaw(**NUMBERS, t=0.3, source=SOURCE)
THREE = Wanted(forms=("hoffmann", "effective", "interaction"))


def runs_of(law, *, n=60, noise=2e-3, dense=False, fixed_tokens=None, seed=0):
    rng = np.random.default_rng(seed)
    active = np.exp(rng.uniform(np.log(1e7), np.log(3e9), n))
    tokens = np.exp(rng.uniform(np.log(1e9), np.log(1e11), n))
    if fixed_tokens:
        tokens = np.full(n, fixed_tokens)
    experts = np.ones(n) if dense else rng.choice([1.0, 2, 4, 8, 16], n)
    total = active * (1 + 0.6 * (experts - 1))
    loss = law.loss(active, tokens, 1 - active / total) * np.exp(rng.normal(0, noise, n))
    return RunTable(
        n_active=active,
        n_total=total,
        tokens=tokens,
        loss=loss,
        flops=6 * active * tokens,
        weight=np.ones(n),
        factors={} if dense else {"n_experts": experts},
        lines=np.arange(2, n + 2),
        name="planted",
    )


@pytest.fixture(scope="module")
def planted():
    return runs_of(INTERACTION)


@pytest.fixture(scope="module")
def made(planted):
    return compare(planted, splits.by_compute(planted, train_share=0.8), wanted=THREE)


def test_the_planted_law_is_first_on_hidden_runs_and_chosen_without_them(made):
    assert str(made.rows[0].candidate) == "interaction (active, param)"
    assert made.choice.candidate == made.rows[0].candidate
    assert made.rows[0].test.log_rmse < 4e-3
    dense = next(row for row in made.rows if row.candidate.form.form == "hoffmann")
    assert dense.test.log_rmse > 3 * made.rows[0].test.log_rmse


def test_rows_are_ranked_by_hidden_runs_and_cover_every_convention(made):
    errors = [row.test.log_rmse for row in made.rows]
    assert errors == sorted(errors)
    assert {str(row.candidate) for row in made.rows} == {
        "hoffmann (active, param)", "hoffmann (total, param)",
        "effective (active, param)", "effective (active, expert)", "effective (total, expert)",
        "interaction (active, param)", "interaction (active, expert)",
        "interaction (total, expert)",
    }  # fmt: skip
    for row in made.rows:
        assert (row.train.n_runs, row.test.n_runs) == (48, 12)


@pytest.mark.long
def test_hidden_losses_do_not_reach_the_fits_or_the_choice(planted, made):
    cut = splits.by_compute(planted, train_share=0.8)
    loss = planted.loss.copy()
    loss[cut.test] *= 3
    other = compare(replace(planted, loss=loss), cut, wanted=THREE)
    assert other.choice.candidate == made.choice.candidate
    assert other.choice.rolling.error == made.choice.rolling.error
    laws = {row.candidate: row.law.coefficients for row in made.rows}
    assert {row.candidate: row.law.coefficients for row in other.rows} == laws
    assert other.rows[0].test.log_rmse > 0.5


@pytest.mark.long
def test_the_choice_of_a_comparison_is_that_of_its_training_runs_alone(planted, made):
    cut = splits.by_compute(planted, train_share=0.8)
    alone = choose(planted.take(cut.train), wanted=THREE)
    beside = made.choice
    assert alone.candidate == beside.candidate
    assert alone.rolling.error == pytest.approx(beside.rolling.error, rel=1e-12)
    assert (alone.form, alone.convention) == (FORMS["interaction"], Convention("active"))


def test_of_laws_that_tie_the_one_of_fewest_coefficients_is_chosen():
    dense = runs_of(PRESETS["besiroglu2024"], dense=True, noise=1e-3, n=600)
    cut = splits.by_compute(dense, train_share=0.8)
    wanted = Wanted(forms=("ludziejewski", "hoffmann"))
    table = replace(dense, factors={"n_experts": np.ones(len(dense))})
    made = compare(table, cut, wanted=wanted)
    assert len(made.rows) == 2
    assert made.choice.form is FORMS["hoffmann"]
    assert "Of no more coefficients than ludziejewski" in made.choice.reasons[2]


def a_rolling(error):
    """One origin, beyond which predictions are off by so much."""
    observed = np.full(4, 3.0)
    return Rolling(n_train=(8,), predicted=(observed * np.exp(error),), observed=(observed,))


def of_errors(rolling, train):
    """The choice among Hoffmann's, Kaplan's and the interaction law, from their errors."""
    listed = [
        Candidate(FORMS[n], Convention("active")) for n in ("hoffmann", "kaplan", "interaction")
    ]
    errors = dict(zip(listed, map(a_rolling, rolling), strict=True))
    scores = {
        each: Score(mre=0.0, log_rmse=value, bias=0.0, n_runs=40)
        for each, value in zip(listed, train, strict=True)
    }
    return _choose(errors, scores.__getitem__)


def test_among_rolling_errors_near_the_least_the_least_residual_decides():
    made = of_errors([0.010, 0.013, 0.015], [0.004, 0.003, 0.001])
    assert made.form is FORMS["kaplan"]
    residual = 0.003 * np.sqrt(40 / 36)
    assert made.reasons == (
        "Rolling error 0.01300, of 3 laws and conventions, near the least, 0.01000 of "
        "hoffmann (active, param)",
        f"Least residual, {residual:.5f}, of the 2 within 40%",
    )


def test_coefficients_cost_degrees_of_freedom():
    """7 of 40 runs against 5: an error in sample that is 2 % lower is no lower residual."""
    made = of_errors([0.010, 0.030, 0.010], [0.004, 0.001, 0.00392])
    assert made.form is FORMS["hoffmann"]


def test_a_law_without_a_fit_on_all_runs_is_not_chosen_where_another_is_near():
    made = of_errors([0.010, 0.013, 0.015], [np.inf, 0.003, 0.001])
    assert made.form is FORMS["kaplan"]


def test_the_least_rolling_error_decides_alone_where_no_other_is_near():
    made = of_errors([0.010, 0.0141, 0.02], [0.004, 0.003, 0.001])
    assert made.form is FORMS["hoffmann"]
    assert made.reasons == ("Least rolling error, 0.01000, of 3 laws and conventions",)


def test_with_nothing_hidden_the_pooled_rolling_errors_rank(planted):
    cut = splits.cut(splits.parse("rolling"), planted)
    rows = compare(planted, cut, wanted=Wanted(forms=("hoffmann", "interaction"))).rows
    for row in rows:
        assert row.test == row.rolling.pooled
        assert row.train.n_runs == 60
    assert rows[0].candidate.form.form == "interaction"


def test_rolling_fits_on_the_smallest_runs_and_scores_all_beyond(planted):
    origins = splits.rolling(planted)
    candidate = Candidate(FORMS["interaction"], Convention("active"))
    rolled = roll(candidate, planted, origins, settings=FitSettings())
    assert rolled.n_train == (42, 48, 54)
    assert [each.n_runs for each in rolled.origins] == [18, 12, 6]
    each = [score.log_rmse for score in rolled.origins]
    assert rolled.error == pytest.approx(np.prod(each) ** (1 / 3), rel=1e-12)
    assert rolled.pooled.n_runs == 36


def test_an_origin_without_a_fit_has_infinite_error():
    rolled = Rolling(
        n_train=(3, 6),
        predicted=(np.full(2, np.nan), np.array([2.0])),
        observed=(np.array([2.0, 3.0]), np.array([2.0])),
    )
    assert rolled.error == np.inf
    assert rolled.pooled.log_rmse == np.inf
    assert rolled.origins[1].log_rmse == 0


def test_a_form_that_the_table_cannot_feed_says_why():
    _, left_out = candidates(runs_of(INTERACTION))
    assert left_out["krajewski"] == "the table has no column granularity"
    assert "no data term and holds at 1.3e+11 tokens" in left_out["clark"]
    assert "interaction" not in left_out


def test_a_form_without_a_data_term_is_compared_where_tokens_are_its_own():
    listed, left_out = candidates(runs_of(EFFECTIVE, fixed_tokens=1.305e11))
    assert "clark" in {each.form.form for each in listed}
    assert "of the same tokens, where it is effective" in left_out["interaction"]
    assert "of the same tokens, where it is frantar" in left_out["coupled"]


def test_on_dense_runs_a_sparse_form_is_left_out_for_the_dense_one_it_then_is():
    table = runs_of(INTERACTION, dense=True)
    listed, left_out = candidates(table)
    for name in ("frantar", "generalized", "effective"):
        assert "every run is dense, where it is hoffmann" in left_out[name]
    assert "every run is dense, where it is interaction" in left_out["coupled"]
    assert {"hoffmann", "interaction"} <= {each.form.form for each in listed}
    alone, _ = candidates(table, Wanted(forms=("generalized",)))
    assert len(alone) == 1  # asked for by itself, nothing stands for it


def test_only_the_conventions_asked_for_are_compared(planted):
    listed, left_out = candidates(planted, Wanted(n=("total",), sparsity=("expert",)))
    assert {(each.convention.n, each.convention.sparsity) for each in listed} == {
        ("total", "expert")
    }
    assert "none of the conventions asked for" in left_out["hoffmann"]


def test_a_law_that_is_the_same_in_total_parameters_is_listed_once(planted):
    listed, _ = candidates(planted, Wanted(forms=("effective",), sparsity=("param",)))
    assert [each.convention.n for each in listed] == ["active"]
    total, _ = candidates(planted, Wanted(forms=("effective",), n=("total",), sparsity=("param",)))
    assert [each.convention.n for each in total] == ["total"]


def test_too_few_runs_and_runs_of_one_compute_cannot_be_chosen_from(planted):
    with pytest.raises(InputError, match="7 runs are too few to judge laws"):
        choose(planted.take(np.arange(7)))
    with pytest.raises(InputError, match="all 60 runs of planted have the same compute"):
        choose(replace(planted, flops=np.full(60, 1e20)))


def test_laws_are_not_compared_on_equal_losses(planted):
    equal = replace(planted, loss=np.full(len(planted), 2.5))
    with pytest.raises(InputError, match=r"same loss, 2\.5: no law can be told"):
        choose(equal)


@pytest.mark.long
def test_where_no_origin_leaves_enough_runs_the_fewest_coefficients_are_chosen():
    table = runs_of(INTERACTION, n=9)
    cut = splits.by_compute(table, train_share=0.9)
    with pytest.raises(FitError, match=r"no law can be fitted to 8 runs .*frantar"):
        choose(table.take(cut.train), wanted=Wanted(forms=("frantar",)))
    made = compare(table, cut, wanted=Wanted(forms=("frantar", "interaction")))
    assert made.choice.rolling.error == np.inf
    assert made.choice.reasons[0].startswith("Of fewest coefficients")
    assert made.choice.emphasis == 0  # nothing says which extrapolates better


def test_a_candidate_that_cannot_be_fitted_is_named_with_the_reason():
    table = runs_of(INTERACTION, n=10)
    wanted = Wanted(forms=("hoffmann", "abnar"))
    made = compare(table, splits.by_compute(table, train_share=0.8), wanted=wanted)
    assert any("abnar" in name for name in made.failed)
    assert all("runs" in why for why in made.failed.values())
    assert {"hoffmann"} == {row.candidate.form.form for row in made.rows}
