"""The model of manager, network and workers beside what can be worked out by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scale_model import Costs, Load, simulate


def costs(**changes):
    free = {"latency": 0.0, "dispatch": 0.0, "switch": 0.0, "sync": 0.0, "tell": 0.0}
    return Costs(**{**free, "refit": lambda _: 0.0, "ask": lambda _: 0.0, **changes})


def load(**changes):
    small = {"workers": 8, "seconds": 1.0, "sigma": 1.0, "trials": 320, "ahead": 0}
    return Load(**{**small, **changes})


def use(given_load, given_costs):
    return simulate(given_load, given_costs, np.random.default_rng(0))


@settings(max_examples=30, deadline=None)
@given(
    workers=st.integers(1, 40),
    ahead=st.integers(0, 10),
    ask=st.floats(0, 0.3),
    refit=st.floats(0, 0.3),
    dispatch=st.floats(0, 0.1),
)
def test_utilisation_is_a_share_and_every_trial_is_run(workers, ahead, ask, refit, dispatch):
    given_load = load(workers=workers, ahead=ahead, trials=10 * workers, sigma=0.0)
    found = use(given_load, costs(ask=lambda _: ask, refit=lambda _: refit, dispatch=dispatch))
    assert 0 < found.whole <= 1 + 1e-9
    assert 0 <= found.before_drain <= 1 + 1e-9
    assert found.whole * workers * found.seconds == pytest.approx(10 * workers)


def test_a_manager_without_costs_keeps_every_worker_busy():
    assert use(load(), costs()).before_drain == pytest.approx(1.0)


def test_beyond_its_rate_the_manager_sets_the_pace():
    """One proposal in 100 ms feeds ten trials of a second: 10 of 32 workers, 31 %."""
    found = use(load(workers=32, trials=1280, sigma=0.0), costs(ask=lambda _: 0.1))
    assert found.before_drain == pytest.approx(10 / 32, rel=0.03)


def test_outcomes_that_end_while_others_are_recorded_share_the_next_sync():
    """Of 64 workers, 6.4 end in each sync of 0.1 s: five syncs a second would feed 64 singly."""
    found = use(load(workers=64, trials=2560, ahead=16), costs(sync=0.1))
    assert found.before_drain > 0.95


def test_the_network_adds_its_way_there_and_back_to_every_trial():
    found = use(load(workers=1, sigma=0.0, trials=50), costs(latency=0.1))
    assert found.whole == pytest.approx(1 / 1.2, rel=0.01)


def test_trials_proposed_ahead_hide_the_search():
    slow = costs(ask=lambda _: 0.02)
    without, with_queue = (use(load(ahead=n), slow).before_drain for n in (0, 4))
    assert with_queue > without
    assert with_queue > 0.99
