"""A team's own laws of the best shape of sparse models, from a table of finished runs."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from autotune.architecture.attention import GroupedQuery
from autotune.errors import FitError
from autotune.fitting import shape_caveats, shape_powers
from autotune.fitting.shape_budget import BudgetFit, fit_budget, noise, redrawn, with_known
from autotune.fitting.shape_curves import CURVED, HELD
from autotune.fitting.shape_powers import Points
from autotune.fitting.shape_runs import ShapeRuns
from autotune.fitting.shape_settings import ShapeSettings
from autotune.laws.fitted_shape import (
    SHAPE_NUMBERS,
    Banded,
    FittedPower,
    FittedShape,
    ShapeNumber,
)
from autotune.laws.sparse_shape import Scale
from autotune.types import Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class ShapeFit:
    """The laws, and the evidence to judge them.

    Attributes:
        shape: The laws.
        budgets: What each budget says, least compute first.
        settings: How it was made.
        n_runs: Runs of the table.
        weak: What the runs do not settle: laws that are missing, budgets left out, orders lost.
        warnings: What is worth knowing.
    """

    shape: FittedShape
    budgets: tuple[BudgetFit, ...]
    settings: ShapeSettings
    n_runs: int
    weak: tuple[str, ...]
    warnings: tuple[str, ...]


def fit_shape(runs: ShapeRuns, settings: ShapeSettings) -> ShapeFit:
    """Fit every law that the runs have something to say about.

    Residuals of the curves of a budget are drawn anew over its runs; learning rates and batches
    come from runs drawn with replacement.

    Raises:
        FitError: If no law has two budgets with a best value.
    """
    rng, limit = np.random.default_rng(settings.seed), runs.max_expansion
    found, noises = [], []
    for rows in runs.budgets():
        budget = fit_budget(runs, rows, settings, rng)
        found.append(budget)
        noises.append(noise(budget, settings, rng))
    triplets = _triplets(found, noises, limit)
    for i, budget in enumerate(found):
        known = {n: np.array([law.value(budget.flops)]) for n, law in triplets.items()}
        found[i] = with_known(budget, runs, known=known)
    drawn = [
        redrawn(each, here, known={n: law.drawn(each.flops) for n, law in triplets.items()})
        for each, here in zip(found, noises, strict=True)
    ]
    points = {number: _points(number, found, drawn) for number in SHAPE_NUMBERS}
    laws = {number: shape_powers.banded(points[number], limit) for number in SHAPE_NUMBERS}
    kept = {number: law for number, law in laws.items() if law is not None}
    if not kept:
        raise FitError(
            f"{runs.name}: no law can be fitted: two budgets with a best value are needed, and "
            f"{shape_caveats.why_none(found)}."
        )
    return ShapeFit(
        shape=_shape(runs, found, kept, settings), budgets=tuple(found), settings=settings,
        n_runs=len(runs), weak=tuple(shape_caveats.weak(found, kept)),
        warnings=tuple(shape_caveats.warnings(runs, found, kept, points)),
    )  # fmt: skip


def _triplets(
    found: list[BudgetFit], noises: list[Floats], limit: float
) -> dict[ShapeNumber, FittedPower]:
    """The laws of the best M, M/N_a and N/N_a, whose curves do not depend on the hidden size."""
    drawn = [redrawn(each, here) for each, here in zip(found, noises, strict=True)]
    laws = {n: shape_powers.banded(_points(n, found, drawn), limit) for n in HELD}
    return {number: law.best for number, law in laws.items() if law is not None}


def _points(
    number: ShapeNumber, found: list[BudgetFit], drawn: list[dict[ShapeNumber, Floats]]
) -> Points:
    """The budgets that have a best value of a number."""
    at = [i for i, each in enumerate(drawn) if number in each]
    count = next((len(each[number]) for each in drawn if number in each), 0)
    ends = [
        found[i].curves[number].ends if number in CURVED else found[i].steps[number].ends
        for i in at
    ]
    return Points(
        number=number,
        flops=np.array([found[i].flops for i in at]),
        ends=np.array(ends).reshape(-1, 3),
        draws=np.array([drawn[i][number] for i in at]).reshape(len(at), count, 3),
    )


def _shape(
    runs: ShapeRuns,
    found: list[BudgetFit],
    laws: Mapping[ShapeNumber, Banded],
    settings: ShapeSettings,
) -> FittedShape:
    held = runs.held[0]
    return FittedShape(
        laws=laws, n_experts=held.n_experts, top_k=held.top_k, n_shared=held.n_shared,
        dense_ratio=held.dense_ratio, seq_len=held.seq_len,
        scales=tuple(_scale(runs, each) for each in found),
        flops=(found[0].flops, found[-1].flops),
        tolerance=settings.tolerance, level=settings.level,
    )  # fmt: skip


def _scale(runs: ShapeRuns, budget: BudgetFit) -> Scale:
    """The heads that most runs of a budget have."""
    heads = runs.commonest(budget.rows).attention
    assert isinstance(heads, GroupedQuery)
    return Scale(budget.flops, heads.n_heads, heads.head_dim, heads.n_heads // heads.n_kv_heads)
