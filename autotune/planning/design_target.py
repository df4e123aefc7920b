"""From a budget to what a model should cost and hold: M, D, N_a, N, heads and hidden size."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np

from autotune.architecture.sparse_constants import SparseConstants
from autotune.architecture.triad import Triad, of_ratios, refuse_impossible
from autotune.architecture.triad_inverse import solve, widths
from autotune.errors import InfeasibleError
from autotune.laws.source import FittedRange
from autotune.laws.sparse_shape import Origin
from autotune.planning import design_figures, head_schedule, own_figures, roots
from autotune.planning.design_question import DesignQuestion, Figure
from autotune.planning.head_schedule import Heads
from autotune.quantities import format_count
from autotune.types import Interval

Triads: TypeAlias = Callable[[float], Triad]
"""From N/N_a to the triad of the budget."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What whole numbers have to come near.

    Attributes:
        figures: Each number with its rule, in the order in which they follow from the budget.
        triad: M, N_a and N.
        heads: Attention heads.
        constants: What is held fixed, those heads included.
        d_model: Hidden size, not yet whole.
        d_band: Between what possible hidden sizes the loss is near its least; None where nothing
            says, or none is possible.
        d_range: Between what hidden sizes the triad has layers of both kinds.
        times_beyond: How many times the budget lies beyond what the laws were fitted on; 1 inside.
    """

    figures: tuple[Figure, ...]
    triad: Triad
    heads: Heads
    constants: SparseConstants
    d_model: float
    d_range: Interval
    d_band: Interval | None
    times_beyond: float


def target(question: DesignQuestion) -> Target:
    """The continuous design of a budget.

    Raises:
        InputError: If sparsity, heads or parallel sizes cannot be.
        InfeasibleError: If a cap leaves nothing beside the active parameters.
    """
    c, held = question.flops, _constants(question)
    spending = design_figures.spending(question)
    density = design_figures.density(question)
    expansion = design_figures.expansion(question, held)

    def at(value: float) -> Triad:
        return of_ratios(spending[0].value, density=density.value, expansion=value)

    heads = question.heads or head_schedule.scheduled(
        c, at(expansion.value), constants=held, schedule=own_figures.schedule(question)
    )
    held = replace(held, attention=heads.attention)
    question.divisors.refuse_remainders(held)
    expansion = _with_a_dense_layer(question, expansion, at=at, held=held)
    if question.max_total is not None:
        expansion = _capped(question, expansion, at=at, held=held)
    triad = at(expansion.value)
    possible = widths(triad, held)
    if np.isnan(possible.high):
        refuse_impossible(triad, held)
    width = _possible(design_figures.width(question, triad, held), float(possible.high))
    figures = (
        *spending, density, expansion,
        *design_figures.sizes(question, (spending[0], density, expansion), held),
        design_figures.heads(heads), width, *design_figures.steps(question),
    )  # fmt: skip
    return Target(
        figures=figures, triad=triad, heads=heads, constants=held, d_model=width.value,
        d_range=(float(possible.low), float(possible.high)),
        d_band=shared(width.band, (float(possible.low), float(possible.high))),
        times_beyond=float(FittedRange(flops=question.fitted_range).times_outside(flops=c)["flops"]),
    )  # fmt: skip


def _constants(question: DesignQuestion) -> SparseConstants:
    """With the heads of the nearest scale, until they are chosen."""
    return SparseConstants(
        attention=own_figures.schedule(question).at(question.flops).attention,
        dense_ratio=float(question.dense),
        n_experts=question.n_experts,
        top_k=question.top_k,
        n_shared=question.n_shared,
        seq_len=question.seq_len,
    )


def _with_a_dense_layer(
    question: DesignQuestion, expansion: Figure, *, at: Triads, held: SparseConstants
) -> Figure:
    """N/N_a, lowered inside its flat zone where experts would leave no dense layer beside them.

    Far beyond the fitted range, extrapolated M/N_a leaves few parameters of attention, and N/N_a
    many of experts: at the hidden size of the width rule the layers of both are then more than all.
    """

    def spare(value: float) -> float:
        triad = at(value)
        d = design_figures.width(question, triad, held).value
        dense = float(solve(triad, d, constants=held).n_dense_layers)
        return (0.0 if math.isnan(dense) else dense) - 1  # impossible: not even its attention fits

    least = design_figures.least_expansion(question, expansion, held)
    if spare(expansion.value) >= 0 or expansion.value <= least:
        return expansion
    zone = "flat zone" if expansion.band is None else "near-optimal band"
    value = least if spare(least) <= 0 else roots.bracketed(spare, (least, expansion.value))
    return Figure(
        name=expansion.name, value=value, origin=Origin.OURS, source=expansion.source,
        band=expansion.band, best=expansion.best,
        rule=f"lowered from {expansion.value:.4g} in the {zone}, so that one layer is dense",
    )  # fmt: skip


def shared(band: Interval | None, possible: Interval) -> Interval | None:
    """The part of a band that is possible, None where there is none."""
    if band is None or band[0] >= possible[1] or band[1] <= possible[0]:
        return None
    return max(band[0], possible[0]), min(band[1], possible[1])


def _possible(width: Figure, most: float) -> Figure:
    """The hidden size of a rule, or the largest that the triad allows."""
    if width.value <= most:
        return width
    rule = f"the largest possible: {width.rule} asks for {width.value:.4g}"
    return replace(width, value=most, rule=rule, origin=Origin.OURS, interval=None)


def _capped(
    question: DesignQuestion, expansion: Figure, *, at: Triads, held: SparseConstants
) -> Figure:
    """N/N_a that leaves room for both embeddings under the cap on all parameters."""
    cap, triad = question.max_total, at(expansion.value)
    assert cap is not None
    n_active = float(triad.n_active)
    ends = 2 * question.vocabulary * design_figures.width(question, triad, held).value
    most = (cap - ends) / n_active
    if most >= expansion.value:
        return expansion
    if most <= 1:
        raise InfeasibleError(
            f"max_total {format_count(cap)} and flops {question.flops:g} contradict each other: "
            f"the budget asks for {format_count(n_active)} active parameters and "
            f"{format_count(ends)} of embeddings. Raise the cap, or lower the budget."
        )
    return Figure(
        name=expansion.name, value=most, origin=Origin.GIVEN, band=expansion.band,
        best=expansion.best,
        rule=f"lowered from {expansion.value:.4g} by the cap of {format_count(cap)} parameters",
    )  # fmt: skip
