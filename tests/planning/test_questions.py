"""Which laws may be asked what, and what an answer warns of."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autotune.errors import InputError
from autotune.laws.catalogue import PRESETS
from autotune.planning import selection
from autotune.planning.budget import Budget
from autotune.planning.constraints import Constraints
from autotune.planning.layout import LudziejewskiLayout
from autotune.planning.planner import plan
from autotune.planning.question import Hold, Question

BUDGET = Budget(flops=1e22)
FACTORS = {"n_experts": 8.0, "granularity": 4.0, "top_k": 2.0, "shared_share": 0.2}


@pytest.mark.parametrize("name", [name for name, law in PRESETS.items() if not law.fixed_tokens])
@pytest.mark.parametrize("sparsity", [0.0, 0.8])
def test_a_plans_loss_is_the_laws_own_at_the_planned_point(name, sparsity):
    law = PRESETS[name]
    found = plan(law, BUDGET, question=Question(sparsity=sparsity, factors=FACTORS), name=name)
    factors = {key: FACTORS[key] for key in law.factors if key in FACTORS}
    if "unique_tokens" in law.factors:
        factors["unique_tokens"] = 1e40
    read = 0.0 if law.dense else found.sparsity
    assert found.loss == float(law.loss(found.n_active, found.tokens, read, **factors))
    for ratio in (0.9, 0.999, 1.001, 1.1):
        n = ratio * found.n_active
        assert float(law.loss(n, 1e22 / (6 * n), read, **factors)) >= found.loss
    assert found.law == name


def test_without_a_law_a_dense_question_goes_to_dense_laws_of_language():
    assert selection.applicable(Question()) == [
        "besiroglu2024",
        "kaplan2020",
        "hoffmann2022",
        "hoffmann2022-unrounded",
        "krajewski2024-dense",
        "muennighoff2023",
        "generalized-dense",
    ]


def test_without_a_law_a_sparse_question_goes_to_sparse_laws_and_the_headline():
    sparse = ["abnar2025", "generalized-moe", "generalized-2025-08", "generalized-moe-inferred"]
    assert selection.applicable(Question(sparsity=0.9)) == ["besiroglu2024", *sparse]
    assert selection.applicable(Question(hold=Hold.NOTHING)) == sparse


def test_a_law_that_needs_a_factor_applies_once_it_is_given():
    question = Question(sparsity=0.9, factors={"granularity": 8.0})
    assert "krajewski2024-moe" in selection.applicable(question)
    question = Question(factors={"n_experts": 8.0})
    assert selection.applicable(question) == ["besiroglu2024", "ludziejewski2025"]


def test_laws_of_vision_of_span_denoising_or_without_data_never_apply():
    for question in (Question(), Question(sparsity=0.9, factors=FACTORS)):
        names = selection.applicable(question)
        assert not [name for name in names if name.startswith(("frantar", "clark"))]
        assert not [name for name in names if "pruning" in name]


def test_a_dense_law_at_sparsity_is_read_on_active_parameters_and_warns():
    dense = plan(PRESETS["hoffmann2022"], BUDGET)
    sparse = plan(PRESETS["hoffmann2022"], BUDGET, question=Question(sparsity=0.9))
    assert sparse.n_active == dense.n_active
    assert sparse.loss == dense.loss
    assert sparse.n_total == pytest.approx(10 * dense.n_active)
    assert any("blind to sparsity" in warning for warning in sparse.warnings)
    assert not any("blind to sparsity" in warning for warning in dense.warnings)


@pytest.mark.parametrize("name", ["hoffmann2022", "ludziejewski2025"])
def test_a_law_that_does_not_read_sparsity_cannot_choose_one(name):
    question = Question(hold=Hold.NOTHING, factors={"n_experts": 8.0})
    with pytest.raises(InputError, match="cannot choose a sparsity"):
        plan(PRESETS[name], BUDGET, question=question)


def test_a_law_without_a_data_term_cannot_plan():
    with pytest.raises(InputError, match=r"no data term: it holds at 1\.3e\+11 tokens"):
        plan(PRESETS["clark2022-sbase"], BUDGET, question=Question(factors={"n_experts": 8.0}))


def test_a_missing_factor_is_named():
    with pytest.raises(InputError, match="needs n_experts"):
        plan(PRESETS["ludziejewski2025"], BUDGET)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"sparsity": 1.0}, "sparsity"),
        ({"sparsity": -0.1}, "sparsity"),
        ({"hold": Hold.TOKENS}, "needs n_active"),
        ({"hold": Hold.TOTAL}, "needs n_total"),
        ({"n_active": 1e9}, "of no use"),
        ({"tolerance": 0.0}, "tolerance"),
    ],
)
def test_a_question_that_makes_no_sense_is_refused(arguments, says):
    with pytest.raises(InputError, match=says):
        Question(**arguments)


def test_extrapolation_counts_times_past_the_nearest_end():
    found = plan(PRESETS["besiroglu2024"], Budget(flops=1e24), question=Question(sparsity=0.9))
    seen = PRESETS["besiroglu2024"].source.range
    assert found.extrapolation["n_active"] == pytest.approx(found.n_active / seen.n_active[1])
    assert found.extrapolation["n_total"] == pytest.approx(found.n_total / seen.n_active[1])
    assert found.extrapolation["tokens"] == pytest.approx(found.tokens / seen.tokens[1])
    assert found.extrapolation["sparsity"] == pytest.approx(10)
    assert found.in_range is False


def test_inside_the_fitted_range_every_factor_is_one():
    found = plan(PRESETS["besiroglu2024"], Budget(flops=1e21))
    assert set(found.extrapolation.values()) == {1.0, None}
    assert found.in_range is True


def test_a_source_without_ranges_marks_nothing_and_says_so():
    found = plan(PRESETS["zhao2025"], BUDGET, question=Question(sparsity=0.9, factors=FACTORS))
    assert set(found.extrapolation.values()) == {None}
    assert found.in_range is None
    assert any("does not state the whole" in warning for warning in found.warnings)


def test_a_sparse_plan_is_inside_only_if_the_source_states_a_range_of_sparsity():
    question = Question(sparsity=0.9)
    assert PRESETS["generalized-2025-08"].source.range.sparsity is None
    found = plan(PRESETS["generalized-2025-08"], Budget(flops=1e21), question=question)
    assert found.in_range is None
    assert plan(PRESETS["generalized-2025-08"], Budget(flops=1e21)).in_range is True
    assert plan(PRESETS["abnar2025"], Budget(flops=1e21), question=question).in_range is True


@given(n=st.floats(6, 12), experts=st.floats(1, 64))
def test_the_layout_of_experts_counts_as_the_paper_does(n, experts):
    """N = 2 d V + (4 + 9 E) n_blocks d^2 with n_blocks = d/64: there and back."""
    layout, log_n = LudziejewskiLayout(experts), n * math.log(10)
    log_total = log_n + layout.expansion(log_n)
    assert layout.size_of_total(log_total) == pytest.approx(log_n, rel=1e-12)
    low, high = 0.0, 1e9
    for _ in range(200):
        d = (low + high) / 2
        low, high = (d, high) if 2 * d * 50257 + 13 * d**3 / 64 < 10**n else (low, d)
    total = 2 * d * 50257 + (4 + 9 * experts) * d**3 / 64
    assert math.exp(log_total) == pytest.approx(total, rel=1e-9)


def test_a_cap_on_the_total_holds_for_that_layout():
    question = Question(factors={"n_experts": 32.0})
    limits = Constraints(max_total=5e9)
    found = plan(PRESETS["ludziejewski2025"], BUDGET, question=question, constraints=limits)
    assert found.n_total == pytest.approx(5e9, rel=1e-9)
    assert found.at_bound == ("max_total",)
    back = plan(
        PRESETS["ludziejewski2025"],
        Budget(target_loss=found.loss),
        question=question,
        constraints=limits,
    )
    assert back.flops == pytest.approx(1e22, rel=1e-6)


@pytest.mark.parametrize(
    ("name", "sparsity", "says"),
    [
        ("abnar2025", 0.9, "share of inactive experts"),
        ("frantar2023-t5", 0.5, "share of weights that are zero"),
        ("generalized-dense", 0.5, "fitted to dense models alone"),
        ("ludziejewski2025", 0.5, "The loss depends on n_experts; n_total follows n_active given"),
        ("ludziejewski2025", 0.0, "n_total follows n_active as in the models of the paper"),
        ("frantar2023-vit", 0.0, "not nats per token"),
        ("kaplan2020", 0.0, "N leaves embeddings out"),
        ("krajewski2024-moe", 0.9, "routing is counted"),
        ("generalized-2025-08", 0.9, "only c and gamma set"),
    ],
)
def test_a_plan_says_where_the_sources_conventions_differ(name, sparsity, says):
    question = Question(sparsity=sparsity, factors=FACTORS)
    assert any(says in text for text in plan(PRESETS[name], BUDGET, question=question).warnings)
