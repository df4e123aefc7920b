"""A ladder's plan: what a budget keeps, what it costs, and in which order."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_ladders import description, shape_of, trunks

from autotune.errors import InfeasibleError, InputError
from autotune.ladder.description import BUDGETS, PRESETS, Description
from autotune.ladder.pace import PACES
from autotune.ladder.plan import LadderBudget, in_order, makespan, plan
from autotune.quantities import parse_seconds

CPU = PACES["cpu"]
ALL = trunks(seeds=2)
budgets = st.floats(1e10, 1e14)


def runs(made):
    return {(trunk.name, tokens) for trunk in made.trunks for tokens in trunk.tokens}


@given(flops=budgets)
def test_a_plan_costs_no_more_than_its_flops(flops):
    try:
        made = plan(ALL, LadderBudget(flops=flops), CPU)
    except InfeasibleError:
        cheapest = min(t.flops_per_token * t.tokens[0] for t in ALL)
        assert flops < cheapest * (1 + 1e-9)
    else:
        assert made.flops <= flops
        assert made.n_runs + made.dropped == len(ALL) * 3


@given(seconds=st.floats(60, 1e5), workers=st.integers(1, 9))
def test_a_plan_takes_no_longer_than_its_seconds(seconds, workers):
    made = plan(ALL, LadderBudget(seconds=seconds, workers=workers), CPU)
    assert made.seconds <= seconds
    assert made.worker_seconds / workers <= made.seconds * (1 + 1e-9)


@given(less=budgets, factor=st.floats(1, 100), kind=st.sampled_from(["flops", "seconds"]))
def test_a_larger_budget_only_adds_runs(less, factor, kind):
    less = less if kind == "flops" else less / 1e8
    try:
        small = plan(ALL, LadderBudget(**{kind: less}), CPU)
    except InfeasibleError:
        return
    assert runs(small) <= runs(plan(ALL, LadderBudget(**{kind: less * factor}), CPU))


def test_without_a_budget_everything_is_done():
    made = plan(ALL, LadderBudget(), CPU)
    assert made.dropped == 0
    assert runs(made) == {(trunk.name, tokens) for trunk in ALL for tokens in trunk.tokens}


@given(workers=st.integers(1, 20))
def test_expected_time_lies_between_the_work_per_worker_and_all_of_it(workers):
    each = [CPU.seconds(trunk) for trunk in ALL]
    found = makespan(ALL, CPU, workers)
    assert max(max(each), sum(each) / workers) <= found * (1 + 1e-9)
    assert found <= sum(each) * (1 + 1e-9)


def test_the_first_trunks_of_each_kind_are_the_smallest_and_the_largest():
    found = [trunk for trunk in in_order(ALL) if trunk.model.experts is None]
    sizes = [trunk.n_active for trunk in found]
    assert sizes[:2] == [min(sizes), max(sizes)]
    assert [trunk.seed for trunk in found] == [0, 0, 0, 1, 1, 1]
    assert sorted(in_order(ALL), key=id) == sorted(ALL, key=id)


def test_a_trunk_shares_its_tokens_among_its_budgets():
    """0.8 of the last budget and 0.2 of each: 1.65 times less for six doublings."""
    (trunk,) = trunks(sizes=(1e5,), experts=(1,), tokens=tuple(1e5 * 2.0**i for i in range(6)))
    assert trunk.trained_tokens == pytest.approx(0.8 * 32e5 + 0.2 * 63e5)
    assert trunk.separate_tokens / trunk.trained_tokens == pytest.approx(1.65, abs=0.005)


def test_flops_are_those_of_the_closed_formula():
    """6 (L (4 d^2 + 3 d h) + d V) + 6 L d (T + 1) for a dense model with a causal mask."""
    (trunk,) = trunks(sizes=(1e5,), experts=(1,))
    d, h, layers, context = trunk.model.d_model, trunk.model.ffn.width, 2, 128
    matrices = layers * (4 * d * d + 3 * d * h)
    assert trunk.n_active == matrices
    expected = 6 * (matrices + d * 256) + 6 * layers * d * (context + 1)
    assert trunk.flops_per_token == pytest.approx(expected, rel=1e-12)


def test_a_budget_too_small_for_any_run_names_the_cheapest():
    with pytest.raises(InfeasibleError, match=r"too small for any run: the cheapest, .* takes"):
        plan(ALL, LadderBudget(flops=1e6), CPU)


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_is_a_description_with_a_budget(name):
    assert Description.from_json(PRESETS[name].to_json()) == PRESETS[name]
    assert math.isfinite(parse_seconds(BUDGETS[name]))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"sizes": ()}, "needs sizes"),
        ({"tokens": (2e5, 1e5)}, "tokens of a ladder must rise"),
        ({"experts": (0, 8)}, "experts must be finite and > 0"),
        ({"top_k": 9}, "top_k must be 1 to 8 experts, not 9"),
        ({"seeds": 0}, "seeds must be finite and >= 1"),
        ({"tokens": (100.0,)}, "100 tokens are 0.2 steps"),
        ({"sizes": (1e4, 1.001e4)}, "two sizes of the ladder come to one model"),
    ],
)
def test_a_description_that_is_no_ladder_is_refused(changes, said):
    with pytest.raises(InputError, match=said):
        description(**changes).trunks(shape_of)


def test_a_text_that_is_no_description_is_refused():
    with pytest.raises(InputError, match="cannot read the description of a ladder"):
        Description.from_json('{"sizes": 3}')
