"""What runs in other jobs: pending for the search like what it proposed itself."""

import pytest

from autotune.errors import InputError
from autotune.search import factory
from autotune.search.codec import key
from autotune.search.settings import LEARNERS, SearchSettings
from autotune.trials import Completed, Timing, Trial

NOW = Timing(0.0, "w0", 0.0, 0.0)


def made(small, learner="GP", **changes):
    settings = SearchSettings(learner=learner, initial_points=4, seed=5, **changes)
    return factory.search(small, settings)


def told(small, *searches, n=6):
    """Searches that know the same outcomes, of proposals of the first."""
    for i in range(n):
        config = searches[0].ask()
        outcome = Completed(Trial(f"t-{i}", config), float(small.objective(config)), NOW)
        for search in searches:
            search.tell(outcome)


@pytest.mark.parametrize("learner", LEARNERS)
@pytest.mark.parametrize("n", [0, 6])
def test_a_search_that_hears_of_a_trial_goes_on_as_the_one_that_proposed_it(small, learner, n):
    """From the start, where points are of one Sobol sequence, and once there is a model.

    Until an outcome comes, the native process chooses among the candidates of its first proposal.
    """
    proposes, hears = made(small, learner), made(small, learner)
    told(small, proposes, hears, n=n)
    asked = [proposes.ask() for _ in range(3)]
    for i, config in enumerate(asked):
        hears.pending(Trial(f"other-{i}", config))
    for search in (proposes, hears):
        search.tell(Completed(Trial("other-1", asked[1]), 1.0, NOW))
    assert proposes.ask() == hears.ask()


@pytest.mark.parametrize("learner", LEARNERS)
def test_two_searches_of_one_seed_that_hear_of_each_other_never_propose_the_same(small, learner):
    first, second = made(small, learner), made(small, learner)
    seen = []
    for i in range(8):
        for search, other in ((first, second), (second, first)):
            config = search.ask()
            other.pending(Trial(f"t-{i}", config))
            seen.append(key(config))
    assert len(set(seen)) == 16


def test_hearing_of_a_trial_again_changes_nothing_and_its_outcome_resolves_it(small):
    once, twice = made(small), made(small)
    told(small, once, twice)
    config = once.ask()
    for _ in range(2):
        twice.pending(Trial("other", config))
    assert once.ask() == twice.ask()
    outcome = Completed(Trial("other", config), 1.0, NOW)
    for search in (once, twice):
        search.tell(outcome)
    assert once.ask() == twice.ask()


def test_a_running_trial_of_another_space_is_refused_by_name(small):
    with pytest.raises(InputError, match="recorded trial 0001-0000 does not fit this problem's"):
        made(small).pending(Trial("0001-0000", {"colour": "red"}))
