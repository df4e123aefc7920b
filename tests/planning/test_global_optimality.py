"""Nothing allowed beats a plan: searched at random, and bounded with proof."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autotune.laws.catalogue import PRESETS
from autotune.planning import branch_and_bound
from autotune.planning.budget import Budget
from autotune.planning.constraints import Constraints
from autotune.planning.planner import plan
from autotune.planning.question import Hold, Question
from autotune.planning.region import Region
from autotune.planning.surface import Surface

SPARSE = [
    "generalized-pruning",
    "generalized-moe",
    "generalized-2025-08",
    "generalized-moe-inferred",
    "abnar2025",
    "frantar2023-t5",
]
budgets = st.floats(18, 26).map(lambda x: 10**x)
totals = st.floats(8, 12.5).map(lambda x: 10**x)
LOOK = 20_000


def best_found(law, n, tokens, sparsity):
    """Least loss over points, then over ever closer neighbours of the best one."""
    losses = law.loss(n, tokens, sparsity)
    return float(losses.min()), int(losses.argmin())


@pytest.mark.parametrize("name", SPARSE)
@given(flops=budgets, total=totals)
@settings(max_examples=15)
def test_no_sparsity_at_the_same_total_is_better(name, flops, total):
    question = Question(hold=Hold.TOTAL, n_total=total)
    found = plan(PRESETS[name], Budget(flops=flops), question=question)
    centre, width = found.sparsity, 1.0
    for _ in range(4):
        sparsity = np.clip(centre + width * np.linspace(-1, 1, LOOK), 0, 0.9999)
        n = total * (1 - sparsity)
        keep = flops / (6 * n) >= 1
        if not keep.any():
            return
        least, _ = best_found(PRESETS[name], n[keep], flops / (6 * n[keep]), sparsity[keep])
        assert found.loss <= least * (1 + 1e-9)
        width /= 50
    assert found.certificate <= 2e-9


@pytest.mark.parametrize("name", SPARSE)
@given(flops=budgets, total=totals | st.none(), seed=st.integers(0, 2**32 - 1))
@settings(max_examples=10)
def test_no_size_and_sparsity_under_the_cap_is_better(name, flops, total, seed):
    question, cap = Question(hold=Hold.NOTHING), Constraints(max_total=total)
    found = plan(PRESETS[name], Budget(flops=flops), question=question, constraints=cap)
    rng = np.random.default_rng(seed)
    for width in (30.0, 3.0, 0.1, 1e-3):
        n = found.n_active * np.exp(width * rng.uniform(-1, 1, LOOK))
        kept = (1 - found.sparsity) * np.exp(width * rng.uniform(-1, 1, LOOK))
        kept = np.clip(kept, 1e-4, 1.0)
        tokens = flops / (6 * n)
        keep = (n >= 1) & (tokens >= 1) & (n / kept <= (total or np.inf))
        if keep.any():
            least, _ = best_found(PRESETS[name], n[keep], tokens[keep], 1 - kept[keep])
            assert found.loss <= least * (1 + 1e-9)
    assert found.certificate <= 2e-9


@pytest.mark.parametrize("name", SPARSE)
@given(n=st.floats(6, 12).map(lambda x: 10**x), d=st.floats(8, 14).map(lambda x: 10**x))
@settings(max_examples=15)
def test_no_sparsity_at_the_same_size_and_tokens_is_better(name, n, d):
    question = Question(hold=Hold.TOKENS, n_active=n)
    found = plan(PRESETS[name], Budget(flops=6 * n * d), question=question)
    sparsity = -np.expm1(np.linspace(np.log(1e-4), 0, LOOK))
    assert found.tokens == pytest.approx(d, rel=1e-12)
    assert found.loss <= PRESETS[name].loss(n, d, np.clip(sparsity, 0, 0.9999)).min() * (1 + 1e-9)


@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=25)
def test_the_lower_bound_holds_for_random_signomials(seed):
    """Sums of exponentials with terms of either sign, on a box cut by a line."""
    rng = np.random.default_rng(seed)
    terms = rng.integers(2, 7)
    k, p, r = rng.normal(size=(3, terms))
    none = np.zeros(terms)
    surface = Surface(k, p, none, none, r)
    region = Region((-2.0, 3.0), (0.0, 2.5), cap=float(rng.uniform(-1.5, 6)))
    found = branch_and_bound.minimise(surface, region, tolerance=1e-7)
    n, u = rng.uniform(-2, 3, LOOK), rng.uniform(0, 2.5, LOOK)
    keep = n + u <= region.cap
    assert found.lower <= found.value
    assert found.value - found.lower <= 2e-7 * abs(found.value) + 1e-12
    if keep.any():
        assert surface.value(n[keep], u[keep]).min() >= found.lower
    assert region.n[0] <= found.n <= region.n[1]
    assert region.u[0] <= found.u <= region.u[1]
    assert found.n + found.u <= region.cap + 1e-12


def test_two_valleys_do_not_mislead_the_search():
    """Two valleys with a bump between: the shallower one is next to the lower end."""
    k = np.array([1.0, 1.0, -5.9, -6.0])
    p = np.array([3.0, -3.0, 1.5, -1.5])
    none = np.zeros(4)
    surface = Surface(k, p, none, none, none)
    found = branch_and_bound.minimise(surface, Region((-5.0, 2.0)), tolerance=1e-9)
    n = np.linspace(-5, 2, 1_000_001)
    values = surface.value(n, np.zeros_like(n))
    assert found.value == pytest.approx(values.min(), rel=1e-9)
    assert found.n == pytest.approx(n[values.argmin()], abs=1e-4)
    jet = surface.jet(np.asarray(found.n), np.zeros(()))
    assert abs(float(jet.by_n / jet.by_nn)) < 1e-9, "a Newton step still moves the answer"
