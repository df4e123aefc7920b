"""The search for a Pareto front: close to known fronts, a function of the record, never stuck."""

from dataclasses import replace

import numpy as np
import pytest
from ConfigSpace import Categorical, ConfigurationSpace, Float, Integer

from autotune import problem_file
from autotune.errors import InputError
from autotune.problem import Constraint, Problem
from autotune.search import factory, pareto
from autotune.search.codec import key
from autotune.search.native.pareto_search import ParetoSearch
from autotune.search.second import SecondObjective
from autotune.search.settings import SearchSettings
from autotune.trials import Completed, Failed, FailureKind, Timing, Trial

NOW = Timing(0.0, "w0", 0.0, 0.0)


def completed(problem, config):
    answer = dict(problem.evaluate(config))
    return Completed(Trial("t", config), float(answer.pop("objective")), NOW, answer)


def play(search, problem, n):
    outcomes = []
    for _ in range(n):
        outcomes.append(completed(problem, search.ask()))
        search.tell(outcomes[-1])
    return outcomes


def both(problem, outcomes):
    second = SecondObjective.parse(problem.and_minimize)
    return np.array([(each.value, second.of(each)) for each in outcomes])


def mixed(objective, **fields):
    space = ConfigurationSpace()
    space.add(
        Float("x", (0.0, 1.0)),
        Integer("n", (1, 64), log=True),
        Categorical("c", ["a", "b", "c"]),
    )
    given = {"name": "mixed", "summary": "", "space": space, "and_minimize": "cost"}
    return Problem(objective=objective, **(given | fields))


def trade(c):
    """The front is c = b, any n, x = 0.3: loss falls as 1/n, cost rises with n."""
    off = (c["x"] - 0.3) ** 2 + 0.2 * (c["c"] != "b")
    return {"objective": 1 / np.sqrt(c["n"]) + off, "cost": np.log2(c["n"]) + 3 * off}


def test_the_exact_front_of_loss_against_inference_is_covered_in_thirty_trials():
    """One parameter: the front is every size below that of least loss."""
    problem = replace(problem_file.load("inference_budget", {}), and_minimize="inference_flops:log")
    sizes = np.geomspace(*map(float, _ends(problem)), 4000)
    everything = both(problem, [completed(problem, {"n_active": size}) for size in sizes])
    exact = everything[pareto.front(everything)]
    at = pareto.reference(exact)
    outcomes = play(factory.search(problem, SearchSettings(seed=1)), problem, 30)
    reached = pareto.hypervolume(both(problem, outcomes), at) / pareto.hypervolume(exact, at)
    assert 0.95 < reached <= 1.0


def _ends(problem):
    return problem.space["n_active"].lower, problem.space["n_active"].upper


@pytest.mark.parametrize("seed", [0, pytest.param(1, marks=pytest.mark.long)])
def test_it_covers_more_of_a_front_of_expert_layouts_than_random_search_in_a_third_of_trials(seed):
    problem = replace(problem_file.load("moe_budget", {}), and_minimize="inference_flops:log")
    found = {
        learner: both(
            problem,
            play(factory.search(problem, SearchSettings(learner=learner, seed=seed)), problem, n),
        )
        for learner, n in (("GP", 30), ("random", 90))
    }
    at = pareto.reference(np.concatenate(list(found.values())))
    assert pareto.hypervolume(found["GP"], at) > 1.2 * pareto.hypervolume(found["random"], at)


@pytest.mark.long
def test_every_integer_of_a_mixed_front_is_reached_from_its_ends():
    problem = mixed(trade)
    outcomes = play(ParetoSearch(problem, SearchSettings(seed=0)), problem, 50)
    values = both(problem, outcomes)
    front = [outcomes[i].trial.config for i in pareto.front(values)]
    assert len(front) >= 12
    assert {config["c"] for config in front} == {"b"}
    assert min(config["n"] for config in front) == 1
    assert max(config["n"] for config in front) == 64
    exact = np.array([(1 / np.sqrt(n), np.log2(n)) for n in range(1, 65)])
    at = pareto.reference(exact)
    assert pareto.hypervolume(values, at) > 0.9 * pareto.hypervolume(exact, at)


@pytest.mark.parametrize("seed", range(2))
def test_a_corner_of_the_front_is_left_for_the_rest_of_it(seed):
    """Zitzler, Deb and Thiele's first problem: points near one end dominate the whole start."""
    space = ConfigurationSpace()
    space.add(*(Float(name, (0.0, 1.0)) for name in "abcd"))

    def objective(c):
        g = 1 + 3 * (c["b"] + c["c"] + c["d"])
        return {"objective": c["a"], "cost": g - np.sqrt(g * c["a"])}

    problem = mixed(objective, space=space)
    values = both(problem, play(ParetoSearch(problem, SearchSettings(seed=seed)), problem, 35))
    end = np.linspace(0, 1, 2001)
    exact = np.stack([end, 1 - np.sqrt(end)], axis=1)
    at = pareto.reference(exact)
    assert pareto.hypervolume(values, at) > 0.9 * pareto.hypervolume(exact, at)


