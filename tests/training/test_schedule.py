"""Schedules: warm-up, one trunk, and cooldowns to zero."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autotune.errors import InputError
from autotune.training.schedule import schedule
from autotune.training.settings import Settings, law_sequences

budgets = st.lists(st.integers(20_000, 10**8), min_size=1, max_size=5, unique=True).map(
    lambda values: tuple(float(value) for value in sorted(values))
)


def made(tokens, **settings):
    resolved = Settings(**settings).resolved(tokens, 40_000)
    return schedule(tokens, resolved), resolved


@given(tokens=budgets)
def test_a_cooldown_starts_at_the_full_rate_and_falls_in_equal_parts_to_one_before_zero(tokens):
    for branch in made(tokens, sequences=2)[0].branches:
        assert branch.factor(branch.start) == 1
        assert branch.factor(branch.end - 1) == pytest.approx(1 / (branch.end - branch.start))


@given(tokens=budgets)
def test_the_rate_rises_to_its_full_value_before_the_first_cooldown(tokens):
    plan, settings = made(tokens, sequences=2)
    assert plan.warm(0) == pytest.approx(1 / settings.warmup)
    assert plan.warm(plan.branches[0].start) == 1


@given(tokens=budgets)
def test_branches_leave_a_trunk_that_only_goes_forward(tokens):
    starts = [branch.start for branch in made(tokens, sequences=2)[0].branches]
    assert starts == sorted(starts)


def test_six_doublings_cost_what_the_trunk_and_its_cooldowns_do():
    """0.8 D_max + 0.2 sum(D): 1.65 times less than six separate runs."""
    tokens = tuple(2.0**i * 1e6 for i in range(6))
    plan, settings = made(tokens, sequences=4)
    separate = sum(tokens) / settings.batch_tokens
    assert separate / plan.steps == pytest.approx(1.65, abs=0.02)


@given(tokens=budgets)
def test_the_batch_is_a_power_of_two_near_half_the_law(tokens):
    sequences = law_sequences(tokens, 128)
    law = 0.58 * (tokens[0] * tokens[-1]) ** (0.571 / 2) / 2 / 128
    assert sequences & (sequences - 1) == 0
    assert sequences == 1 or sequences <= law * (1 + 1e-9) < 2 * sequences


def test_budgets_that_do_not_rise_are_refused():
    with pytest.raises(InputError, match="rising order"):
        made((2e5, 1e5), sequences=2)


def test_a_budget_of_less_than_two_batches_is_refused():
    with pytest.raises(InputError, match="300 tokens are fewer than two batches of 256"):
        made((300.0,), sequences=2)
