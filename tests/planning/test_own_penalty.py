"""What a fit says that a shape costs: nothing at the best, the tolerance at the ends of a band."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_stacks import HEADS, paper
from made_surface import LIMIT, Surface, runs

from autotune.architecture.stack_cost import stack_cost
from autotune.architecture.triad import of_ratios
from autotune.architecture.triad_inverse import solve, widths
from autotune.fitting.shape_fit import fit_shape
from autotune.fitting.shape_settings import ShapeSettings
from autotune.planning.design import candidates
from autotune.planning.design_question import DesignQuestion, Figure, OwnLaws
from autotune.planning.design_target import target
from autotune.planning.joint_design import joint, models
from autotune.planning.near_optimal_curves import DensityCurve, ExpansionCurve, Parabola
from autotune.planning.own_penalty import rise

positive = st.floats(0.01, 10)
CURVES = {
    "M/N_a": st.builds(DensityCurve, a=positive, b=positive, c=st.floats(0.5, 3)),
    "N/N_a": st.builds(
        ExpansionCurve, a=positive, b=positive, c=st.floats(0.5, 3), limit=st.just(LIMIT)
    ),
    "d": st.builds(Parabola, least=positive, k=st.floats(1e-6, 1e-4), best=st.just(1000.0)),
}


def figure(name, curve, tolerance):
    return Figure(
        name=name, value=0, rule="", origin="fit ours", best=float(curve.best),
        band=tuple(map(float, curve.band(tolerance))),
    )  # fmt: skip


@pytest.mark.parametrize("name", CURVES)
@settings(max_examples=30)
@given(data=st.data(), tolerance=st.floats(1e-4, 1e-2), at=st.floats(0, 1))
def test_a_shape_in_a_band_costs_what_the_curve_of_the_band_says(name, data, tolerance, at):
    curve = data.draw(CURVES[name])
    made = figure(name, curve, tolerance)
    low, high = made.band
    x = np.array([low, high, made.best, low + at * (high - low)])
    found = rise([made], {name: x}, limit=LIMIT, tolerance=tolerance)
    assert found[:2] == pytest.approx(tolerance, rel=1e-5)
    assert found[2] == pytest.approx(0, abs=1e-9)
    if name == "d":
        expected = curve.k * (x[3] - curve.best) ** 2 / curve.least
    else:
        expected = curve.loss(x[3]) / curve.loss(curve.best) - 1
    assert found[3] == pytest.approx(expected, rel=1e-4, abs=1e-9)


def test_numbers_add_up_and_those_without_a_band_cost_nothing():
    made = [figure("d", Parabola(least=2.0, k=1e-6, best=1000.0), 1e-3),
            figure("M/N_a", DensityCurve(a=0.1, b=0.1, c=2.0), 1e-3),
            Figure(name="M", value=1, rule="", origin="paper")]  # fmt: skip
    x = {"d": np.array(1100.0), "M/N_a": np.array(8.0), "M": np.array(5.0)}
    both = rise(made, x, limit=LIMIT, tolerance=1e-3)
    parts = [float(rise([each], x, limit=LIMIT, tolerance=1e-3)) for each in made[:2]]
    assert both == pytest.approx(sum(parts))
    assert rise(made[2:], x, limit=LIMIT, tolerance=1e-3) is None


@pytest.fixture(scope="module")
def own():
    shape = fit_shape(runs(ranks=False)[1], ShapeSettings(bootstrap=0)).shape
    return OwnLaws(name="ours", shape=shape, source="made")


@pytest.mark.parametrize("flops", [1e19, 1e20, 3e20])
def test_designs_cost_on_the_surface_what_the_fit_of_its_runs_says(own, flops):
    """Within 15 % or 0.01 % of the loss: bands between budgets are power laws of their own."""
    question = DesignQuestion(flops=flops, own=own)
    asked = target(question)
    found = candidates(question, asked, top=8)
    held, surface = paper(*HEADS[flops]), Surface()
    for each in found:
        middle = widths(each.triad, held).middle
        truth = float(surface.rise(flops, each.triad, each.model.d_model, middle, held=held))
        assert each.loss_rise == pytest.approx(truth, rel=0.15, abs=1e-4)
    ranked = [each.loss_rise for each in found[1:]]
    assert ranked == sorted(ranked)
    assert len(found) == 8


def test_without_a_fit_no_loss_is_predicted():
    question = DesignQuestion(flops=1e20)
    assert candidates(question, target(question), top=1)[0].loss_rise is None


def test_heads_share_keys_and_dense_layers_are_wide_as_in_the_runs(own):
    scales = tuple(replace(scale, queries_per_kv=4) for scale in own.shape.scales)
    other = replace(own, shape=replace(own.shape, scales=scales, dense_ratio=4))
    for flops in (1e20, 3e21):
        question = DesignQuestion(flops=flops, own=other)
        asked = target(question)
        heads = asked.constants.attention
        assert heads.n_heads == 4 * heads.n_kv_heads
        model = candidates(question, asked, top=1)[0].model
        assert model.ffn.width == 4 * model.d_model


@pytest.mark.parametrize("flops", [1e20, 3e21])
def test_beside_own_laws_a_law_chooses_m_alone(own, flops):
    """Ratios stay, and so does the place of d among possible ones: the fit counts it so."""
    question = DesignQuestion(flops=flops, own=own)
    plain, found = target(question), joint(question, "abnar2025")
    chosen, known = found.target, {each.name: each for each in plain.figures}
    figures = {each.name: each for each in chosen.figures}
    assert found.n_designs == 4 * 40
    for name in ("M/N_a", "N/N_a"):
        assert figures[name] == known[name]
    assert figures["M"].origin == "scan"
    assert chosen.d_model / sum(chosen.d_range) == pytest.approx(
        plain.d_model / sum(plain.d_range), rel=0.02
    )
    sizes = [figures["M"].value * factor for factor in (0.97, 1.03)]
    losses = [_spent(found, size, flops) for size in (sizes[0], figures["M"].value, sizes[1])]
    assert losses[1] == min(losses)
    first, *rest = models(question, found, top=4)
    assert [each.loss_rise for each in rest] == sorted(each.loss_rise for each in rest)
    assert first.tokens * 3 * first.inference_flops == pytest.approx(flops)


def _spent(found, m, flops):
    """The law's loss at another M, with the ratios and the place of d that were chosen."""
    asked = found.target
    sizes = of_ratios(m, density=asked.triad.density, expansion=asked.triad.expansion)
    d = asked.d_model / (sum(asked.d_range) / 2) * widths(sizes, asked.constants).middle
    stack = solve(sizes, d, constants=asked.constants)
    cost = stack_cost(stack, asked.constants, vocabulary=152064)
    return float(found.loss(sizes, stack, flops / cost.flops_per_token))


def test_a_cap_lowers_m_beside_own_laws_and_leaves_their_ratios(own):
    free = joint(DesignQuestion(flops=1e20, own=own), "abnar2025").target.triad
    cap = 0.6 * float(free.n_total)
    question = DesignQuestion(flops=1e20, own=own, max_total=cap)
    found = joint(question, "abnar2025")
    capped = found.target.triad
    assert (capped.density, capped.expansion) == pytest.approx((free.density, free.expansion))
    assert capped.flops_per_token < 0.65 * free.flops_per_token
    assert all(each.count.total <= cap for each in models(question, found, top=3))
