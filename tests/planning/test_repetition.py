"""Repeated tokens are worth less, and a plan with a limited corpus takes that into account."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autotune.laws.catalogue import PRESETS
from autotune.laws.muennighoff import effective_tokens
from autotune.planning.budget import Budget
from autotune.planning.constraints import Constraints
from autotune.planning.planner import plan
from autotune.planning.question import Question

budgets = st.floats(21, 25).map(lambda x: 10**x)
corpora = st.floats(9.5, 13).map(lambda x: 10**x)


@given(flops=budgets, unique=corpora, ratio=st.floats(-2, 2))
def test_no_other_split_of_the_budget_is_better_with_repeated_tokens(flops, unique, ratio):
    law = PRESETS["besiroglu2024"]
    found = plan(law, Budget(flops=flops), constraints=Constraints(unique_tokens=unique))
    n = found.n_active * math.exp(ratio)
    worth = effective_tokens(flops / (6 * n), unique)
    assert float(law.loss(n, worth)) >= found.loss * (1 - 1e-12)


@given(flops=budgets, unique=corpora, ratio=st.floats(-2, 2))
def test_no_other_split_is_better_under_the_data_constrained_law_itself(flops, unique, ratio):
    law = PRESETS["muennighoff2023"]
    found = plan(law, Budget(flops=flops), constraints=Constraints(unique_tokens=unique))
    n = found.n_active * math.exp(ratio)
    assert float(law.loss(n, flops / (6 * n), unique_tokens=unique)) >= found.loss * (1 - 1e-12)


@given(flops=budgets, sparsity=st.floats(0, 0.99))
def test_a_corpus_that_is_large_enough_changes_nothing(flops, sparsity):
    law, question = PRESETS["generalized-2025-08"], Question(sparsity=sparsity)
    free = plan(law, Budget(flops=flops), question=question)
    limits = Constraints(unique_tokens=10 * free.tokens)
    found = plan(law, Budget(flops=flops), question=question, constraints=limits)
    assert found.n_active == pytest.approx(free.n_active, rel=1e-9)
    assert found.effective_tokens == found.tokens


def test_a_small_corpus_asks_for_a_larger_model_and_says_how_often_it_repeats():
    law = PRESETS["hoffmann2022"]
    free = plan(law, Budget(flops=1e23))
    found = plan(law, Budget(flops=1e23), constraints=Constraints(unique_tokens=5e10))
    assert found.n_active > free.n_active
    assert found.tokens > found.effective_tokens > 5e10
    assert found.loss > free.loss
    epochs = found.tokens / 5e10
    assert any(f"Repeats the data {epochs:.3g} times" in text for text in found.warnings)


def test_the_worth_of_a_corpus_is_capped_as_published():
    """D' <= (1 + R_D) U with R_D = 15.387756."""
    limits = Constraints(unique_tokens=1e9, max_active=1e9)
    found = plan(PRESETS["hoffmann2022"], Budget(flops=1e25), constraints=limits)
    assert found.effective_tokens == pytest.approx(16.387756e9, rel=1e-9)
    assert np.isfinite(found.loss)
