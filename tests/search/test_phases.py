"""A search in phases: what it holds, when it goes on, and that the record alone decides it."""

import pytest
from ConfigSpace import Categorical, ConfigurationSpace, EqualsCondition, Float, Integer

from autotune.errors import InputError, ProblemError
from autotune.phase import Phase, index_of
from autotune.problem import Constraint, Problem
from autotune.search import factory
from autotune.search.settings import SearchSettings
from autotune.trials import Completed, Failed, FailureKind, Timing, Trial

NOW = Timing(0.0, "w0", 0.0, 0.0)
FIRST = 8
PHASES = (Phase("ratios", ("x", "n"), FIRST), Phase("place", ("u",)))


def bowl(config):
    return (config["x"] - 0.3) ** 2 + (config["n"] - 7) ** 2 / 50 + (config["u"] - 0.8) ** 2


def phased(**changes):
    space = ConfigurationSpace()
    space.add(Float("x", (0.0, 1.0)), Integer("n", (1, 20)), Float("u", (0.0, 1.0)))
    fields = {
        "name": "phased", "summary": "A bowl.", "space": space, "objective": bowl,
        "phases": PHASES,
        "constraints": (Constraint("n x <= 9", lambda c: c["n"] * c["x"] <= 9),),
    }  # fmt: skip
    return Problem(**(fields | changes))


def completed(config, name="t"):
    return Completed(Trial(name, config), bowl(config), NOW)


def play(search, n):
    configs = []
    for _ in range(n):
        configs.append(search.ask())
        search.tell(completed(configs[-1]))
    return configs


def best(configs):
    return min(configs, key=bowl)


ENGINES = [("native", "auto"), ("native", "RF"), ("native", "random"), ("skopt", "GP")]


@pytest.mark.parametrize(("engine", "learner"), ENGINES)
def test_each_phase_moves_its_own_parameters_around_the_best_before(engine, learner):
    settings = SearchSettings(engine=engine, learner=learner, initial_points=3)
    configs = play(factory.search(phased(), settings), FIRST + 5)
    first, second = configs[:FIRST], configs[FIRST:]
    assert all(config["u"] == 0.5 for config in first)
    assert len({(config["x"], config["n"]) for config in first}) == FIRST
    held = best(first)
    assert all((each["x"], each["n"]) == (held["x"], held["n"]) for each in second)
    assert len({each["u"] for each in [held, *second]}) == 6
    assert all(phased().allows(config) for config in configs)


@pytest.mark.parametrize("learner", ["GP", "RF", "random"])
def test_a_resumed_study_proposes_what_it_would_have(learner):
    """Both sides of the end of a phase, and the end itself."""
    settings = SearchSettings(learner=learner, initial_points=3, seed=3)
    whole = play(factory.search(phased(), settings), FIRST + 5)
    for told in (3, FIRST - 1, FIRST, FIRST + 1, FIRST + 4):
        resumed = factory.search(phased(), settings)
        for config in whole[:told]:
            resumed.tell(completed(config))
        assert resumed.ask() == whole[told]


def test_with_workers_the_phase_goes_on_while_trials_of_the_last_one_run():
    search = factory.search(phased(), SearchSettings(learner="random"))
    told = play(search, FIRST - 3)
    running = [search.ask() for _ in range(3)]
    assert all(config["u"] == 0.5 for config in running)
    ahead = search.ask()
    assert ahead["u"] != 0.5
    assert ahead["x"] == best(told)["x"]


def test_a_late_best_trial_of_the_phase_before_is_held_from_then_on():
    search = factory.search(phased(), SearchSettings(learner="GP", initial_points=3))
    told = [search.ask() for _ in range(FIRST)]
    for config in sorted(told, key=bowl)[1:]:
        search.tell(completed(config))
    assert play(search, 2)[1]["x"] != best(told)["x"]
    search.tell(completed(best(told)))
    assert {config["x"] for config in play(search, 5)} == {best(told)["x"]}


