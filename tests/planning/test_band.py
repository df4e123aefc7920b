"""The near-optimal band ends exactly where the loss exceeds its tolerance, or at a constraint."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autotune.laws.catalogue import PRESETS
from autotune.planning.budget import Budget
from autotune.planning.constraints import Constraints
from autotune.planning.planner import plan
from autotune.planning.question import Hold, Question

budgets = st.floats(19, 26).map(lambda x: 10**x)
tolerances = st.floats(1e-5, 0.05)


@pytest.mark.parametrize("name", ["hoffmann2022", "kaplan2020", "abnar2025", "generalized-moe"])
@given(flops=budgets, tolerance=tolerances)
def test_the_loss_at_both_ends_is_the_tolerance_above_the_best(name, flops, tolerance):
    law = PRESETS[name]
    found = plan(law, Budget(flops=flops), question=Question(tolerance=tolerance))
    for n in found.band.n_active:
        if 1 < n < flops / 6 * (1 - 1e-9):
            assert float(law.loss(n, flops / (6 * n))) == pytest.approx(
                (1 + tolerance) * found.loss, rel=1e-10
            )
    assert found.band.n_active[0] < found.n_active < found.band.n_active[1]
    assert found.band.tokens[0] == pytest.approx(flops / 6 / found.band.n_active[1])
    assert found.band.tokens[1] == pytest.approx(flops / 6 / found.band.n_active[0])


@given(flops=budgets, total=st.floats(9, 12).map(lambda x: 10**x))
def test_with_the_total_held_the_band_keeps_it(flops, total):
    law = PRESETS["generalized-2025-08"]
    found = plan(law, Budget(flops=flops), question=Question(hold=Hold.TOTAL, n_total=total))
    low, high = found.band.sparsity
    assert found.band.n_active[1] == pytest.approx(total * (1 - low), rel=1e-9)
    assert found.band.n_active[0] == pytest.approx(total * (1 - high), rel=1e-9)
    for sparsity in (low, high):
        n = total * (1 - sparsity)
        excess = float(law.loss(n, flops / (6 * n), sparsity)) / found.loss - 1
        inside = 1e-7 < sparsity < 0.9999 - 1e-7
        assert excess == pytest.approx(1e-3, abs=1e-9) if inside else excess <= 1e-3 + 1e-9


def test_with_tokens_held_the_band_is_one_of_sparsity():
    law = PRESETS["abnar2025"]
    found = plan(law, Budget(flops=6e20), question=Question(hold=Hold.TOKENS, n_active=1e9))
    assert found.band.n_active == (1e9, 1e9)
    low, high = found.band.sparsity
    assert low < found.sparsity <= high
    assert float(law.loss(1e9, 1e11, low)) == pytest.approx(1.001 * found.loss, rel=1e-9)


def test_a_constraint_ends_the_band_before_the_tolerance_does():
    limits = Constraints(max_active=2e9, max_tokens=1e11)
    found = plan(PRESETS["hoffmann2022"], Budget(flops=1e21), constraints=limits)
    assert found.band.n_active == pytest.approx((1e21 / 6e11, 2e9), rel=1e-9)
    assert found.at_bound == ()


def test_a_wider_tolerance_gives_a_wider_band():
    law, budget = PRESETS["besiroglu2024"], Budget(flops=1e24)
    narrow, wide = (
        plan(law, budget, question=Question(tolerance=t)).band.n_active for t in (1e-4, 1e-3)
    )
    assert wide[0] < narrow[0] < narrow[1] < wide[1]
