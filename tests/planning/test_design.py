"""Designs: budgets to complete architectures, near what was asked and inside what was fixed."""

import math

import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from autotune.architecture.conventions import CONVENTIONS, counted
from autotune.architecture.count import by_group, total
from autotune.architecture.divisors import Divisors
from autotune.architecture.flops import per_token
from autotune.architecture.triad_inverse import solve
from autotune.architecture.whole_stack import TOLERANCE
from autotune.errors import InfeasibleError, InputError
from autotune.laws.sparse_shape import FLAT_EXPANSION, FLAT_WIDTH_RATIO, SCALES, Origin
from autotune.planning import head_schedule
from autotune.planning.design import candidates
from autotune.planning.design_question import DesignQuestion, WidthRule
from autotune.planning.design_target import target
from autotune.planning.head_sharing import LatentRanks, Sharing

some = settings(max_examples=15)
questions = st.builds(
    DesignQuestion, flops=st.floats(20, 25).map(lambda x: 10**x),
    n_experts=st.sampled_from([64, 128, 256, 288, 384]), top_k=st.sampled_from([2, 6, 8]),
    n_shared=st.integers(0, 2), seq_len=st.sampled_from([4096, 8192, 32768]),
    dense_ratio=st.sampled_from([None, 2.5, 4]),
    sharing=st.sampled_from(
        [Sharing(), Sharing(queries_per_kv=1), Sharing(queries_per_kv=8),
         Sharing(latent=LatentRanks()), Sharing(latent=LatentRanks(q_rank=None, kv_rank=256))]
    ),
)  # fmt: skip


def feasible(question, top):
    """The target and its candidates, of questions that have any within the tolerance."""
    asked = target(question)
    try:
        return asked, candidates(question, asked, top=top)
    except InfeasibleError as error:
        if "no whole numbers come within 5% of the target" not in str(error):
            raise
        reject()


def figures(asked):
    return {figure.name: figure for figure in asked.figures}


def designed(top=10, **changes):
    question = DesignQuestion(**changes)
    asked = target(question)
    return asked, candidates(question, asked, top=top)


@some
@given(question=questions)
def test_every_candidate_counts_what_it_claims_and_spends_the_budget(question):
    asked, found = feasible(question, top=3)
    for each in found:
        convention = CONVENTIONS["holistic"]
        n = total(counted(each.model, convention))
        m = per_token(each.model, convention, seq_len=question.seq_len).training
        assert (each.triad.n_active, each.triad.n_total) == (n.active, n.total)
        assert each.triad.flops_per_token == m
        assert each.count == total(by_group(each.model))
        assert each.tokens * m == pytest.approx(question.flops)
        assert each.errors.flops_per_token == pytest.approx(
            m / float(asked.triad.flops_per_token) - 1
        )


@some
@given(question=questions)
def test_candidates_are_near_the_target_the_design_first_then_by_error(question):
    asked, (first, *others) = feasible(question, top=6)
    assert first.model.d_model == pytest.approx(asked.d_model, rel=0.02, abs=16)
    errors = [each.errors.largest for each in others]
    assert errors == sorted(errors)
    assert max([first.errors.largest, *errors]) <= TOLERANCE
    kinds = {(each.model.n_layers, each.model.n_dense_layers) for each in [first, *others]}
    assert len(kinds) == len(others) + 1


@some
@given(question=questions)
def test_the_target_leaves_a_dense_layer_wherever_the_flat_zone_allows_one(question):
    asked = target(question)
    dense = float(solve(asked.triad, asked.d_model, constants=asked.constants).n_dense_layers)
    share = (float(asked.triad.expansion) - 1) / asked.constants.idle_per_used
    low, high = ((x - 1) / (289 / 9 - 1) for x in FLAT_EXPANSION)
    assert low - 1e-9 <= share <= high + 1e-9
    assert dense >= 1 - 1e-6 or share == pytest.approx(low)


def test_a_small_budget_at_long_contexts_may_have_no_whole_numbers_near():
    question = DesignQuestion(
        flops=10**20.359375,
        n_experts=64,
        top_k=2,
        n_shared=0,
        seq_len=32768,
        dense_ratio=2.5,
        sharing=Sharing(queries_per_kv=8),
    )
    with pytest.raises(InfeasibleError, match="within 5% of the target: the nearest miss M"):
        candidates(question, target(question), top=6)


def test_neighbours_lie_where_the_loss_is_flat_over_the_width_ratio():
    _, found = designed(flops=3e20)
    low, high = FLAT_WIDTH_RATIO
    assert all(low <= each.width_ratio <= high for each in found)
    assert len(found) > 5


