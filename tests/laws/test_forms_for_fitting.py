"""The forms without published coefficients nest the published ones, and can be planned with."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autotune.laws.catalogue import PRESETS
from autotune.laws.coupled import CoupledLaw
from autotune.laws.effective import EffectiveLaw
from autotune.laws.frantar import FrantarLaw
from autotune.laws.interaction import InteractionLaw
from autotune.planning.budget import Budget
from autotune.planning.planner import plan
from autotune.planning.question import Question

HOFFMANN = PRESETS["besiroglu2024"]
NUMBERS = HOFFMANN.coefficients
SOURCE = HOFFMANN.source
INTERACTION = InteractionLaw(**NUMBERS, t=0.4, C=-3e4, source=SOURCE)

sizes, tokens = st.floats(1e6, 1e13), st.floats(1e8, 1e15)
sparsities, worths = st.floats(0, 0.99), st.floats(-1, 2)


@given(n=sizes, d=tokens, s=sparsities)
def test_the_effective_size_is_active_at_t_zero_and_total_at_t_one(n, d, s):
    active, total = (EffectiveLaw(**NUMBERS, t=t, source=SOURCE) for t in (0.0, 1.0))
    assert active.loss(n, d, s) == pytest.approx(HOFFMANN.loss(n, d), rel=1e-12)
    assert total.loss(n, d, s) == pytest.approx(HOFFMANN.loss(n / (1 - s), d), rel=1e-12)


@given(n=sizes, d=tokens, t=worths, c=st.floats(-1e5, 1e5))
def test_dense_models_do_not_depend_on_the_worth_of_parameters_held(n, d, t, c):
    effective = EffectiveLaw(**NUMBERS, t=t, source=SOURCE)
    assert effective.loss(n, d) == pytest.approx(HOFFMANN.loss(n, d), rel=1e-12)
    one = replace(INTERACTION, t=t, C=c).loss(n, d)
    assert one == pytest.approx(replace(INTERACTION, t=0.0, C=c).loss(n, d), rel=1e-12)


@given(n=sizes, d=tokens, s=sparsities, t=worths)
def test_without_interaction_it_is_the_effective_size_law(n, d, s, t):
    effective = EffectiveLaw(**NUMBERS, t=t, source=SOURCE)
    without = replace(INTERACTION, t=t, C=0.0)
    assert without.loss(n, d, s) == pytest.approx(effective.loss(n, d, s), rel=1e-12)


@given(n=sizes, d=tokens, s=sparsities)
def test_two_factors_that_multiply_are_an_interaction(n, d, s):
    """(1 + A/N_e^alpha) (E + B/D^beta) has C = A B."""
    size = (n * (1 - s) ** -INTERACTION.t) ** -INTERACTION.alpha
    data = d**-INTERACTION.beta
    product = (1 + 300 * size) * (1.8 + 2000 * data)
    law = replace(INTERACTION, E=1.8, A=1.8 * 300, B=2000, C=300 * 2000)
    assert law.loss(n, d, s) == pytest.approx(product, rel=1e-12)


@given(n=sizes, d=tokens, s=sparsities)
def test_the_coupled_law_without_interaction_is_that_of_frantar(n, d, s):
    frantar = PRESETS["frantar2023-t5"]
    assert isinstance(frantar, FrantarLaw)
    coupled = CoupledLaw(
        E=frantar.c, a=frantar.a_S, delta=frantar.b_S, c=frantar.c_S, h=0.0, alpha=frantar.b_N,
        B=frantar.a_D**frantar.b_D, beta=frantar.b_D, source=SOURCE,
    )  # fmt: skip
    assert coupled.loss(n, d, s) == pytest.approx(frantar.loss(n, d, s), rel=1e-12)


@given(n=sizes, d=tokens, s=sparsities, t=worths)
def test_the_coupled_law_without_constant_and_interaction_is_the_effective_size_law(n, d, s, t):
    effective = EffectiveLaw(**NUMBERS, t=t, source=SOURCE)
    coupled = CoupledLaw(
        E=effective.E, a=effective.A, delta=t * effective.alpha, c=0.0, h=0.0,
        alpha=effective.alpha, B=effective.B, beta=effective.beta, source=SOURCE,
    )  # fmt: skip
    assert coupled.loss(n, d, s) == pytest.approx(effective.loss(n, d, s), rel=1e-12)


@pytest.mark.parametrize("interaction", [-3e4, 0.0, 3e5])
def test_a_plan_with_an_interaction_of_either_sign_is_the_best_split_of_the_budget(interaction):
    law = replace(INTERACTION, C=interaction)
    best = plan(law, Budget(flops=1e21), question=Question(sparsity=0.5))
    n = np.geomspace(1e7, 1e12, 20001)
    least = law.loss(n, 1e21 / 6 / n, 0.5).min()
    assert best.loss <= least * (1 + 1e-12)
    assert best.loss == pytest.approx(least, rel=1e-6)
