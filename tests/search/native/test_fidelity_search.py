"""The search over fidelities: what a cheap trial tells of the target, and at what cost."""

from dataclasses import replace

import numpy as np
import pytest
from ConfigSpace import Categorical, ConfigurationSpace, EqualsCondition, Float, Integer

from autotune.errors import InputError
from autotune.problem import Problem
from autotune.search import factory
from autotune.search.codec import key
from autotune.search.fidelity import Fidelity
from autotune.search.native.fidelity_search import (
    ALMOST,
    SHARE,
    FidelitySearch,
    covariance,
    learned,
)
from autotune.search.native.gaussian import condition
from autotune.search.native.hyper import Hyper
from autotune.search.native.search import NativeSearch
from autotune.search.settings import SearchSettings
from autotune.trials import Failed, FailureKind, Timing, Trial

from .test_pareto_search import completed, play

NOW = Timing(0.0, "w0", 0.0, 0.0)
TARGET = 1e11


def loss(c, tokens):
    """A law of size and tokens plus bowls around a rate and a batch that move with tokens."""
    law = 1.8 + 478 / c["n_active"] ** 0.35 + 2143 / tokens**0.37
    rate = 1.79 * c["n_active"] ** -0.713 * tokens**0.307
    batch = 0.58 * tokens**0.571
    bowls = 0.06 * np.log(c["lr"] / rate) ** 2 + 0.02 * np.log(c["batch"] / batch) ** 2
    return law + bowls + 0.2 * np.log10(c["n_active"] / 1e8)


def runs(*, fidelity=True):
    """The least loss at 1e11 tokens, with or without shorter runs."""
    space = ConfigurationSpace()
    space.add(
        Float("n_active", (1e8, 1e10), log=True),
        Float("lr", (1e-4, 3e-2), log=True),
        Integer("batch", (2**15, 2**23), log=True),
    )
    if fidelity:
        space.add(Float("tokens", (1e9, TARGET), log=True))

    def objective(c):
        tokens = c.get("tokens", TARGET)
        return {"objective": loss(c, tokens), "flops": 6 * c["n_active"] * tokens}

    return Problem(
        name="runs",
        summary="",
        space=space,
        objective=objective,
        fidelity="tokens" if fidelity else "",
        cost="flops",
    )


def best_measured(search, problem, budget):
    """The least value at the target, once trials have cost a budget."""
    spent, best = 0.0, np.inf
    while spent < budget:
        outcome = completed(problem, search.ask())
        search.tell(outcome)
        spent += outcome.metrics["flops"]
        if outcome.trial.config.get("tokens", TARGET) == TARGET:
            best = min(best, outcome.value)
    return best


@pytest.mark.long
@pytest.mark.slow
def test_short_runs_find_a_better_value_at_the_target_for_the_same_cost():
    """The cost is that of eight full runs of 3e9 parameters; medians of three seeds."""
    budget = 8 * 6 * 3e9 * TARGET
    alone = runs(fidelity=False)
    sizes = np.geomspace(1e8, 1e10, 400)
    batch = 0.58 * TARGET**0.571
    optimum = min(
        loss({"n_active": n, "lr": 1.79 * n**-0.713 * TARGET**0.307, "batch": batch}, TARGET)
        for n in sizes
    )
    short, full = [], []
    for seed in range(3):
        chosen = SearchSettings(seed=seed)
        short.append(best_measured(FidelitySearch(runs(), chosen), runs(), budget) - optimum)
        full.append(best_measured(NativeSearch(alone, chosen), alone, budget) - optimum)
    assert np.median(short) < 0.2 * np.median(full)


def made(rows=15, noise=1e-3):
    rng = np.random.default_rng(0)
    x = rng.random((rows, 3))
    hyper = Hyper(length=np.array([0.4, 0.7, 1.5]), noise=noise, bowl=0.3)
    return condition(hyper, x, np.sin(4 * x[:, 0]) + x[:, 1] * x[:, 2]), rng


def test_a_covariance_is_what_one_more_outcome_does_to_the_mean_elsewhere():
    process, rng = made()
    here, there = rng.random((6, 3)), rng.random((6, 3))
    shared = covariance(process, here, there)
    mean, deviation = process.predict(here)
    before, _ = process.predict(there)
    noise = process.hyper.noise * process.variance
    for i in range(6):
        more = process.append(here[i : i + 1], mean[i : i + 1] + 0.7)
        moved = more.predict(there)[0][i] - before[i]
        assert moved == pytest.approx(0.7 * shared[i] / (deviation[i] ** 2 + noise), rel=1e-5)


def test_an_outcome_at_the_place_itself_teaches_its_whole_deviation_unless_it_is_noisy():
    process, rng = made(noise=1e-9)
    x = rng.random((5, 3))
    assert learned(process, x, x) == pytest.approx(process.predict(x)[1], rel=1e-4)
    noisy, _ = made(noise=0.5)
    assert (learned(noisy, x, x) < 0.95 * noisy.predict(x)[1]).all()
    assert (learned(noisy, x, rng.random((5, 3))) <= noisy.predict(x)[1] * 2).all()


