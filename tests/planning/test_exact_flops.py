"""Budgets spent in the exact FLOPs of a shape."""

import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autotune.architecture.scaled import Cubic
from autotune.errors import InfeasibleError
from autotune.laws.catalogue import PRESETS
from autotune.models import catalogue
from autotune.planning import exact_plan, planner
from autotune.planning.budget import Budget
from autotune.planning.constraints import Constraints
from autotune.planning.cost import SIX_ND, Cost
from autotune.planning.question import Hold, Question
from autotune.planning.shape_family import SCORES, ShapeFamily

WITH, WITHOUT = PRESETS["besiroglu2024"], PRESETS["kaplan2020"]
"""Laws whose N has the embeddings, and has them not."""
SPARSE = PRESETS["generalized-2025-08"]
names = st.sampled_from(catalogue.names())
budgets = st.floats(19, 26).map(lambda x: 10**x)


def family(name, law=WITH, seq_len=4096):
    return ShapeFamily.of(catalogue.read(name).model, law.source, seq_len=seq_len)


def settled(law, budget, found, **asked):
    return exact_plan.settle(
        lambda spent: planner.solved(law, spent, **asked), budget, found, name=law.form
    )


def exactly(found, n_active):
    return found.flops(found.scale(n_active))


def test_olmoe_at_its_own_size_by_hand():
    """Attention, experts, router and head multiply; norms and input embedding do not."""
    attention, experts, router = 16 * 4 * 2048**2, 16 * 8 * 3 * 2048 * 1024, 16 * 64 * 2048
    table, norms = 50304 * 2048, 16 * 4 * 2048 + 2048
    scores = 2 * 2 * 2048 * 2048.5 * 16  # two products of 2048 values, half of 4096 keys and a half
    n = attention + experts + router + 2 * table + norms
    exact = family("olmoe-1b-7b").exact(n)
    assert exact.scale == pytest.approx(1, rel=1e-12)
    assert exact.per_token == pytest.approx(
        3 * (2 * (attention + experts + router + table) + scores), rel=1e-12
    )
    assert exact.per_token == pytest.approx(7_878_672_384, rel=1e-12)
    assert exact.factor == pytest.approx(1.024254, abs=1e-6)
    percent = {name: 100 * share for name, share in exact.terms.items()}
    assert percent == pytest.approx(
        {SCORES: 10.4718, "input embedding": -8.0360, "norms": -0.0104}, abs=1e-4
    )


def test_a_law_without_embeddings_has_the_head_as_a_difference_and_not_the_lookup():
    found = family("olmoe-1b-7b", WITHOUT)
    terms = found.exact(found.active(1.0)).terms
    assert set(terms) == {SCORES, "output head"}


@given(name=names, law=st.sampled_from([WITH, WITHOUT]), scale=st.floats(0.05, 20))
def test_terms_sum_to_the_difference_and_scales_lead_back_to_sizes(name, law, scale):
    found = family(name, law)
    n = found.active(scale)
    exact = found.exact(n)
    assert exact.scale == pytest.approx(scale, rel=1e-10)
    assert sum(exact.terms.values()) == pytest.approx(exact.factor - 1, abs=1e-9)
    assert exact.per_token == pytest.approx(exact.factor * 6 * n, rel=1e-12)


@given(name=names, law=st.sampled_from([WITH, WITHOUT]), scale=st.floats(0.05, 20))
def test_near_a_size_its_cost_has_value_and_slope_of_the_exact_flops(name, law, scale):
    found = family(name, law)
    n, step = found.active(scale), 1e-4
    cost = found.cost(n)
    assert cost.per_token(n) == pytest.approx(exactly(found, n), rel=1e-10)
    assert cost.size(cost.per_token(n)) == pytest.approx(n, rel=1e-10)
    rise = math.log(exactly(found, n * math.exp(step)) / exactly(found, n * math.exp(-step)))
    assert cost.exponent == pytest.approx(rise / (2 * step), abs=1e-5)


