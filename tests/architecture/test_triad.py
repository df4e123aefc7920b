"""The triad M, N_a, N and its inverse: identities over drawn models, then the paper's rows."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_stacks import (
    HEADS,
    PHASE_2,
    SCALES,
    constants,
    grouped_query,
    latent,
    paper,
    possible,
    whole_stacks,
)

from autotune.architecture.attention import GroupedQuery, Latent
from autotune.architecture.conventions import CONVENTIONS, counted
from autotune.architecture.count import total
from autotune.architecture.feasibility import feasible_widths
from autotune.architecture.feed_forward import Experts, FeedForward
from autotune.architecture.flops import per_token
from autotune.architecture.layer_stack import LayerStack, triad
from autotune.architecture.shape import Architecture
from autotune.architecture.sparse_constants import SparseConstants
from autotune.architecture.triad import Triad, of_ratios, refuse_impossible
from autotune.architecture.triad_inverse import depth, solve, solve_one, width_of_ratio, widths
from autotune.errors import InputError

many = settings(max_examples=25)
PARTS = ("n_layers", "n_dense_layers", "d_model", "expert_width")
SIZES = ("flops_per_token", "n_active", "n_total")


def holistic(stack, held):
    model = Architecture(
        name="whole", n_layers=stack.n_layers, d_model=stack.d_model, vocabulary=1000,
        attention=held.attention, n_dense_layers=stack.n_dense_layers,
        ffn=FeedForward(width=held.dense_ratio * stack.d_model),
        experts=Experts(
            n_experts=held.n_experts, top_k=held.top_k, n_shared=held.n_shared,
            width=stack.expert_width,
        ),
    )  # fmt: skip
    convention = CONVENTIONS["holistic"]
    n = total(counted(model, convention))
    return per_token(model, convention, seq_len=held.seq_len).training, n.active, n.total


@pytest.mark.parametrize("attention", [grouped_query(), latent], ids=["grouped", "latent"])
def test_a_possible_triad_comes_back_from_its_stack(attention):
    @many
    @given(drawn=possible(attention))
    def returns(drawn):
        held, asked, d = drawn
        stack = solve_one(asked, d, constants=held)
        assert min(stack.n_dense_layers, stack.n_moe_layers, stack.expert_width) > 0
        back = triad(stack, held)
        for size in SIZES:
            assert getattr(back, size) == pytest.approx(float(getattr(asked, size)), rel=1e-9)

    returns()


@pytest.mark.parametrize("attention", [grouped_query(), latent], ids=["grouped", "latent"])
def test_a_stack_comes_back_from_its_triad(attention):
    @many
    @given(held=constants(attention), whole=whole_stacks())
    def returns(held, whole):
        back = solve_one(triad(whole, held), whole.d_model, constants=held)
        for part in PARTS:
            assert getattr(back, part) == pytest.approx(getattr(whole, part), rel=1e-9)

    returns()


@many
@given(held=constants(), whole=whole_stacks())
def test_a_whole_stack_costs_exactly_what_its_architecture_counts(held, whole):
    found = triad(whole, held)
    assert tuple(float(getattr(found, size)) for size in SIZES) == holistic(whole, held)


@many
@given(drawn=possible(grouped_query() | latent), at=st.floats(1.001, 2))
def test_outside_the_interval_of_hidden_sizes_some_layers_are_fewer_than_none(drawn, at):
    held, asked, _ = drawn
    ends = widths(asked, held)
    assert solve(asked, ends.low / at, constants=held).n_moe_layers < 0
    assert solve(asked, ends.high * at, constants=held).n_dense_layers < 0


@many
@given(drawn=possible(grouped_query() | latent), rho=st.floats(0.1, 50))
def test_the_hidden_size_of_a_ratio_has_experts_of_that_ratio(drawn, rho):
    held, asked, _ = drawn
    d = width_of_ratio(asked, rho, constants=held)
    assert d > widths(asked, held).low
    stack = solve(asked, d, constants=held)
    assert held.n_used * stack.expert_width / d == pytest.approx(rho, rel=1e-9)


def test_depth_follows_from_m_and_n_active_alone():
    held = paper()
    one, other = (of_ratios(5.939e9, density=8.22, expansion=y) for y in (12, 26))
    assert depth(one, held) == depth(other, held) == pytest.approx(15.93, abs=0.01)


def test_latent_scores_cost_three_sequences_per_head_and_size():
    """3 S h (nope + rope + v), which is 6 S h d_head where all sizes are one."""
    sizes = {"n_heads": 128, "q_rank": 1536, "kv_rank": 512}
    held = SparseConstants(attention=Latent(**sizes, nope_dim=128, rope_dim=64, value_dim=128))
    assert held.score_flops == 3 * 8192 * 128 * (128 + 64 + 128)
    same = SparseConstants(attention=Latent(**sizes, nope_dim=100, rope_dim=28, value_dim=128))
    grouped = GroupedQuery(n_heads=128, n_kv_heads=1, head_dim=128)
    assert same.score_flops == SparseConstants(attention=grouped).score_flops


ROWS = [
    # C, d, L_d, L_m, d_m, M in GFLOP, N_a in M, N in B, M/N_a, N/N_a: arXiv:2603.21862, tables 5-21
    (1e18, 1208, 2, 1, 264, 0.2637, 37.66, 0.3055, 7.002, 8.113),
    (1e18, 288, 8, 2, 1136, 0.2809, 25.85, 0.5755, 10.87, 22.26),
    (1e18, 744, 1, 9, 88, 0.2855, 26.61, 0.5216, 10.73, 19.60),
    (3e18, 456, 6, 2, 1376, 0.5056, 50.71, 1.105, 9.970, 21.79),
    (3e18, 592, 3, 5, 432, 0.5089, 51.26, 1.125, 9.927, 21.95),
    (1e20, 1544, 2, 16, 384, 3.212, 384.4, 8.353, 8.357, 21.73),
    (1e20, 1864, 1, 18, 296, 3.406, 408.2, 8.751, 8.343, 21.44),
    (1e20, 1768, 2, 12, 488, 3.176, 411.8, 9.109, 7.711, 22.12),
    (1e20, 1600, 2, 14, 456, 3.208, 400.5, 8.981, 8.011, 22.42),
    (1e20, 1192, 3, 19, 408, 3.318, 368.4, 8.130, 9.006, 22.07),
    (1e20, 768, 5, 24, 392, 3.200, 290.0, 6.359, 11.03, 21.93),
    (3e20, 3712, 1, 4, 1520, 5.588, 847.4, 19.81, 6.594, 23.37),
    (3e20, 3464, 1, 6, 1112, 5.991, 881.0, 20.29, 6.800, 23.04),
    (3e20, 2680, 2, 8, 936, 6.021, 835.8, 17.69, 7.204, 21.17),
    (3e20, 2280, 2, 10, 880, 6.028, 803.4, 17.66, 7.504, 21.98),
    (3e20, 1816, 3, 12, 840, 6.014, 750.6, 16.13, 8.012, 21.48),
    (3e20, 1304, 4, 16, 792, 6.019, 667.6, 14.55, 9.016, 21.79),
    (3e20, 1008, 5, 18, 800, 5.796, 580.1, 12.77, 9.991, 22.02),
    (3e20, 1896, 2, 14, 664, 5.972, 727.0, 15.53, 8.216, 21.37),
    (3e20, 2200, 1, 15, 528, 5.992, 730.3, 15.37, 8.205, 21.04),
    (3e20, 1000, 8, 27, 208, 6.155, 438.7, 5.156, 14.03, 11.75),
    (3e20, 752, 10, 30, 216, 6.230, 367.3, 4.461, 16.96, 12.14),
    (3e20, 96, 15, 25, 5272, 6.225, 366.5, 10.99, 16.99, 30.00),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row[0]:g}-{row[1]}-{row[2]}")
def test_the_paper_s_rows_cost_what_its_equations_say(row):
    c, d, dense, moe, width, *expected = row
    found = triad(
        LayerStack(n_layers=dense + moe, n_dense_layers=dense, d_model=d, expert_width=width),
        paper(*HEADS[c]),
    )
    scaled = [
        float(found.flops_per_token) / 1e9, float(found.n_active) / 1e6,
        float(found.n_total) / 1e9, float(found.density), float(found.expansion),
    ]  # fmt: skip
    assert scaled == pytest.approx(expected, rel=5e-4)


TABLE_14 = {
    # hidden sizes at M/N_a, for N/N_a of 12, 16, 20, 22, 26, 30; the scale of 3e20 FLOPs
    7: (4336, 3856, 3304, 3096, 2080, 880), 8: (2968, 2568, 2176, 1888, 1208, 464),
    9: (2288, 1960, 1528, 1312, 832, 320), 11: (1520, 1256, 976, 824, 520, 200),
    14: (1000, 824, 632, 544, 344, 128), 17: (752, 616, 480, 408, 256, 96),
}  # fmt: skip
EXPANSIONS = (12, 16, 20, 22, 26, 30)


def test_the_middle_of_the_interval_is_the_hidden_size_of_table_14():
    """27 of 36 within 2 %, 29 within 5 %: all from M/N_a of 9 up. The widest are narrower there."""
    found = feasible_widths(5.939e9, list(TABLE_14), expansion=EXPANSIONS, constants=paper()).middle
    error = np.abs(found / np.array(list(TABLE_14.values())) - 1)
    assert (np.count_nonzero(error <= 0.02), np.count_nonzero(error <= 0.05)) == (27, 29)
    assert np.all(error[2:] <= 0.05)


@pytest.mark.parametrize(
    ("c", "low", "high"),
    [(1e18, 296, 1288), (3e18, 416, 1384), (1e19, 464, 1688), (3e19, 680, 2016), (1e20, 736, 2312),
     (3e20, 992, 2416)],
)  # fmt: skip
def test_feasible_hidden_sizes_of_the_six_scales(c, low, high):
    """At the best ratios of each scale, to a multiple of 8 (section 3.4 of the domain)."""
    density, expansion, _ = PHASE_2[c]
    held = paper(*HEADS[c])
    ends = widths(of_ratios(SCALES[c], density=density, expansion=expansion), held)
    assert float(ends.low) == pytest.approx(low, rel=0.01, abs=8)
    assert float(ends.high) == pytest.approx(high, rel=0.01, abs=8)


@pytest.mark.parametrize(
    ("rho", "published"),
    [(3, (499, 767, 852, 1255, 1385, 1929)), (3.25, (487, 747, 829, 1220, 1344, 1871)),
     (3.5, (477, 729, 808, 1189, 1309, 1819))],
)  # fmt: skip
def test_hidden_sizes_of_a_ratio_at_the_six_scales(rho, published):
    """Section 3.4 of the domain, whose triads have more digits than these medians."""
    for (c, (density, expansion, _)), d in zip(PHASE_2.items(), published, strict=True):
        asked = of_ratios(SCALES[c], density=density, expansion=expansion)
        found = width_of_ratio(asked, rho, constants=paper(*HEADS[c]))
        assert float(found) == pytest.approx(d, rel=0.005)


def test_a_map_of_a_million_points_is_a_rectangle_of_feasible_ratios():
    x, y = np.linspace(5, 17, 1000), np.linspace(0.5, 34, 1000)
    found = feasible_widths(5.939e9, x, expansion=y, constants=paper())
    inside = (x > 6)[:, None] & ((y > 1) & (y < 289 / 9))
    assert np.array_equal(np.isfinite(found.room), inside)
    assert np.all(found.room[inside] > 0)


def test_latent_attention_cuts_a_corner_off_the_rectangle():
    attention = Latent(
        n_heads=16, q_rank=1536, kv_rank=512, nope_dim=128, rope_dim=64, value_dim=128
    )
    held = SparseConstants(attention=attention)
    x, y = np.linspace(6.1, 17, 50), np.linspace(1.1, 32, 50)
    finite = np.isfinite(feasible_widths(5.939e9, x, expansion=y, constants=held).room)
    assert finite[0, 0]
    assert not finite[-1, -1]
    assert np.all(finite[1:] <= finite[:-1])
    assert np.all(finite[:, 1:] <= finite[:, :-1])


LATENT = SparseConstants(
    attention=Latent(n_heads=16, q_rank=1536, kv_rank=512, nope_dim=128, rope_dim=64, value_dim=128)
)


@pytest.mark.parametrize(
    ("sizes", "held", "says"),
    [
        ((4e9, 7e8, 1.5e10), paper(), r"M 4B is out: 700M .*cost 4.2B .*N_a below 666.667M"),
        ((6e9, 7e8, 6e8), paper(), r"N 600M is out: .* between 700M and 22.4778B\. Raise N"),
        ((6e9, 7e8, 3e10), paper(), r"N 30B is out: .* between 700M and 22.4778B\. Lower N"),
        ((6e9, 2e8, 4e9), LATENT, r"N_a 200M is out: M leaves .* whatever the hidden size"),
        ((6e9, 7e8, 2.1e10), LATENT, r"N 21B is out: latent attention of .* Lower N below"),
        ((6e9, -1, 2e10), paper(), r"N_a must be finite and > 0"),
        ((6e9, 7e8, float("nan")), paper(), r"N must be finite and > 0"),
    ],
)  # fmt: skip
def test_an_impossible_triad_names_what_is_out_and_what_would_do(sizes, held, says):
    with pytest.raises(InputError, match=says):
        solve_one(Triad(**dict(zip(SIZES, sizes, strict=True))), 1000, constants=held)


@many
@given(
    held=constants(latent), m=st.floats(1e8, 1e12), x=st.floats(5, 30), y=st.floats(0.9, 40)
)  # fmt: skip
def test_a_triad_is_refused_exactly_where_no_hidden_size_gives_it(held, m, x, y):
    asked = of_ratios(m, density=x, expansion=y)
    if np.isnan(widths(asked, held).low):
        with pytest.raises(InputError, match=r"(M|N_a|N) \S+ is out"):
            refuse_impossible(asked, held)
    else:
        refuse_impossible(asked, held)


@pytest.mark.parametrize("d_model", [500, 4000])
def test_a_hidden_size_that_is_out_is_met_with_the_interval(d_model):
    asked = of_ratios(5.939e9, density=8.22, expansion=21.9)
    with pytest.raises(InputError, match=rf"size {d_model} is out: .* 989\.1 and 2422\.3"):
        solve_one(asked, d_model, constants=paper())


@pytest.mark.parametrize(
    ("change", "says"),
    [({"top_k": 288}, "top_k is 288 of 288"), ({"n_shared": -1}, "n_shared must be"),
     ({"seq_len": 0}, "seq_len must be"), ({"dense_ratio": 0}, "dense_ratio must be")],
)  # fmt: skip
def test_constants_of_no_sparse_model_are_refused(change, says):
    with pytest.raises(InputError, match=says):
        replace(paper(), **change)
