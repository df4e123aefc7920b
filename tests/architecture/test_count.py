"""Exact parameters: identities over drawn architectures, and what is refused."""

from dataclasses import replace

import pytest
from hypothesis import given
from made_architectures import architectures, few

from autotune.architecture.attention import GroupedQuery, Latent
from autotune.architecture.count import Count, Group, by_group, total
from autotune.architecture.feed_forward import Experts, FeedForward
from autotune.architecture.shape import Architecture
from autotune.errors import InputError

PER_MODEL = {Group.INPUT_EMBEDDING, Group.OUTPUT_HEAD, Group.MTP}
TINY = Architecture(
    name="tiny", n_layers=2, d_model=8, vocabulary=100, n_dense_layers=2,
    attention=GroupedQuery(n_heads=4, n_kv_heads=2, head_dim=2), ffn=FeedForward(width=16),
)  # fmt: skip


@few
@given(model=architectures())
def test_no_group_has_more_active_parameters_than_parameters(model):
    assert all(0 <= count.active <= count.total for count in by_group(model).values())


@few
@given(model=architectures())
def test_every_group_is_named_and_they_sum_to_the_total(model):
    counts = by_group(model)
    assert set(counts) == set(Group)
    assert total(counts).total == sum(count.total for count in counts.values())


@few
@given(model=architectures())
def test_twice_the_layers_are_twice_every_group_of_layers(model):
    twice = replace(model, n_layers=2 * model.n_layers, n_dense_layers=2 * model.n_dense_layers)
    once, double = by_group(model), by_group(twice)
    final = model.d_model * bool(model.norms_per_layer)
    for group in set(Group) - PER_MODEL - {Group.NORMS}:
        assert double[group] == once[group] * 2
    assert double[Group.NORMS].total - final == 2 * (once[Group.NORMS].total - final)
    assert {group: double[group] for group in PER_MODEL} == {
        group: once[group] for group in PER_MODEL
    }


@few
@given(model=architectures())
def test_tying_saves_one_embedding_and_leaves_the_head(model):
    tied, untied = (by_group(replace(model, tied=flag)) for flag in (True, False))
    saved = total(untied).total - total(tied).total
    assert saved == model.vocabulary * model.d_model
    assert tied[Group.OUTPUT_HEAD] == untied[Group.OUTPUT_HEAD]


@few
@given(model=architectures(sparse=True))
def test_routing_to_every_expert_makes_all_of_them_active(model):
    everyone = replace(model, experts=replace(model.experts, top_k=model.experts.n_experts))
    assert all(count.active == count.total for count in by_group(everyone).values())


@few
@given(model=architectures(sparse=True))
def test_experts_that_are_all_active_are_one_dense_layer_of_their_width_and_a_router(model):
    experts = model.experts
    everyone = replace(
        model, experts=replace(experts, top_k=experts.n_experts, bias=False, router_bias=False),
        n_dense_layers=0, n_mtp_layers=0,
    )  # fmt: skip
    width = (experts.n_experts + experts.n_shared) * experts.width
    dense = replace(
        everyone, experts=None, n_dense_layers=model.n_layers,
        ffn=FeedForward(width=width, gated=experts.gated),
    )  # fmt: skip
    router = by_group(everyone)[Group.ROUTER].total
    assert total(by_group(everyone)).total - router == total(by_group(dense)).total


@few
@given(model=architectures())
def test_a_prediction_head_costs_one_further_layer_a_projection_and_three_norms(model):
    none, one = (replace(model, n_mtp_layers=n) for n in (0, 1))
    sparse = model.experts is not None
    longer = replace(
        none, n_layers=model.n_layers + 1, n_dense_layers=model.n_dense_layers + (not sparse)
    )
    d = model.d_model
    layer = total(by_group(longer)).total - total(by_group(none)).total
    assert by_group(one)[Group.MTP].total == layer + 2 * d * d + 3 * d


def test_a_tiny_model_counted_by_hand():
    counts = by_group(TINY)
    assert counts[Group.ATTENTION] == Count(2 * 8 * (8 + 4 + 4 + 8), 2 * 8 * (8 + 4 + 4 + 8))
    assert counts[Group.DENSE_FFN].total == 2 * 3 * 8 * 16
    assert counts[Group.NORMS].total == 5 * 8
    assert total(counts).total == 2 * 100 * 8 + 384 + 768 + 40


def test_biases_and_sinks_counted_by_hand():
    attention = GroupedQuery(
        n_heads=4, n_kv_heads=2, head_dim=2, qkv_bias=True, o_bias=True, sinks=True
    )
    ffn = FeedForward(width=16, bias=True)
    counts = by_group(replace(TINY, attention=attention, ffn=ffn))
    assert counts[Group.BIASES].total == 2 * ((8 + 4 + 4) + 8 + (16 + 16 + 8))
    assert counts[Group.SINKS].total == 2 * 4


def test_latent_attention_counted_by_hand():
    """Section 2.1.2 of arXiv:2405.04434: down- and up-projections, and the shared rotary key."""
    attention = Latent(n_heads=2, q_rank=5, kv_rank=3, nope_dim=4, rope_dim=6, value_dim=7)
    counts = by_group(replace(TINY, attention=attention))
    q, kv, o = 8 * 5 + 5 * 2 * 10, 8 * (3 + 6) + 3 * 2 * (4 + 7), 2 * 7 * 8
    assert counts[Group.ATTENTION].total == 2 * (q + kv + o)
    assert counts[Group.NORMS].total == 5 * 8 + 2 * (5 + 3)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"d_model": 0}, "tiny: d_model must be at least 1, not 0"),
        ({"n_dense_layers": 3}, "n_dense_layers must be 0 to 2, not 3"),
        ({"n_dense_layers": 1}, "1 layers have neither ffn nor experts"),
        ({"ffn": None}, "dense layers need the width"),
        ({"n_window_layers": 1}, "need a window"),
        ({"experts": Experts(n_experts=4, top_k=5, width=2)}, "top_k must be 0 to 4, not 5"),
        (
            {"attention": GroupedQuery(n_heads=4, n_kv_heads=3, head_dim=2)},
            "4 heads cannot share 3 kv heads",
        ),
    ],
)  # fmt: skip
def test_what_is_no_model_is_refused_with_the_number_that_is_wrong(change, says):
    with pytest.raises(InputError, match=says):
        replace(TINY, **change)
