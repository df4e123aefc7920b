"""A law's own choice of shape: exact cost, the least loss on offer, and what it cannot see."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autotune.architecture.attention import Latent
from autotune.architecture.backbone import complete
from autotune.architecture.conventions import CONVENTIONS
from autotune.architecture.count import by_group, total
from autotune.architecture.flops import per_token
from autotune.architecture.layer_stack import LayerStack, triad
from autotune.architecture.sparse_constants import SparseConstants
from autotune.architecture.stack_cost import stack_cost
from autotune.architecture.triad import of_ratios
from autotune.architecture.triad_inverse import solve, width_of_ratio
from autotune.errors import InfeasibleError, InputError
from autotune.laws.sparse_shape import FLAT_EXPANSION, WIDTH_RATIO
from autotune.planning import head_schedule
from autotune.planning.design_question import DesignQuestion
from autotune.planning.design_target import target
from autotune.planning.joint_design import (
    by_shape_laws,
    joint,
    models,
    width_effect,
)
from autotune.planning.joint_ranges import NEAR_DENSITY, Over

LATENT = Latent(n_heads=16, q_rank=384, kv_rank=128, nope_dim=64, rope_dim=32, value_dim=64)
some = settings(max_examples=25)


@some
@given(
    layers=st.integers(2, 80), d=st.integers(1, 400), width=st.integers(1, 300),
    attention=st.sampled_from([head_schedule.given(8, 64).attention, LATENT]),
    n_shared=st.integers(0, 2), seq_len=st.sampled_from([512, 8192]),
)  # fmt: skip
def test_the_cost_of_a_stack_is_the_exact_count_of_its_model(
    layers, d, width, attention, n_shared, seq_len
):
    held = SparseConstants(attention=attention, n_shared=n_shared, seq_len=seq_len)
    stack = LayerStack(
        n_layers=np.asarray(layers), n_dense_layers=np.asarray(layers // 2),
        d_model=np.asarray(8 * d), expert_width=np.asarray(8 * width),
    )  # fmt: skip
    cost = stack_cost(stack, held, vocabulary=32000)
    model = complete(stack, held, vocabulary=32000, name="x")
    assert cost.n_total == total(by_group(model)).total
    assert cost.flops_per_token == pytest.approx(
        per_token(model, CONVENTIONS["exact"], seq_len=seq_len).training, rel=1e-14
    )


def offered(question, found, over):
    """Losses of random designs that were on offer, by the definition alone."""
    rng = np.random.default_rng(0)
    laws = target(DesignQuestion(flops=question.flops)).figures
    figures = {each.name: each.value for each in laws}
    density = NEAR_DENSITY if over is Over.NEAR else 8.0
    limit = found.target.constants.max_expansion
    ends = FLAT_EXPANSION if over is Over.NEAR else (1 + 0.02 * (limit - 1), 1 + 0.98 * (limit - 1))
    sizes = of_ratios(
        figures["M"] * np.exp(rng.uniform(-3.4, 3.4, 20_000)),
        density=6 + (figures["M/N_a"] - 6) * density ** rng.uniform(-1, 1, 20_000),
        expansion=rng.uniform(*ends, 20_000),
    )
    held = found.target.constants
    d = width_of_ratio(sizes, WIDTH_RATIO, constants=held)
    stack = solve(sizes, d, constants=held)
    cost = stack_cost(stack, held, vocabulary=question.vocabulary)
    loss = found.loss(sizes, stack, question.flops / cost.flops_per_token)
    fits = (stack.n_layers >= 2) & (stack.n_dense_layers >= 1)
    if question.max_total is not None:
        fits &= cost.n_total <= question.max_total
    return loss[fits]


@pytest.mark.parametrize("over", list(Over))
@pytest.mark.parametrize(
    ("law", "changes"),
    [("generalized-moe", {}), ("abnar2025", {"max_total": 2e11}), ("zhao2025", {})],
)
def test_no_design_on_offer_has_less_loss(law, changes, over):
    question = DesignQuestion(flops=1e22, **changes)
    found = joint(question, law, over)
    others = offered(question, found, over)
    assert len(others) > 50
    assert found.at <= others.min() * (1 + 1e-5)


def test_the_budget_is_spent_at_exact_flops_and_the_cap_is_kept():
    question = DesignQuestion(flops=1e22, max_total=1.5e11)
    found = joint(question, "generalized-moe")
    for each in models(question, found, top=4):
        exact = per_token(each.model, CONVENTIONS["exact"], seq_len=8192).training
        assert each.tokens * exact == pytest.approx(1e22)
        assert each.count.total <= 1.5e11
        assert found.value(each) == pytest.approx(
            float(found.loss.law.loss(
                each.triad.n_active, each.tokens, 1 - 1 / each.triad.expansion
            ))
        )  # fmt: skip


def test_a_cap_costs_loss_and_the_shape_laws_choice_has_no_less():
    question = DesignQuestion(flops=3e20)
    free, capped = (
        joint(each, "abnar2025") for each in (question, DesignQuestion(flops=3e20, max_total=1e10))
    )
    assert capped.at > free.at
    reference = by_shape_laws(question, free)
    assert free.value(reference) > free.at


def test_the_first_model_is_the_nearest_and_the_others_follow_by_loss():
    question = DesignQuestion(flops=1e22)
    found = joint(question, "zhao2025")
    _, *rest = models(question, found, top=5)
    assert len(rest) == 4
    losses = [found.value(each) for each in rest]
    assert losses == sorted(losses)


def test_the_law_hardly_sees_the_width_and_takes_the_shallow_end():
    question = DesignQuestion(flops=1e22)
    found = joint(question, "generalized-moe")
    assert width_effect(question, found) < 1e-3
    assert found.ends == ("M/N_a low",)
    sizes = found.target.triad
    d = width_of_ratio(sizes, [3.3, 4.9], constants=found.target.constants)
    stack = solve(sizes, d, constants=found.target.constants)
    same = triad(stack, found.target.constants)
    assert np.ptp(found.loss(same, stack, 1e11)) < 1e-12


def test_heads_follow_the_schedule_for_the_laws_own_sizes():
    question = DesignQuestion(flops=1e22)
    asked = joint(question, "generalized-moe").target
    again = head_schedule.scheduled(1e22, asked.triad, constants=asked.constants)
    assert again.n_heads == asked.heads.n_heads
    heads = head_schedule.given(32, 128)
    assert joint(DesignQuestion(flops=1e22, heads=heads), "abnar2025").target.heads == heads


@pytest.mark.parametrize(
    ("law", "changes", "error", "says"),
    [
        ("hoffmann2022", {}, InputError, "dense law"),
        ("ludziejewski2025", {}, InputError, "N/N_a is nothing to it"),
        ("generalised-moe", {}, InputError, "Did you mean 'generalized-moe'"),
        ("abnar2025", {"max_total": 1e7}, InfeasibleError, "under the cap on all parameters"),
    ],
)
def test_what_cannot_be_chosen_is_one_clear_error(law, changes, error, says):
    with pytest.raises(error, match=says):
        joint(DesignQuestion(flops=1e20, **changes), law)