def test_the_front_that_counts_is_that_of_what_constraints_allow():
    """What they forbid would beat every allowed configuration in both objectives."""
    space = ConfigurationSpace()
    space.add(Float("a", (0.0, 1.0)), Float("b", (0.0, 1.0)))

    def objective(c):
        bend = np.sqrt(c["a"])
        return {"objective": c["a"] - 5 * c["b"], "cost": 1 - bend - 5 * c["b"]}

    fence = Constraint("b <= 0.2", lambda c: c["b"] <= 0.2)
    problem = mixed(objective, space=space, constraints=(fence,))
    values = both(problem, play(ParetoSearch(problem, SearchSettings(seed=0)), problem, 30))
    end = np.linspace(0, 1, 2001)
    exact = np.stack([end - 1, -np.sqrt(end)], axis=1)
    at = pareto.reference(exact)
    assert pareto.hypervolume(values, at) > 0.95 * pareto.hypervolume(exact, at)


@pytest.mark.long
def test_resuming_with_running_trials_gives_the_same_next_points():
    problem, chosen = mixed(trade), SearchSettings(seed=4, initial_points=6)
    first = ParetoSearch(problem, chosen)
    outcomes = play(first, problem, 16)
    running = [first.ask() for _ in range(4)]
    resumed = ParetoSearch(problem, chosen)
    for outcome in outcomes:
        resumed.tell(outcome)
    assert [resumed.ask() for _ in range(4)] == running
    assert len({key(config) for config in running}) == 4


def test_trials_asked_for_at_once_spread_over_the_front():
    problem = replace(problem_file.load("inference_budget", {}), and_minimize="inference_flops:log")
    search = ParetoSearch(problem, SearchSettings(seed=0))
    play(search, problem, 12)
    sizes = np.sort(np.log10([search.ask()["n_active"] for _ in range(6)]))
    assert np.diff(sizes).min() > 0.01


@pytest.mark.long
def test_constraints_hold_and_failed_trials_are_not_repeated():
    problem = mixed(trade, constraints=(Constraint("n <= 40 x", lambda c: c["n"] <= 40 * c["x"]),))
    search, seen = ParetoSearch(problem, SearchSettings(seed=0, initial_points=5)), set()
    for i in range(25):
        config = search.ask()
        assert problem.allows(config)
        assert key(config) not in seen
        seen.add(key(config))
        failed = Failed(Trial("t", config), FailureKind.CRASHED, "boom", NOW)
        search.tell(failed if i % 3 == 0 else completed(problem, config))


@pytest.mark.long
def test_where_trials_fail_it_stays_away():
    """The front without failures, x = 0.3, lies where they are."""
    problem, failures = mixed(trade), []
    search = ParetoSearch(problem, SearchSettings(seed=0))
    for _ in range(40):
        config = search.ask()
        failures.append(config["x"] < 0.5)
        failed = Failed(Trial("t", config), FailureKind.OUT_OF_MEMORY, "no room", NOW)
        search.tell(failed if failures[-1] else completed(problem, config))
    assert sum(failures[-15:]) <= 7  # 15 for a search that does not learn from them


def test_trials_without_the_second_objective_teach_the_first():
    """None has one: what is left is a search for the least first objective."""
    problem = mixed(trade, and_minimize="missing")
    outcomes = play(ParetoSearch(problem, SearchSettings(seed=0)), problem, 35)
    best = min(outcomes, key=lambda each: each.value).trial.config
    assert (best["n"], best["c"]) == (64, "b")
    assert best["x"] == pytest.approx(0.3, abs=0.05)


@pytest.mark.long
def test_some_trials_without_the_second_objective_do_not_stop_it():
    def objective(c):
        return trade(c) if c["x"] < 0.6 else {"objective": trade(c)["objective"]}

    problem = mixed(objective)
    values = both(problem, play(ParetoSearch(problem, SearchSettings(seed=0)), problem, 35))
    assert len(pareto.front(values)) >= 8


@pytest.mark.parametrize("cost", [1.0, -3.0, 0.0])
def test_a_constant_second_objective_leaves_a_search_for_the_first(cost):
    problem = mixed(lambda c: trade(c) | {"cost": cost})
    outcomes = play(ParetoSearch(problem, SearchSettings(seed=0)), problem, 35)
    assert min(each.value for each in outcomes) < 0.13  # the least is 1/8


def test_a_small_finite_space_is_used_up():
    space = ConfigurationSpace()
    space.add(Integer("n", (1, 6)), Categorical("c", ["a", "b"]))
    problem = mixed(lambda c: trade(c | {"x": 0.3}), space=space)
    search = ParetoSearch(problem, SearchSettings(seed=0, initial_points=3))
    play(search, problem, 12)
    assert search.ask() is None


@pytest.mark.parametrize(
    "settings",
    [
        {"learner": "RF"},
        {"engine": "skopt"},
        {"acq": "LCB"},
        {"liar": "cl_min"},
    ],
)
def test_settings_of_a_search_for_one_objective_are_refused(settings):
    with pytest.raises(InputError, match="a second objective needs the native GP"):
        factory.search(mixed(trade), SearchSettings(**settings))
