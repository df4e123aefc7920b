"""What a budget leaves, with derivatives that agree with differences and the right curvature."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from autotune.laws.muennighoff import effective_tokens
from autotune.planning.cost import SIX_ND, Cost
from autotune.planning.spending import Chain, Repetition, Spending

STEP = 1e-4


def maps():
    cost = st.just(SIX_ND) | st.builds(Cost, st.floats(1, 30), st.floats(0.5, 1.5))
    spending = st.builds(
        Spending, flops=st.floats(1e20, 1e25), inference_tokens=st.floats(0, 1e13), cost=cost
    )
    repetition = st.builds(Repetition, unique=st.floats(1e9, 1e13), decay=st.floats(1, 30))
    return st.tuples(spending, repetition)


@given(pair=maps(), share=st.floats(0.05, 0.95))
def test_slopes_and_curvatures_agree_with_differences(pair, share):
    spending, repetition = pair
    largest = np.log(spending.size_for_tokens(1e6))
    for function in (spending, Chain(repetition, spending)):
        n = np.asarray(share * largest)
        value, slope, curvature = function(n)
        above, below = function(n + STEP), function(n - STEP)
        assert slope == pytest.approx((above[0] - below[0]) / (2 * STEP), rel=1e-5, abs=1e-7)
        # the slope of a Chain has a kink where repetition starts
        kink = abs(spending(n)[0] - np.log(repetition.unique)) < 1e-2
        if function is spending or not kink:
            assert curvature == pytest.approx(
                (above[1] - below[1]) / (2 * STEP), rel=1e-4, abs=1e-6
            )
        assert curvature <= 0, "not concave, so the loss would not be convex"
        assert np.isfinite(value)


@given(pair=maps(), times=st.floats(0.01, 100))
def test_the_logarithm_of_repeated_tokens_is_the_laws_own(pair, times):
    _, repetition = pair
    tokens = times * repetition.unique
    worth = effective_tokens(tokens, repetition.unique, repeats=repetition.decay)
    assert repetition(np.log(tokens))[0] == pytest.approx(np.log(worth), rel=1e-12)


@example(pair=(Spending(1e20, 1e-280), Repetition(1e9, 1.0)), tokens=1e3, ratio=2.0)
@given(pair=maps(), tokens=st.floats(1e3, 1e14), ratio=st.floats(1e-2, 1e5))
def test_sizes_for_tokens_and_for_ratios_spend_the_budget(pair, tokens, ratio):
    spending, _ = pair
    size = spending.size_for_tokens(tokens)
    served = spending.inference_tokens / 3
    each = spending.cost.coefficient * size**spending.cost.exponent
    assert each * (tokens + served) == pytest.approx(spending.flops, rel=1e-12)
    size = spending.size_for_ratio(ratio)
    each = spending.cost.coefficient * size**spending.cost.exponent
    assert each * (ratio * size + served) == pytest.approx(spending.flops, rel=1e-11)
