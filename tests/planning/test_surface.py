"""The surface that a plan minimises: its derivatives, its curves, and its convex parts."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autotune.laws.catalogue import PRESETS
from autotune.planning.objective import Objective
from autotune.planning.spending import Spending

STEP = 1e-4
NAMES = ["abnar2025", "generalized-moe", "generalized-2025-08", "muennighoff2023", "kaplan2020"]
sizes = st.floats(15, 28)
expansions = st.floats(0.1, 8)
spendings = st.builds(Spending, st.floats(1e22, 1e25), st.sampled_from([0.0, 1e10, 1e12]))
corpora = st.none() | st.floats(1e10, 1e12)


def surface_of(name, spending, unique):
    return Objective.of(PRESETS[name], {}, unique_tokens=unique).surface(spending)


@pytest.mark.parametrize("name", NAMES)
@given(n=sizes, u=expansions, spending=spendings, unique=corpora)
def test_gradient_and_hessian_agree_with_differences(name, n, u, spending, unique):
    n = min(n, np.log(spending.size_for_tokens(1e11)))
    surface = surface_of(name, spending, unique)
    jet = surface.jet(np.asarray(n), np.asarray(u))

    def slopes(by_n, by_u):
        ahead, behind = (
            surface.jet(np.asarray(n + s * by_n * STEP), np.asarray(u + s * by_u * STEP))
            for s in (1, -1)
        )
        return [float(a - b) / (2 * STEP) for a, b in zip(ahead, behind, strict=True)]

    along_n, along_u = slopes(1, 0), slopes(0, 1)
    close = {"rel": 1e-4, "abs": 1e-6 * float(jet.value)}
    assert float(jet.value) == pytest.approx(float(surface.value(np.asarray(n), np.asarray(u))))
    assert float(jet.by_n) == pytest.approx(along_n[0], **close)
    assert float(jet.by_u) == pytest.approx(along_u[0], **close)
    assert float(jet.by_nu) == pytest.approx(along_u[1], **close)
    assert float(jet.by_nu) == pytest.approx(along_n[2], **close)
    assert float(jet.by_uu) == pytest.approx(along_u[2], **close)
    if unique is None:  # repetition starts with a kink in the slope
        assert float(jet.by_nn) == pytest.approx(along_n[1], **close)


@pytest.mark.parametrize("name", NAMES)
@given(n=sizes, u=expansions, spending=spendings, unique=corpora)
def test_each_curve_runs_on_the_surface(name, n, u, spending, unique):
    n = min(n, np.log(spending.size_for_tokens(1e11)))
    surface = surface_of(name, spending, unique)
    at, zero = float(surface.value(np.asarray(n), np.asarray(u))), np.zeros(())
    assert float(surface.at_expansion(u).value(np.asarray(n), zero)) == pytest.approx(at, rel=1e-9)
    assert float(surface.at_total(n + u).value(np.asarray(n), zero)) == pytest.approx(at, rel=1e-9)
    assert float(surface.at_size(n).value(np.asarray(u), zero)) == pytest.approx(at, rel=1e-9)


@pytest.mark.parametrize("name", NAMES)
@given(n=sizes, u=expansions, spending=spendings, unique=corpora)
def test_both_parts_of_the_surface_are_convex_and_differ_by_it(name, n, u, spending, unique):
    n = min(n, np.log(spending.size_for_tokens(1e11)))
    surface = surface_of(name, spending, unique)
    parts = surface.split()
    values = [float(part.value(np.asarray(n), np.asarray(u))) for part in parts]
    assert values[0] - values[1] == pytest.approx(
        float(surface.value(np.asarray(n), np.asarray(u))), rel=1e-9
    )
    for part in parts:
        jet = part.jet(np.asarray(n), np.asarray(u))
        hessian = np.array([[jet.by_nn, jet.by_nu], [jet.by_nu, jet.by_uu]], dtype=float)
        assert np.linalg.eigvalsh(hessian).min() >= -1e-12 * np.abs(hessian).max()


@pytest.mark.parametrize("name", NAMES)
@given(n=sizes, u=expansions, spending=spendings, unique=corpora)
def test_the_surface_is_the_law_within_the_budget(name, n, u, spending, unique):
    law = PRESETS[name]
    size = min(np.exp(n), spending.size_for_tokens(1e9))
    objective = Objective.of(law, {}, unique_tokens=unique)
    value = objective.surface(spending).value(np.log(size), np.asarray(u))
    sparsity = -np.expm1(-u)
    loss = objective.loss(size, spending.tokens(size), sparsity)
    assert objective.loss_of(float(value)) == pytest.approx(loss, rel=1e-9)
    assert objective.loss_of(objective.value_of(loss)) == pytest.approx(loss, rel=1e-12)