def test_a_design_inside_the_paper_s_range_has_its_laws_and_heads():
    """M, D, M/N_a, N/N_a, heads and hidden size at 3e20 FLOPs, each from its own source."""
    asked, (first, *_) = designed(flops=3e20)
    found = figures(asked)
    assert found["M"].value == pytest.approx(5.939e9, rel=5e-4)
    assert found["D"].value == pytest.approx(50.51e9, rel=5e-4)
    assert found["M/N_a"].value == pytest.approx(8.09, abs=6e-3)
    assert found["N/N_a"].value == pytest.approx(22.0, abs=6e-3)
    assert found["peak lr"].value == pytest.approx(4.82e-4, rel=5e-3)
    assert found["batch"].value / 8192 == pytest.approx(288.8, rel=1e-3)
    assert {name: figure.origin for name, figure in found.items()} == {
        "M": Origin.PAPER, "D": Origin.PAPER, "M/N_a": Origin.REFIT, "N/N_a": Origin.REFIT,
        "N_a": Origin.ALGEBRA, "N": Origin.ALGEBRA, "heads": Origin.PAPER, "d": Origin.STAND_IN,
        "peak lr": Origin.REFIT, "batch": Origin.REFIT,
    }  # fmt: skip
    assert asked.times_beyond == 1
    assert (first.model.attention.n_heads, first.model.attention.head_dim) == (16, 128)
    assert first.model.n_layers in (15, 16)  # 16 in every row of the paper's sweep


def test_the_hidden_size_has_the_ratio_of_its_rule():
    for c in (1e18, 1e20, 3e20, 1e24):
        asked, _ = designed(flops=c)
        stack = solve(asked.triad, asked.d_model, constants=asked.constants)
        assert 9 * stack.expert_width / asked.d_model == pytest.approx(3.25, rel=1e-9)


def test_the_other_rule_takes_the_middle_of_the_paper_s_sweeps():
    asked, (first, *_) = designed(flops=1e20, width_rule=WidthRule.SWEEP)
    assert asked.d_model == pytest.approx(0.0995 * 1e20**0.2086)
    assert first.model.d_model == pytest.approx(asked.d_model, rel=0.02)


def test_far_beyond_the_range_expansion_is_lowered_and_said_so():
    asked, _ = designed(flops=1e24)
    found = figures(asked)
    assert asked.times_beyond == pytest.approx(1e24 / 3e20)
    assert 18 < found["N/N_a"].value < 25
    assert found["N/N_a"].origin is Origin.OURS
    assert "lowered from 25 in the flat zone" in found["N/N_a"].rule
    assert found["heads"].origin is Origin.OURS


def test_where_a_rule_asks_for_too_large_a_hidden_size_it_is_the_largest_possible():
    asked, (first, *_) = designed(flops=1e24, heads=head_schedule.given(2048, 128))
    figure = figures(asked)["d"]
    assert figure.origin is Origin.OURS
    assert "the largest possible: (K + shared) d_m / d = 3.25 asks for" in figure.rule
    assert figure.value == asked.d_model == asked.d_range[1]
    assert figures(asked)["N/N_a"].value == pytest.approx(18)
    assert first.model.n_dense_layers == 1


def test_the_target_is_between_the_hidden_sizes_that_its_triad_allows():
    for c in (1e18, 3e20, 1e24):
        asked, _ = designed(flops=c)
        low, high = asked.d_range
        assert low < asked.d_model < high


def test_latent_attention_keeps_depth_and_pays_for_its_wider_scores():
    """Beside plain heads of 128, a rotary part of 64 makes scores 5/4 as wide."""
    plain, _ = designed(flops=1e20)
    latent, (first, *_) = designed(flops=1e20, sharing=Sharing(latent=LatentRanks()))
    found, known = figures(latent), figures(plain)
    assert found["M/N_a"].value - 6 == pytest.approx(1.25 * (known["M/N_a"].value - 6))
    assert found["M/N_a"].origin is Origin.STAND_IN
    assert first.model.attention.cache_width == 512 + 64
    layers = [
        float(solve(each.triad, each.d_model, constants=each.constants).n_layers)
        * each.heads.n_heads / float(each.triad.n_active)
        for each in (plain, latent)
    ]  # fmt: skip
    assert layers[0] == pytest.approx(layers[1])


@pytest.mark.parametrize("ratio", [8 / 3, 2.667, 18 / 7])
def test_dense_layers_of_a_broken_ratio_are_whole_and_divide(ratio):
    _, found = designed(flops=1e21, dense_ratio=ratio, divisors=Divisors(multiple=16))
    for each in found:
        assert each.model.ffn.width % 16 == each.model.d_model % 16 == 0
        assert each.model.ffn.width / each.model.d_model == pytest.approx(ratio, rel=2e-4)


def test_another_sparsity_keeps_the_share_of_experts_and_is_a_stand_in():
    asked, _ = designed(flops=1e20, n_experts=64, n_shared=0)
    paper, _ = designed(flops=1e20)
    share = (float(asked.triad.expansion) - 1) / asked.constants.idle_per_used
    assert share == pytest.approx(
        (float(paper.triad.expansion) - 1) / paper.constants.idle_per_used
    )
    assert figures(asked)["N/N_a"].origin is Origin.STAND_IN


