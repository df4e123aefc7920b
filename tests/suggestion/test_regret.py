"""Expected regret, and what runs are expected to do to it."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_beliefs import made

from autotune.suggestion.expected import expect
from autotune.suggestion.greedy import Purse, greedy
from autotune.suggestion.regret import quantiles, standing

ensembles = st.integers(0, 2**32 - 1).map(lambda s: np.random.default_rng(s).normal(size=(40, 7)))


@given(one=ensembles, other=ensembles, share=st.floats(0.01, 0.99))
def test_regret_is_never_negative_and_none_where_all_draws_agree(one, other, share):
    weights, sizes = np.array([share, 1 - share]), np.arange(7.0)
    assert standing([one, other], weights, sizes).regret >= 0
    agreed = np.repeat(one[:1], 40, axis=0)
    assert standing([agreed, agreed], weights, sizes).regret == pytest.approx(0, abs=1e-12)


@given(values=ensembles)
def test_limits_of_a_wider_level_lie_further_out(values):
    flat, share = values.ravel(), np.ones(values.size)
    narrow, wide = quantiles(flat, share, 0.5), quantiles(flat, share, 0.9)
    assert wide[0] <= narrow[0] <= narrow[1] <= wide[1]


@settings(max_examples=15)
@given(runs=st.lists(st.integers(0, 40), max_size=5))
def test_no_run_is_expected_to_raise_the_regret(runs):
    _, offered, state = made()
    for x in runs:
        state = state.after(x * len(offered) // 41)
    assert (state.gain() >= 0).all()
    assert state.gain_so_far() >= 0


def test_more_spend_never_promises_more_regret():
    belief, offered, state = made()
    purses = [Purse(spend, 6) for spend in (2e18, 2e19, 2e20, 2e21)]
    picks = [greedy(state, offered.flops, purse) for purse in purses]
    promised = [expect(state, belief, each).regret for each in picks]
    now = expect(state, belief, []).regret
    assert all(after <= before * 1.02 for before, after in pairwise([now, *promised]))
    assert promised[-1] < now


def test_without_runs_the_band_and_the_regret_stay_as_they_are():
    belief, _, state = made()
    now = standing(
        [v.log_loss for v in belief.views], belief.weights, np.log(belief.choices.n_active)
    )
    same = expect(state, belief, [])
    assert same.regret == pytest.approx(now.regret, rel=1e-4)
    assert now.middle - same.low == pytest.approx(now.limits()[0])