@given(flops=budgets, served=st.sampled_from([0.0, 1e12]))
def test_a_factor_of_one_leaves_the_plan_as_it_is(flops, served):
    found = family("mixtral-8x7b")
    n = found.active
    same = replace(found, flops=Cubic(6 * n.linear, 6 * n.square, 6 * n.cube), terms={})
    budget = Budget(flops=flops, inference_tokens=served)
    plain, made = planner.plan(WITH, budget), settled(WITH, budget, same)
    assert made.exact_flops.factor == pytest.approx(1, rel=1e-12)
    for key in ("n_active", "tokens", "loss", "flops"):
        assert getattr(made, key) == pytest.approx(getattr(plain, key), rel=1e-7)
    assert made.loss == pytest.approx(plain.loss, rel=1e-13)


@settings(max_examples=40)
@given(
    name=names, law=st.sampled_from([WITH, WITHOUT, SPARSE]), flops=budgets,
    served=st.sampled_from([0.0, 1e11]), share=st.floats(-1.5, 1.5),
)  # fmt: skip
def test_the_plan_lies_on_the_exact_budget_line_and_no_other_size_there_is_better(
    name, law, flops, served, share
):
    found, sparsity = family(name, law), 0.0 if law.dense else 0.9
    budget = Budget(flops=flops, inference_tokens=served)
    made = settled(law, budget, found, question=Question(sparsity=sparsity))
    spent = exactly(found, made.n_active) * (made.tokens + served / 3)
    assert spent == pytest.approx(flops, rel=1e-9)
    other = made.n_active * math.exp(share)
    tokens = flops / exactly(found, other) - served / 3
    if tokens >= 1:
        assert float(law.loss(other, tokens, sparsity)) >= made.loss * (1 - 1e-12)


@pytest.mark.parametrize(
    "question",
    [
        Question(hold=Hold.TOKENS, n_active=5e9), Question(hold=Hold.TOTAL, n_total=1e11),
        Question(hold=Hold.NOTHING),
    ],
    ids=lambda question: question.hold.value,
)  # fmt: skip
def test_every_question_is_answered_on_the_exact_budget_line(question):
    found, limits = family("qwen3-30b-a3b"), Constraints(max_total=3e11)
    made = settled(
        PRESETS["abnar2025"], Budget(flops=1e22), found, question=question, constraints=limits
    )
    assert exactly(found, made.n_active) * made.tokens == pytest.approx(1e22, rel=1e-9)


@pytest.mark.parametrize(
    ("limits", "reached"),
    [
        (Constraints(max_tokens=5e11), lambda made: made.tokens / 5e11),
        (Constraints(tokens_per_param=(100, 200)), lambda made: made.tokens_per_param / 100),
        (Constraints(max_active=1e9), lambda made: made.n_active / 1e9),
        (Constraints(unique_tokens=1e11), None),
    ],
    ids=["tokens", "ratio", "size", "repeated"],
)
@pytest.mark.parametrize("served", [0.0, 1e11])
def test_limits_are_met_on_the_exact_budget_line(limits, reached, served):
    found = family("mixtral-8x22b")
    made = settled(WITH, Budget(flops=1e23, inference_tokens=served), found, constraints=limits)
    if reached is not None:
        assert reached(made) == pytest.approx(1, rel=1e-9)
    spent = exactly(found, made.n_active) * (made.tokens + served / 3)
    assert spent == pytest.approx(1e23, rel=1e-9)