def test_another_sequence_length_scales_what_scores_add():
    long, short = (figures(designed(flops=1e21, seq_len=s)[0])["M/N_a"] for s in (32768, 8192))
    assert long.value - 6 == pytest.approx(4 * (short.value - 6))
    assert (long.origin, short.origin) == (Origin.STAND_IN, Origin.REFIT)


def test_heads_are_the_paper_s_at_its_scales_and_double_beyond():
    for scale in SCALES:
        asked, _ = designed(flops=scale.flops)
        assert (asked.heads.n_heads, asked.heads.head_dim) == (scale.n_heads, scale.head_dim)
    heads = [designed(flops=10.0**n)[0].heads for n in range(21, 27)]
    assert all(each.head_dim == 128 for each in heads)
    assert [each.n_heads for each in heads] == [16, 32, 64, 128, 256, 256]


@given(log_c=st.floats(17, 20.477))
def test_no_budget_inside_the_paper_s_range_has_other_heads_than_its_scales(log_c):
    asked = target(DesignQuestion(flops=10**log_c))
    nearest = min(SCALES, key=lambda scale: abs(math.log10(scale.flops) - log_c))
    assert (asked.heads.n_heads, asked.heads.head_dim) == (nearest.n_heads, nearest.head_dim)
    assert asked.heads.origin is Origin.PAPER


@pytest.mark.parametrize("log_c", [21, 22, 23, 24, 25])
def test_beyond_the_range_a_model_is_neither_a_tower_nor_a_slab(log_c):
    _, (first, *_) = designed(flops=10.0**log_c)
    slender = first.model.d_model / first.model.n_layers
    assert 0.9 * head_schedule.SLENDEREST < slender < 3 * head_schedule.SLENDEREST


@pytest.mark.parametrize(
    ("divisors", "heads"),
    [(Divisors(multiple=128, tensor=8, expert=16, pipeline=4), None),
     (Divisors(multiple=64, tensor=3, pipeline=6), head_schedule.given(96, 128))],
)  # fmt: skip
def test_a_design_divides_by_every_parallel_size(divisors, heads):
    _, found = designed(flops=1e24, divisors=divisors, heads=heads)
    for each in found:
        model = each.model
        assert model.n_layers % divisors.pipeline == 0
        widths = (model.d_model, model.ffn.width, model.experts.width)
        assert all(width % divisors.tensor == 0 for width in widths)
        assert model.d_model % divisors.multiple == model.experts.width % divisors.multiple == 0
        heads = (model.attention.n_heads, model.attention.n_kv_heads)
        assert all(n % divisors.tensor == 0 for n in heads)
        assert model.experts.n_experts % divisors.expert == 0


@pytest.mark.parametrize("cap", [1.2e12, 8e11, 2e11])
def test_a_cap_on_all_parameters_holds_embeddings_included(cap):
    asked, found = designed(flops=1e24, max_total=cap)
    assert found
    assert all(each.count.total <= cap for each in found)
    assert figures(asked)["N/N_a"].origin is Origin.GIVEN
    assert found[0].count.total > 0.93 * cap


def test_a_cap_that_does_not_bind_changes_nothing():
    free, capped = (designed(flops=1e20, **cap)[0] for cap in ({}, {"max_total": 1e12}))
    assert free == capped


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"flops": 1e24, "max_total": 7e10}, r"max_total 70B and flops 1e\+24 contradict"),
        ({"flops": 1e12}, r"no expert is 8 wide|the budget leaves .* layers of 4x64 heads"),
        ({"flops": 1e18, "heads": head_schedule.given(64, 128)}, r"leaves 0.29 layers of 64x128"),
        ({"flops": 1e17, "divisors": Divisors(multiple=128)}, r"nearest miss M by .*--multiple"),
        ({"flops": 1e18, "divisors": Divisors(pipeline=64)}, r"nearest miss M by \+\d+.*r --pp, "),
        ({"flops": 1e22, "n_shared": 1000}, r"would be 11 wide each, .* Lower --shared or --top-k"),
    ],
)  # fmt: skip
def test_what_no_model_can_be_is_said_with_a_remedy(changes, says):
    with pytest.raises(InfeasibleError, match=says):
        designed(**changes)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"flops": 0}, "flops must be finite and > 0"),
        ({"flops": 1e31}, r"a design is of 1e\+12 to 1e\+30 FLOPs, not of 1e\+31"),
        ({"top_k": 300}, "top_k is 300 of 288"),
        ({"max_total": -1}, "max_total must be finite and > 0"),
        ({"vocabulary": 0}, "vocabulary must be finite and >= 1"),
        ({"divisors": Divisors(tensor=16)}, r"size 16 does not divide 8 heads\. .* 1, 2, 4, 8\."),
    ],
)
def test_a_question_that_cannot_be_is_refused(changes, says):
    with pytest.raises(InputError, match=says):
        designed(**({"flops": 1e20} | changes))


@pytest.mark.parametrize("heads", [(3, 64), (0, 64), (2, 0), (-2, 64)])
def test_heads_that_share_no_keys_are_refused(heads):
    with pytest.raises(InputError, match="is no choice of heads"):
        head_schedule.given(*heads)
