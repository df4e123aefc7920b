"""When a run has diverged, and when it has not."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autotune.training.divergence import FEWEST, Watchdog


def first_alarm(losses, steps=100):
    dog = Watchdog(ceiling=math.log(256), steps=steps)
    return next((i for i, loss in enumerate(losses) if dog.see(loss, 1.0)), None)


@given(drops=st.lists(st.floats(0, 0.1), min_size=1, max_size=200))
def test_a_loss_that_only_falls_has_not_diverged(drops):
    losses, now = [], math.log(256)
    for drop in drops:
        now = max(0.1, now - drop)
        losses.append(now)
    assert first_alarm(losses) is None


@pytest.mark.parametrize("loss", [math.nan, math.inf])
def test_a_loss_that_is_no_number_has_diverged_at_once(loss):
    assert first_alarm([3.0, loss, 3.0]) == 1


def test_a_gradient_that_is_no_number_has_diverged_at_once():
    assert "gradient" in Watchdog(ceiling=5.5, steps=100).see(3.0, math.nan)


def test_a_loss_that_leaves_and_does_not_return_has_diverged():
    assert first_alarm([2.0] * 20 + [4.0] * 50) is not None


def test_a_spike_is_no_divergence():
    assert first_alarm([2.0] * 20 + [9.0] + [2.0] * 50) is None


def test_a_loss_above_a_uniform_guess_is_given_a_few_steps():
    assert first_alarm([8.0] * FEWEST) is None
    assert first_alarm([8.0] * 50) == FEWEST