def test_constraints_are_judged_on_the_exact_budget_line_alone():
    """At 6 N D, a cap on size and one on tokens leave more of a budget than exactly, or less."""
    flops, size = 1e23, 2e10
    dear, cheap = family("deepseek-v3"), family("gpt-oss-20b")
    assert dear.exact(size).factor > 1.1
    limits = Constraints(max_active=size, max_tokens=0.95 * flops / (6 * size))
    with pytest.raises(InfeasibleError):
        planner.plan(WITH, Budget(flops=flops), constraints=limits)
    made = settled(WITH, Budget(flops=flops), dear, constraints=limits)
    assert made.n_active <= size
    assert exactly(dear, made.n_active) * made.tokens == pytest.approx(flops, rel=1e-9)
    none = Constraints(max_active=1e9, max_tokens=1e9)
    with pytest.raises(InfeasibleError, match="contradict"):
        settled(WITH, Budget(flops=flops), dear, constraints=none)
    size = 2e9
    assert cheap.exact(size).factor < 0.9
    limits = Constraints(max_active=size, max_tokens=1.05 * flops / (6 * size))
    planner.plan(WITH, Budget(flops=flops), constraints=limits)
    with pytest.raises(InfeasibleError, match=r"max_tokens .* and max_active 2B contradict"):
        settled(WITH, Budget(flops=flops), cheap, constraints=limits)


def test_a_target_loss_costs_what_a_budget_of_that_size_reaches():
    found = family("gpt-oss-20b")
    made = settled(WITH, Budget(target_loss=2.2), found)
    assert made.loss == pytest.approx(2.2, rel=1e-12)
    assert exactly(found, made.n_active) * made.tokens == pytest.approx(made.flops, rel=1e-9)
    again = settled(WITH, Budget(flops=made.flops), found)
    assert again.n_active == pytest.approx(made.n_active, rel=1e-6)


def test_longer_sequences_leave_fewer_tokens():
    budget = Budget(flops=1e22)
    short, long = (
        settled(WITH, budget, family("mixtral-8x7b", seq_len=length)) for length in (2048, 65536)
    )
    assert long.exact_flops.factor > short.exact_flops.factor
    assert long.tokens < short.tokens
    assert long.loss > short.loss


def test_the_plan_says_what_its_flops_count():
    made = settled(WITH, Budget(flops=1e22, inference_tokens=1e11), family("mixtral-8x7b"))
    factor = f"{made.exact_flops.factor:.4g}"
    assert made.flop_convention == f"{factor} x (6 N_active D + 2 N_active D_inference)"
    assert made.to_json()["exact_flops"]["factor"] == made.exact_flops.factor
    training = made.exact_flops.per_token * made.tokens
    assert any(f"training alone takes {training:.4g}" in text for text in made.warnings)


def test_a_shape_far_from_the_plan_in_size_or_sparsity_is_warned_of():
    far = settled(WITH, Budget(flops=1e19), family("deepseek-v3"))
    assert any("deepseek-v3 is scaled to 0.0" in text for text in far.warnings)
    assert any("deepseek-v3 has a sparsity of" in text for text in far.warnings)
    near = settled(
        SPARSE, Budget(flops=1e24), family("deepseek-v3"), question=Question(sparsity=0.94)
    )
    assert not any("deepseek-v3" in text for text in near.warnings)


def test_sizes_that_never_agree_with_their_cost_end_in_a_refusal():
    found, turns = family("mixtral-8x7b"), []

    def jumping(budget):
        turns.append(budget)
        size = 1e9 if len(turns) % 2 else 2e9
        return planner.solved(
            PRESETS["abnar2025"], budget, question=Question(hold=Hold.TOKENS, n_active=size)
        )

    with pytest.raises(InfeasibleError, match="no size agrees with the exact FLOPs of mixtral"):
        exact_plan.settle(jumping, Budget(flops=1e21), found, name="jumping")


@given(n=st.floats(1e3, 1e15), tokens=st.floats(1, 1e15), served=st.floats(0, 1e15))
def test_the_usual_cost_is_six_per_training_and_two_per_served_token(n, tokens, served):
    assert SIX_ND.flops(n, tokens, served=served) == pytest.approx(n * (6 * tokens + 2 * served))
    assert SIX_ND.factor(n) == 1
    assert Cost(12.0, 1.0).factor(n) == 2
