"""The engine that drives ytopt: refused in one line without it, an ordinary search with it."""

import importlib.util

import pytest
from ConfigSpace import Categorical, ConfigurationSpace, EqualsCondition, Float, Integer

from autotune.errors import InputError
from autotune.problem import Constraint
from autotune.search import factory
from autotune.search.codec import key
from autotune.search.settings import SearchSettings
from autotune.trials import Completed, Failed, FailureKind, Timing, Trial

from .conftest import small_problem

NOW = Timing(0.0, "w0", 0.0, 0.0)
RF = SearchSettings(engine="ytopt", learner="RF", acq="LCB", initial_points=4, seed=1)
INSTALLED = importlib.util.find_spec("ytopt") is not None
needs_ytopt = pytest.mark.skipif(
    not INSTALLED, reason="ytopt is not installed: docs/migrating-from-ytopt.md has the commands"
)


@pytest.mark.skipif(INSTALLED, reason="ytopt is installed")
def test_without_ytopt_the_engine_is_refused_with_where_the_commands_are():
    with pytest.raises(InputError, match=r"needs ytopt installed from source.*migrating-from-yto"):
        factory.search(small_problem(), RF)


def test_a_space_with_steps_is_refused():
    space = ConfigurationSpace()
    space.add(Integer("n", (2, 8), meta={"q": 2}))
    with pytest.raises(InputError, match="knows no steps, which parameter n has"):
        factory.search(small_problem(space=space, constraints=()), RF)


@needs_ytopt
def test_a_space_that_ytopt_does_not_know_is_refused(mixed, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # ytopt writes a log where it is
    with pytest.raises(InputError, match="cannot search this space: ValueError: Unknown Hyper"):
        factory.search(small_problem(space=mixed, constraints=()), RF)  # it has a constant


def conditional():
    space = ConfigurationSpace()
    rate = Float("rate", (1e-5, 1e-1), log=True)
    kind, gate = Categorical("kind", ["plain", "gated", "wide"]), Integer("gate", (1, 90))
    space.add(rate, kind, gate, Categorical("size", ["s", "m", "l"], ordered=True))
    space.add(EqualsCondition(gate, kind, "gated"))
    return space


@needs_ytopt
def test_with_ytopt_its_proposals_are_legal_new_and_continue_a_record(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rule = Constraint("not wide", lambda c: c["kind"] != "wide")
    problem = small_problem(space=conditional(), constraints=(rule,))
    first, outcomes, seen = factory.search(problem, RF), [], set()
    for i in range(8):
        config = first.ask()
        assert problem.allows(config)
        assert ("gate" in config) == (config["kind"] == "gated")
        assert key(config) not in seen
        seen.add(key(config))
        trial = Trial(str(i), config)
        failed = Failed(trial, FailureKind.CRASHED, "", NOW)
        outcomes.append(failed if i == 3 else Completed(trial, config["rate"], NOW))
        first.tell(outcomes[-1])
    resumed = factory.search(problem, RF)
    for outcome in outcomes:
        resumed.tell(outcome)
    for _ in range(3):
        config = resumed.ask()
        assert key(config) not in seen
        seen.add(key(config))
        resumed.tell(Completed(Trial("t", config), config["rate"], NOW))