@pytest.mark.parametrize("seed", [0, pytest.param(1, marks=pytest.mark.long)])
def test_a_trial_at_the_target_comes_once_the_others_cost_three_times_as_much(seed):
    """Tokens are the cost here, so that every run at the target costs the same."""
    problem = replace(runs(), cost="tokens")
    gap, reached = [], 0
    outcomes = play(FidelitySearch(problem, SearchSettings(seed=seed)), problem, 40)
    for outcome in outcomes:
        tokens = outcome.trial.config["tokens"]
        if tokens < TARGET:
            gap.append(tokens)
            continue
        assert sum(gap) < 1.05 * SHARE * TARGET + max(gap, default=0)
        gap, reached = [], reached + 1
    assert sum(gap) < 1.05 * SHARE * TARGET + max(gap, default=0)
    assert 1 <= reached < 20  # and most of the others are short, for they cost less
    assert not [
        each
        for each in outcomes[10:]
        if (ALMOST + 0.05) * TARGET < each.trial.config["tokens"] < TARGET
    ]


@pytest.mark.parametrize("cost", ["same", "missing"])
def test_where_a_shorter_run_costs_as_much_every_run_is_at_the_target(cost):
    plain = runs()

    def objective(c):
        return dict(plain.objective(c)) | {"same": 3.0}

    problem = replace(plain, objective=objective, cost=cost)
    outcomes = play(FidelitySearch(problem, SearchSettings(seed=1)), problem, 16)
    assert {each.trial.config["tokens"] for each in outcomes[10:]} == {TARGET}


@pytest.mark.long
def test_resuming_with_running_trials_gives_the_same_next_points():
    problem, chosen = runs(), SearchSettings(seed=4, initial_points=6)
    first = FidelitySearch(problem, chosen)
    outcomes = play(first, problem, 18)
    running = [first.ask() for _ in range(4)]
    resumed = FidelitySearch(problem, chosen)
    for outcome in outcomes:
        resumed.tell(outcome)
    assert [resumed.ask() for _ in range(4)] == running
    assert len({key(config) for config in running}) == 4


@pytest.mark.parametrize("cost", ["flops", "missing", "tokens"])
@pytest.mark.long
def test_failures_and_costs_that_are_not_known_stop_nothing(cost):
    problem = replace(runs(), cost=cost)
    search, seen = FidelitySearch(problem, SearchSettings(seed=0, initial_points=5)), set()
    for i in range(20):
        config = search.ask()
        assert key(config) not in seen
        seen.add(key(config))
        failed = Failed(Trial("t", config), FailureKind.CRASHED, "boom", NOW)
        search.tell(failed if i % 4 == 0 else completed(problem, config))


@pytest.mark.long
def test_where_trials_fail_it_stays_away():
    """Low rates fail; the law's best, 8e-4, is one of them."""
    search, failures = FidelitySearch(runs(), SearchSettings(seed=0)), []
    for _ in range(40):
        config = search.ask()
        failures.append(config["lr"] < 2e-3)
        failed = Failed(Trial("t", config), FailureKind.OUT_OF_MEMORY, "no room", NOW)
        search.tell(failed if failures[-1] else completed(runs(), config))
    assert sum(failures[-15:]) <= 7


def small():
    space = ConfigurationSpace()
    space.add(
        Categorical("epochs", [1, 4, 16], ordered=True),
        Integer("n", (1, 8)),
    )
    return Problem(
        name="small",
        summary="",
        space=space,
        objective=lambda c: {
            "objective": (c["n"] - 5) ** 2 / 10 + 1 / c["epochs"],
            "hours": float(c["epochs"]),
        },
        fidelity="epochs",
        cost="hours",
    )


@pytest.mark.long
def test_a_small_finite_space_is_used_up_the_target_of_its_best_early():
    problem = small()
    search = FidelitySearch(problem, SearchSettings(seed=0, initial_points=4))
    configs = [outcome.trial.config for outcome in play(search, problem, 24)]
    assert search.ask() is None
    assert {"epochs": 16, "n": 5} in configs[:14]


@pytest.mark.parametrize(("name", "target"), [("x", 2.5), ("n", 9), ("size", "l"), ("log", 1e9)])
def test_the_target_is_the_largest_value(name, target):
    space = ConfigurationSpace()
    space.add(
        Float("x", (-1.0, 2.5)),
        Integer("n", (3, 9)),
        Categorical("size", ["s", "m", "l"], ordered=True),
        Float("log", (1e3, 1e9), log=True),
    )
    fidelity = Fidelity.of(space, name)
    assert fidelity.target == target
    points = fidelity.at_target(np.full((2, 4), 0.2))
    assert (points[:, fidelity.axis] == fidelity.unit).all()
    assert (np.delete(points, fidelity.axis, axis=1) == 0.2).all()


def test_what_cannot_be_a_fidelity_is_refused():
    space = ConfigurationSpace()
    kind, n = Categorical("kind", ["a", "b"]), Integer("n", (1, 9))
    space.add(kind, n, EqualsCondition(n, kind, "a"))
    with pytest.raises(InputError, match="no larger values"):
        Fidelity.of(space, "kind")
    with pytest.raises(InputError, match="not always there"):
        Fidelity.of(space, "n")
    with pytest.raises(InputError, match="Did you mean 'kind'"):
        Fidelity.of(space, "kin")


@pytest.mark.parametrize(
    ("changes", "settings", "says"),
    [
        ({}, {"learner": "ET"}, "a fidelity needs the native GP"),
        ({}, {"acq": "PI"}, "a fidelity needs the native GP"),
        ({"and_minimize": "flops"}, {}, "not both"),
        ({"fidelity": "steps"}, {"learner": "random"}, "unknown parameter 'steps'"),
    ],
)
def test_settings_that_no_search_over_fidelities_has_are_refused(changes, settings, says):
    with pytest.raises(InputError, match=says):
        factory.search(replace(runs(), **changes), SearchSettings(**settings))
