"""The trust region: a box about the best trial that follows from the record alone."""

import numpy as np
import pytest
from ConfigSpace import Categorical, ConfigurationSpace, EqualsCondition, Float, Integer
from hypothesis import given
from hypothesis import strategies as st

from autotune.errors import InputError
from autotune.problem import Constraint, Problem
from autotune.search import factory
from autotune.search.codec import Codec, key
from autotune.search.native.region import FIRST, NARROWEST, WIDEST, Box, side
from autotune.search.settings import SearchSettings
from autotune.trials import Completed, Failed, FailureKind, Timing, Trial

NOW = Timing(0.0, "w0", 0.0, 0.0)
records = st.lists(st.one_of(st.floats(-1e3, 1e3), st.just(np.nan)), max_size=60)


def space():
    """Four real numbers and one of each other kind, one of them on a condition."""
    made = ConfigurationSpace()
    kind = Categorical("kind", ["a", "b", "c"])
    gate = Float("gate", (0.0, 1.0))
    made.add(*(Float(f"x{i}", (0.0, 1.0)) for i in range(4)))
    made.add(Float("rate", (1e-5, 1.0), log=True), Integer("n", (1, 40)), kind, gate)
    made.add(EqualsCondition(gate, kind, "a"))
    return made


CODEC = Codec(space())
PARAMETERS = len(CODEC.names)
points = st.integers(0, 10_000).map(
    lambda seed: CODEC.snap(np.random.default_rng(seed).random((1, len(CODEC.names))))[0]
)


@given(points, st.floats(1e-3, WIDEST))
def test_a_box_lies_in_the_cube_holds_its_centre_and_is_no_wider_than_its_side(centre, side):
    box = Box.about(centre, side, CODEC)
    assert (box.low >= 0).all()
    assert (box.high <= 1).all()
    assert box.within(centre[None, :]).all()
    reals = list(CODEC.continuous)
    on = [i for i in reals if CODEC.names[i] in CODEC.decode(centre)]
    assert (box.high[on] - centre[on] <= side / 2 + 1e-12).all()
    assert (centre[on] - box.low[on] <= side / 2 + 1e-12).all()


@given(points)
def test_in_the_narrowest_box_a_grid_has_a_next_value_and_a_category_every_other(centre):
    box = Box.about(centre, NARROWEST, CODEC)
    n, kind = CODEC.names.index("n"), CODEC.names.index("kind")
    assert (box.low[kind], box.high[kind]) == (0.0, 1.0)
    near = CODEC.neighbours(centre)
    inside = np.unique(near[box.within(near), n])
    assert len(inside) == (2 if centre[n] in (near[:, n].min(), near[:, n].max()) else 3)


@given(st.integers(0, 99), st.floats(NARROWEST, WIDEST))
def test_what_is_drawn_and_clipped_lies_in_the_box(seed, side):
    rng = np.random.default_rng(seed)
    box = Box.about(CODEC.snap(rng.random((1, PARAMETERS)))[0], side, CODEC)
    assert box.within(box.drawn(20, rng)).all()
    assert box.within(box.clip(rng.random((20, PARAMETERS)))).all()


@given(records, st.integers(0, 10), st.integers(2, 40))
def test_a_side_stays_in_its_range_and_is_as_at_first_until_a_model_proposes(values, first, d):
    assert NARROWEST <= side(values, first, d) <= WIDEST
    assert side(values[:first], first, d) == FIRST


@given(records, st.integers(0, 10), st.one_of(st.just(np.nan), st.just(2e3)))
def test_one_gain_doubles_it_and_a_trial_per_parameter_without_one_halves_it(values, first, bad):
    values = [0.0] * (first + 1) + values
    now = side(values, first, PARAMETERS)
    assert side([*values, -2e3], first, PARAMETERS) == min(2 * now, WIDEST)
    if now > 2.1 * NARROWEST:
        assert side(values + PARAMETERS * [bad], first, PARAMETERS) == pytest.approx(now / 2)


