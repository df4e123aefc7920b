"""Suggested runs keep to limits, and lie where they change the decision."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_beliefs import TARGET, few_runs, made

from autotune.errors import InputError
from autotune.fitting.candidates import Wanted
from autotune.laws.catalogue import PRESETS
from autotune.suggestion.belief import believe
from autotune.suggestion.greedy import Purse, d_optimal, greedy
from autotune.suggestion.grid import candidates
from autotune.suggestion.layouts import layouts
from autotune.suggestion.limits import TOKENS_PER_PARAM, Limits
from autotune.suggestion.suggest import DESIGNS, now_of, suggest, tokens_per_param
from autotune.suggestion.target import choices


@settings(max_examples=12)
@given(spend=st.floats(2e18, 1e22), n=st.integers(1, 5), once=st.booleans(), regret=st.booleans())
def test_runs_never_cost_more_than_the_spend_nor_are_more_than_allowed(spend, n, once, regret):
    _, offered, state = made()
    how = {} if regret else {"criterion": d_optimal}
    picks = greedy(state, offered.flops, Purse(spend, n), once=once, **how)
    assert offered.flops[picks].sum() <= spend * (1 + 1e-12)
    assert len(picks) <= n
    assert not once or len(set(picks)) == len(picks)


@given(
    low=st.floats(1e15, 1e18),
    factor=st.floats(10, 1e5),
    batch=st.sampled_from([1, 2**19, 2**22]),
)
def test_every_candidate_keeps_to_the_limits(low, factor, batch):
    table = few_runs()
    limits = Limits(smallest=low, largest=low * factor, batch_tokens=batch, most_tokens=1e11)
    try:
        found = candidates(table, layouts(table), limits)
    except InputError:
        return
    assert ((found.flops >= low) & (found.flops <= low * factor)).all()
    assert (found.tokens % batch == 0).all()
    assert (found.tokens <= 1e11).all()
    assert (found.n_active == np.round(found.n_active)).all()


@pytest.mark.parametrize("design", DESIGNS)
def test_every_design_spends_no_more_than_it_may(design):
    belief, offered, _ = made()
    found = suggest(belief, offered, spend=5e20, n=4, design=design)
    assert 0 < found.spent <= 5e20
    assert found.regret_after <= found.regret
    assert found.band[0] <= found.band_after[0] <= found.band_after[1] <= found.band[1]


def test_a_well_measured_configuration_is_worth_less_than_an_unknown_one():
    _, _, state = made()
    known = state.known.copy()
    known[:] = 0
    fresh = replace(state, known=known).gain()
    known = known.copy()
    best = int(np.argmax(fresh))
    known[best] = 20
    assert replace(state, known=known).gain()[best] < 0.5 * fresh[best]


def test_regret_is_promised_to_fall_more_by_suggested_runs_than_by_classical_designs():
    belief, offered, _ = made()
    after = {d: suggest(belief, offered, spend=5e20, n=8, design=d).regret_after for d in DESIGNS}
    assert after["regret"] <= 1.05 * min(after["isoflop"], after["ladder"], after["largest"])


def test_where_two_laws_disagree_is_where_the_first_run_goes():
    """Two laws that differ for large runs alone, both without doubts of their own."""
    _, offered, state = made()
    c = len(offered)
    flat = np.zeros((2, state.mean.shape[1], state.mean.shape[2]))
    apart = np.where(offered.flops > 3e20, 0.05, 0.0)
    flat[0, :, :c], flat[1, :, :c] = apart / 2, -apart / 2
    slope = np.linspace(0, 0.1, flat.shape[2] - c)
    flat[0, :, c:], flat[1, :, c:] = slope, slope[::-1]
    truth = np.arange(flat.shape[1]) % 2
    two = replace(
        state,
        noises=(state.noises[0],) * 2,
        truth=truth,
        true_loss=flat[truth, np.arange(flat.shape[1]), :c],
        mean=flat,
        cov=np.stack([1e-14 * np.eye(flat.shape[2])] * 2),
        log_weight=np.full((2, flat.shape[1]), np.log(0.5)),
        best=(flat.shape[2] - c) // 2,
    )
    picks = greedy(two, offered.flops, Purse(1e21, 1))
    assert offered.flops[picks[0]] > 3e20


def test_runs_are_offered_where_the_plan_is_likely_to_lie():
    """Kaplan's law wants far fewer tokens per parameter than runs usually have; ours do not."""
    belief, _, _ = made()
    assert tokens_per_param(belief) == TOKENS_PER_PARAM
    table = few_runs(truth=PRESETS["kaplan2020"])
    every = choices(table, layouts(table), TARGET)
    belief = believe(table, every, wanted=Wanted(forms=("kaplan",)))
    low, high = tokens_per_param(belief)
    best = now_of(belief).best
    assert low < belief.choices.tokens[best] / belief.choices.n_active[best] < 5
    assert high == TOKENS_PER_PARAM[1]


def test_no_candidate_within_the_spend_is_an_error_that_names_the_cheapest():
    belief, offered, _ = made()
    with pytest.raises(InputError, match="cheapest of"):
        suggest(belief, offered, spend=1e15)


def test_limits_that_leave_nothing_are_named():
    with pytest.raises(InputError, match="smallest run, 1e\\+20 FLOPs, exceeds"):
        Limits(smallest=1e20, largest=1e19)
