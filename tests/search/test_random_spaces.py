"""Proposals in spaces drawn at random: ConfigSpace accepts each, each is new, each obeys."""

import pytest
from ConfigSpace import (
    CategoricalHyperparameter,
    Configuration,
    ConfigurationSpace,
    EqualsCondition,
    Float,
    ForbiddenAndConjunction,
    ForbiddenEqualsClause,
    ForbiddenInClause,
    InCondition,
    Integer,
    OrdinalHyperparameter,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from autotune.problem import Constraint, Problem
from autotune.search import factory
from autotune.search.codec import key
from autotune.search.settings import SearchSettings
from autotune.trials import Completed, Failed, FailureKind, Timing, Trial

NOW = Timing(0.0, "w0", 0.0, 0.0)
KINDS = ["a", "b", "c"]
PARAMETERS = [
    lambda name: Float(name, (-1.0, 2.0)),
    lambda name: Float(name, (1e-6, 1.0), log=True),
    lambda name: Float(name, (0.0, 1.0), meta={"q": 0.125}),
    lambda name: Integer(name, (1, 4)),
    lambda name: Integer(name, (1, 5000), log=True),
    lambda name: Integer(name, (2, 20), meta={"q": 3}),
    lambda name: CategoricalHyperparameter(name, ["u", "v", 3]),
    lambda name: OrdinalHyperparameter(name, [1, 2, 8]),
]


@st.composite
def problems(draw):
    """A parent with three values; children that it switches; clauses and a rule on several."""
    space = ConfigurationSpace()
    parent = CategoricalHyperparameter("kind", KINDS)
    space.add(parent)
    numbers, last = [], parent
    for i in range(draw(st.integers(1, 4))):
        made = draw(st.sampled_from(PARAMETERS))(f"p{i}")
        space.add(made)
        on = draw(st.sampled_from(["always", "a", "b or c", "child of a child"]))
        if on == "a":
            space.add(EqualsCondition(made, parent, "a"))
        elif on == "b or c":
            space.add(InCondition(made, parent, ["b", "c"]))
        elif last is not parent and isinstance(last, CategoricalHyperparameter):
            space.add(EqualsCondition(made, last, "u"))
        last = made
        if hasattr(made, "lower"):
            numbers.append(made)
    clauses = [ForbiddenEqualsClause(parent, "b")]
    if isinstance(last, OrdinalHyperparameter):
        clauses.append(ForbiddenInClause(last, [2, 8]))
    if draw(st.booleans()):
        space.add(ForbiddenAndConjunction(*clauses) if len(clauses) > 1 else clauses[0])
    share = draw(st.sampled_from([0.3, 1.0, 9.0]))

    def holds(c):
        at = [(c[n.name] - n.lower) / (n.upper - n.lower) for n in numbers if n.name in c]
        return sum(at) <= share

    rule = Constraint(f"sum of shares <= {share}", holds)
    return Problem(
        name="drawn", summary="", space=space, objective=lambda _: 0.0, constraints=(rule,)
    )


def check(engine, learner, problem, seed, fates):
    chosen = SearchSettings(engine=engine, learner=learner, initial_points=3, seed=seed)
    search, seen = factory.search(problem, chosen), set()
    for i, fate in enumerate(fates):
        config = search.ask()
        if config is None:
            break
        Configuration(problem.space, values=config)  # raises for what the space does not allow
        assert problem.allows(config)
        assert key(config) not in seen
        seen.add(key(config))
        trial = Trial(str(i), config)
        if fate is None:
            search.tell(Failed(trial, FailureKind.CRASHED, "", NOW))
        elif fate >= 0:  # others stay pending
            search.tell(Completed(trial, fate, NOW))


fates = st.lists(st.one_of(st.none(), st.floats(-1, 100)), min_size=8, max_size=8)
CASES = [
    ("native", "random", 20),
    ("native", "GP", 8),
    pytest.param("skopt", "RF", 3, marks=pytest.mark.long),
]


@pytest.mark.parametrize(("engine", "learner", "examples"), CASES, ids=str)
def test_every_proposal_is_legal_and_none_is_repeated(engine, learner, examples):
    @settings(max_examples=examples, suppress_health_check=list(HealthCheck))
    @given(problem=problems(), seed=st.integers(0, 99), fates=fates)
    def proposals(problem, seed, fates):
        check(engine, learner, problem, seed, fates)

    proposals()