def test_too_narrow_a_box_is_as_wide_as_at_first_again():
    sides = [side([0.0] * (1 + n), 1, 2) for n in range(20)]
    narrowest = int(np.argmin(sides))
    assert NARROWEST <= sides[narrowest] < 1.5 * NARROWEST
    assert sides[narrowest + 1] == FIRST
    assert (np.diff(sides[: narrowest + 1]) < 0).all()


def loss(config):
    return sum((config[f"x{i}"] - 0.3) ** 2 for i in range(4)) + (config["kind"] != "b")


def problem(**changes):
    rule = Constraint("x0 <= x1 + 0.5", lambda c: c["x0"] <= c["x1"] + 0.5)
    fields = {"name": "wide", "summary": "", "space": space(), "objective": loss}
    return Problem(**(fields | {"constraints": (rule,)} | changes))


def outcomes(configs, *, failing=()):
    """Values of configurations, the first of them the best."""
    made = []
    for i, config in enumerate(configs):
        trial = Trial(str(i), config)
        value = float(loss(config)) + (10.0 if i else -10.0)
        failed = Failed(trial, FailureKind.CRASHED, "", NOW)
        made.append(failed if i in failing else Completed(trial, value, NOW))
    return made


def told(*, n=24):
    """A search whose first trial is the best, so that nothing was gained since; and its record."""
    search = factory.search(problem(), SearchSettings(initial_points=n, seed=2))
    done = outcomes([search.ask() for _ in range(n)], failing=(3, 9))
    for outcome in done:
        search.tell(outcome)
    return search, done


def with_few_initial(done, *, running=()):
    """A search that hears of a record made elsewhere, of which 6 outcomes were before a model."""
    search = factory.search(problem(), SearchSettings(initial_points=6, seed=2, trust_region=True))
    for outcome in done:
        search.tell(outcome)
    for config in running:
        search.pending(Trial("r", config))
    return search


def test_proposals_stay_in_the_box_and_obey_the_rules_and_without_one_they_leave_it():
    free, done = told()
    values = [getattr(outcome, "value", np.nan) for outcome in done]
    box = Box.about(CODEC.encode(done[0].trial.config), side(values, 6, PARAMETERS), CODEC)
    search = with_few_initial(done)
    asked = [search.ask() for _ in range(3)]
    assert box.within(np.array([CODEC.encode(config) for config in asked])).all()
    assert all(problem().allows(config) for config in asked)
    assert len({key(config) for config in asked}) == 3
    assert not box.within(CODEC.encode(free.ask())[None, :]).any()


def test_a_resumed_search_with_running_trials_goes_on_as_it_would_have():
    _, done = told()
    first = with_few_initial(done[:-1])
    running = [first.ask() for _ in range(2)]
    first.tell(done[-1])
    assert first.ask() == with_few_initial(done, running=running).ask()


def test_a_space_that_is_ranked_whole_has_no_box():
    small = ConfigurationSpace()
    small.add(Integer("n", (1, 60)), Integer("m", (1, 60)))
    asked = []
    for trust_region in (False, True):
        settings = SearchSettings(initial_points=3, seed=1, trust_region=trust_region)
        search = factory.search(problem(space=small, constraints=()), settings)
        for i in range(8):
            config = search.ask()
            search.tell(Completed(Trial(str(i), config), float(config["n"] * config["m"]), NOW))
        asked.append(search.ask())
    assert asked[0] == asked[1]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"learner": "RF"}, "--trust-region needs --engine native with --learner GP"),
        ({"engine": "skopt"}, "--trust-region needs --engine native with --learner GP"),
    ],
)
def test_a_search_without_our_process_has_no_trust_region(change, says):
    with pytest.raises(InputError, match=says):
        SearchSettings(trust_region=True, **change)


def test_two_objectives_have_no_trust_region():
    with pytest.raises(InputError, match="a trust region goes with one objective"):
        factory.search(problem(and_minimize="seconds"), SearchSettings(trust_region=True))
