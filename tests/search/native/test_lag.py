"""Many trials running: candidates stay for several outcomes, and follow from the record alone."""

import numpy as np
from ConfigSpace import Categorical, ConfigurationSpace, Float, Integer
from hypothesis import given
from hypothesis import strategies as st

from autotune.problem import Problem
from autotune.search.codec import key
from autotune.search.native.lag import CROWD, MANY, Lag
from autotune.search.native.places import EVERYWHERE, HOME
from autotune.search.native.search import NativeSearch
from autotune.search.settings import SearchSettings
from autotune.trials import Completed, Failed, FailureKind, Timing, Trial

counts = st.integers(0, 5000)


@given(told=counts, running=counts)
def test_candidates_lag_by_a_part_of_the_running_trials_and_at_most_an_eighth_of_the_outcomes(
    told, running
):
    lag = Lag.of(told, running)
    part = 4 / 3 if lag.crowded else 2 / 3
    assert 0 <= told - lag.base <= max(0, min(part * running, told / 8))
    assert not lag.crowded or running >= CROWD


@given(told=counts, running=st.integers(0, MANY - 1))
def test_with_few_trials_running_no_outcome_is_late(told, running):
    assert Lag.of(told, running) == Lag(told, lags=False)


@given(told=st.integers(200, 5000), running=st.integers(6, 500))
def test_the_base_moves_seldom(told, running):
    bases = {Lag.of(told + i, running).base for i in range(64)}
    assert len(bases) <= 64 / min(running / 3, told / 16) + 2


def bowl(c):
    return (
        (c["x"] - 0.3) ** 2 + 0.05 * np.log2(c["n"] / 8) ** 2 + 0.3 * (c["c"] != "b") + c["y"] ** 2
    )


def problem():
    space = ConfigurationSpace()
    space.add(Float("x", (0.0, 1.0)), Float("y", (0.0, 1.0)), Integer("n", (1, 64), log=True))
    space.add(Categorical("c", ["a", "b", "c"]))
    return Problem(name="bowl", summary="", space=space, objective=bowl)


def completed(config):
    return Completed(Trial("t", config), float(bowl(config)), Timing(0.0, "w0", 0.0, 0.0))


def test_a_resumed_search_goes_on_as_it_would_have_whenever_the_first_one_looked_for_candidates():
    first, outcomes = NativeSearch(problem(), SearchSettings(seed=3)), []
    running = [first.ask() for _ in range(12)]
    for _ in range(45):
        outcomes.append(completed(running.pop(0)))
        first.tell(outcomes[-1])
        running.append(first.ask())
    lag = Lag.of(45, 12)
    assert lag.lags
    assert lag.base < 45
    resumed = NativeSearch(problem(), SearchSettings(seed=3))
    for outcome in outcomes:
        resumed.tell(outcome)
    for config in running:
        resumed.pending(Trial("r", config))
    following = [first.ask() for _ in range(3)]
    assert [resumed.ask() for _ in range(3)] == following
    assert len({key(config) for config in running + following}) == 15
    assert min(map(bowl, (outcome.trial.config for outcome in outcomes))) < 0.02


def test_an_outcome_that_is_late_moves_the_candidates_all_the_same():
    """Two records that part after the base: another value told makes another proposal."""
    (one, running), (other, _) = (told(34, 13) for _ in range(2))
    assert Lag.of(35, 12).base < 35
    assert one.ask() == other.ask()  # candidates are there now
    one.tell(completed(running[0]))
    other.tell(Completed(Trial("t", running[0]), -5.0, Timing(0.0, "w0", 0.0, 0.0)))
    assert one.ask() != other.ask()


def test_where_the_first_outcomes_all_failed_candidates_follow_from_the_later_ones():
    search = NativeSearch(problem(), SearchSettings(seed=2))
    running = [search.ask() for _ in range(12)]
    for i in range(40):
        config = running.pop(0)
        at = Trial("t", config)
        failed = Failed(at, FailureKind.CRASHED, "boom", Timing(0.0, "w0", 0.0, 0.0))
        search.tell(failed if i < 37 else completed(config))
        running.append(search.ask())
    assert len({key(config) for config in running}) == 12


def told(n, running, *, workers=1):
    """A search that others told of trials, every second one near the optimum, and what runs."""
    search = NativeSearch(problem(), SearchSettings(seed=3, workers=workers))
    rng = np.random.default_rng(1)
    points = rng.random((200, 4))
    points[::2, :3] = [0.3, 0.05, 0.5] + 0.05 * points[::2, :3]
    points[::2, 3] = 0.5
    configs = [search._codec.decode(point) for point in search._codec.snap(points)]
    for config in configs[:n]:
        search.tell(completed(config))
    for config in configs[n : n + running]:
        search.pending(Trial("r", config))
    return search, configs[n : n + running]


def test_beside_many_workers_candidates_lag_though_few_trials_run_at_the_moment():
    """A manager that is behind hears several outcomes at once: each must not cost it more then."""
    first, running = told(40, 3, workers=CROWD)
    asked = [first.ask()]
    for config in running:
        first.tell(completed(config))
    following = [first.ask() for _ in range(2)]
    assert first._lag == Lag.of(43, CROWD) != Lag.of(43, 3)
    resumed, _ = told(43, 0, workers=CROWD)
    resumed.pending(Trial("r", asked[0]))
    assert [resumed.ask() for _ in range(2)] == following


def test_a_resumed_search_goes_on_as_it_would_have_beside_a_crowd_of_trials():
    """Though the first one looked for candidates, and learned, with fewer outcomes told."""
    first, running = told(39, CROWD + 4)
    asked = [first.ask() for _ in range(2)]
    for config in running[:4]:
        first.tell(completed(config))
    lag = Lag.of(43, CROWD + 2)
    assert lag.crowded
    assert lag.base < 43
    resumed, _ = told(43, CROWD)
    for config in asked:
        resumed.pending(Trial("r", config))
    assert [first.ask() for _ in range(4)] == [resumed.ask() for _ in range(4)]


def test_candidates_of_a_place_are_those_of_what_is_known_whichever_were_looked_for_first():
    """Both kinds are wanted of one record, by whether anything was gained of late."""
    found = []
    for order in ((HOME, EVERYWHERE), (EVERYWHERE, HOME)):
        search, rng = told(34, 6)[0], np.random.default_rng(0)
        best = {knows: search._frontier(HOME, rng, knows).best(rng) for knows in order}
        found.append([best[HOME], best[EVERYWHERE]])
    assert all(np.array_equal(one, other) for one, other in zip(*found, strict=True))
    assert not np.array_equal(*found[0])


def test_candidates_are_kept_while_running_trials_come_and_go():
    """With fewer running the base is a later one, and then again the one before."""
    (search, running), rng = told(34, 6), np.random.default_rng(0)
    before = search._frontier(EVERYWHERE, rng, EVERYWHERE)
    search.tell(completed(running[0]))
    search.ask()
    assert Lag.of(35, 5) != Lag.of(35, 6) == Lag.of(34, 6)
    assert search._frontier(EVERYWHERE, rng, EVERYWHERE) is before