def test_a_phase_goes_on_until_something_can_be_held():
    search = factory.search(phased(), SearchSettings(learner="random"))
    for _ in range(FIRST + 4):
        config = search.ask()
        assert config["u"] == 0.5
        search.tell(Failed(Trial("t", config), FailureKind.CRASHED, "boom", NOW))
    search.tell(completed(config := search.ask()))
    assert search.ask()["x"] == config["x"]


def test_a_phase_whose_space_is_used_up_gives_way_to_the_next():
    phases = (Phase("few", ("n",), 50), Phase("rest", ("x",), 6), PHASES[1])
    search = factory.search(phased(phases=phases), SearchSettings(learner="random"))
    configs = play(search, 18 + 6 + 3)
    assert len({config["n"] for config in configs[:18]}) == 18
    assert {phased(phases=phases).phase(config) for config in configs[18:24]} == {1}
    assert {config["x"] for config in configs[24:]} == {best(configs[:24])["x"]}


def test_trials_of_other_jobs_count_in_their_phase():
    search = factory.search(phased(), SearchSettings(learner="random"))
    other = play(factory.search(phased(), SearchSettings(learner="random", seed=9)), FIRST)
    for config in other[:-1]:
        search.tell(completed(config))
    search.pending(Trial("other", other[-1]))
    assert search.ask()["x"] == best(other[:-1])["x"]
    with pytest.raises(InputError, match="no parameter 'y'"):
        search.pending(Trial("odd", {"x": 0.1, "n": 3, "u": 0.5, "y": 1}))


def test_an_interrupted_trial_of_the_phase_is_not_proposed_again_beside_itself():
    settings = SearchSettings(learner="random")
    whole = play(factory.search(phased(), settings), FIRST + 1)
    resumed = factory.search(phased(), settings)
    for config in whole[:-1]:
        resumed.tell(completed(config))
    resumed.pending(Trial("again", whole[-1]))
    asked = resumed.ask()
    assert asked["x"] == whole[-1]["x"]
    assert asked["u"] != whole[-1]["u"]


def test_the_phase_of_a_configuration_is_the_first_that_could_have_proposed_it():
    phases = (Phase("a", ("x",), 1), Phase("b", ("y",), 1), Phase("c", ("x", "y")))
    defaults = {"x": 0.0, "y": 0.0, "z": 0.0}

    def at(**values):
        return index_of(defaults | values, phases, defaults)

    assert [at(), at(x=1.0), at(y=1.0), at(x=1.0, y=1.0), at(z=1.0)] == [0, 0, 1, 1, 2]


def test_trials_record_their_phase_beside_what_the_objective_returns():
    assert phased().evaluate({"x": 0.1, "n": 3, "u": 0.5})["phase"] == 1
    assert phased().evaluate({"x": 0.1, "n": 3, "u": 0.7})["phase"] == 2
    assert isinstance(phased(phases=()).evaluate({"x": 0.1, "n": 3, "u": 0.7}), float)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"phases": (Phase("a", ("y",), 3), PHASES[1])}, "phase 'a' searches the unknown param"),
        ({"phases": (Phase("a", (), 3), PHASES[1])}, "phase 'a' searches no parameter"),
        ({"phases": (Phase("a", ("x",)), PHASES[1])}, "phase 'a' takes 0 trials: give 1 or more"),
        ({"derived": {"phase": len}}, "phase has the name of something else"),
    ],
)
def test_phases_that_cannot_be_searched_are_refused(changes, says):
    with pytest.raises(ProblemError, match=says):
        phased(**changes)


def test_a_space_with_conditions_has_no_phases():
    space, kind = ConfigurationSpace(), Categorical("kind", ["a", "b"])
    x = Float("x", (0.0, 1.0))
    space.add(kind, x, EqualsCondition(x, kind, "a"))
    with pytest.raises(ProblemError, match="Write them as constraints"):
        phased(space=space, phases=(Phase("a", ("kind",), 3), Phase("b", ("x",))))


def test_phases_go_with_one_objective():
    with pytest.raises(InputError, match="one objective and no fidelity"):
        factory.search(phased(and_minimize="n"), SearchSettings())
