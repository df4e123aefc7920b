"""A team's own laws of the best shape of sparse models, from a table of finished runs."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from autotune import checks
from autotune.architecture.attention import GroupedQuery
from autotune.errors import FitError, InputError
from autotune.fitting import rank_gate, shape_powers, shape_steps
from autotune.fitting.rank_gate import RankGate
from autotune.fitting.shape_curves import CURVED, CurveState, ShapeCurve, Together, fit_curves
from autotune.fitting.shape_powers import Points
from autotune.fitting.shape_runs import ShapeRuns
from autotune.fitting.shape_steps import NearBest
from autotune.laws.fitted_shape import LABELS, SHAPE_NUMBERS, Banded, FittedShape, ShapeNumber
from autotune.laws.sparse_shape import Scale
from autotune.types import Floats

STEPS: tuple[ShapeNumber, ...] = ("lr", "batch_tokens")
UNEVEN = 2.0
"""Scatter of budgets about a law, in standard deviations of their noise, that is worth saying."""
WIDE_BUDGET = 1.02
LOST = 0.05
"""Share of resamples without a minimum that is worth saying."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShapeSettings:
    """How a fit is made.

    Attributes:
        tolerance: How far above its least the loss may be in a band, as a share.
        bootstrap: Resamples.
        level: Coverage of intervals.
        seed: Of the resamples.
    """

    tolerance: float = 1e-3
    bootstrap: int = 1000
    level: float = 0.95
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse what cannot be."""
        if not 0 < self.tolerance < 1:
            raise InputError(f"tolerance {self.tolerance:g}: it is a share of the least loss.")
        if not 0 < self.level < 1:
            raise InputError(f"level {self.level:g}: a coverage lies between 0 and 1.")
        checks.at_least("bootstrap", self.bootstrap, 0, hint="0 for no intervals.")
        checks.at_least("seed", self.seed, 0, hint="Any whole number.")


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetFit:
    """What the runs of one budget say.

    Attributes:
        flops: The budget, the median of its runs.
        rows: Indices of its runs.
        curves: By number.
        joint: What the curves were fitted with, None if no number has enough values.
        steps: By `lr` and `batch_tokens`, where the runs have them.
        gate: The comparison of orders, None where there is none to make.
    """

    flops: float
    rows: NDArray[np.int64]
    curves: Mapping[ShapeNumber, ShapeCurve]
    joint: Together | None
    steps: Mapping[ShapeNumber, NearBest]
    gate: RankGate | None


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
    rng = np.random.default_rng(settings.seed)
    found, drawn = [], []
    for rows in runs.budgets():
        budget = _budget(runs, rows, settings, rng)
        found.append(budget)
        drawn.append(_redrawn(budget, settings, rng))
    points = {number: _points(number, found, drawn) for number in SHAPE_NUMBERS}
    limit = runs.max_expansion
    laws = {number: shape_powers.banded(points[number], limit) for number in SHAPE_NUMBERS}
    kept = {number: law for number, law in laws.items() if law is not None}
    if not kept:
        raise FitError(
            f"{runs.name}: no law can be fitted: two budgets with a best value are needed, and "
            f"{_why_none(found)}."
        )
    return ShapeFit(
        shape=_shape(runs, found, kept, settings), budgets=tuple(found), settings=settings,
        n_runs=len(runs), weak=tuple(_weak(found, kept)),
        warnings=tuple(_warnings(runs, found, kept, points)),
    )  # fmt: skip


def _budget(
    runs: ShapeRuns, rows: NDArray[np.int64], settings: ShapeSettings, rng: np.random.Generator
) -> BudgetFit:
    curves, joint = fit_curves(runs, rows, tolerance=settings.tolerance)
    steps: dict[ShapeNumber, Floats | None] = {"lr": runs.lr, "batch_tokens": runs.batch_tokens}
    return BudgetFit(
        flops=float(np.median(runs.flops[rows])),
        rows=rows,
        curves=curves,
        joint=joint,
        steps={
            number: shape_steps.near_best(
                values, runs.loss, rows, count=settings.bootstrap, rng=rng
            )
            for number in STEPS
            if (values := steps[number]) is not None
        },
        gate=rank_gate.gate(runs, rows),
    )


def _redrawn(
    budget: BudgetFit, settings: ShapeSettings, rng: np.random.Generator
) -> dict[ShapeNumber, Floats]:
    """Best values and bands in each resample, shape (count, 3), of the numbers that have one."""
    drawn = {number: each.draws for number, each in budget.steps.items()}
    joint = budget.joint
    if joint is not None:
        pool = joint.residual - joint.residual.mean() if joint.residual.size else np.zeros(1)
        noise = rng.choice(pool, (settings.bootstrap, len(joint.rows)))
        drawn |= {
            number: ends
            for number, ends in joint.redrawn(noise).items()
            if budget.curves[number].state is CurveState.FITTED
        }
    return drawn


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


def _why_none(found: list[BudgetFit]) -> str:
    if len(found) < shape_powers.FEWEST_BUDGETS:
        return f"all runs share the budget of {found[0].flops:.3g} FLOPs"
    states = [
        f"{LABELS[number]} {curve.state.value}"
        for number, curve in found[0].curves.items()
        if curve.state is not CurveState.FITTED
    ]
    return f"at {found[0].flops:.3g} FLOPs: {'; '.join(states)}"


def _weak(found: list[BudgetFit], laws: Mapping[ShapeNumber, Banded]) -> Iterator[str]:
    for number in CURVED:
        left = [
            (each.flops, each.curves[number].state)
            for each in found
            if each.curves[number].state not in (CurveState.FITTED, CurveState.FEW)
        ]
        for flops, state in left:
            yield f"{LABELS[number]} at {flops:.3g} FLOPs is left out: {state.value}"
        if number not in laws:
            few = sum(each.curves[number].state is CurveState.FEW for each in found)
            yield (
                f"there is no law of {LABELS[number]}: it needs two budgets, and at {few} of "
                f"{len(found)} there are {CurveState.FEW.value}"
            )
    for each in found:
        if each.gate is not None and not each.gate.accepted:
            yield (
                f"at {each.flops:.3g} FLOPs Kendall's tau is {each.gate.kendall:.3f}, below "
                f"{rank_gate.ACCEPTED:g}: ratios chosen at the middle hidden size may not be the "
                "best ones"
            )


def _warnings(
    runs: ShapeRuns,
    found: list[BudgetFit],
    laws: Mapping[ShapeNumber, Banded],
    points: Mapping[ShapeNumber, Points],
) -> Iterator[str]:
    for each in found:
        flops = runs.flops[each.rows]
        if flops.max() > WIDE_BUDGET * flops.min():
            yield (
                f"the runs of {each.flops:.3g} FLOPs spend {flops.min():.4g} to {flops.max():.4g}: "
                "what more compute does to the loss is taken for the shape's doing"
            )
        heads = {runs.held[i].attention for i in each.rows}
        if len(heads) > 1:
            yield f"the runs of {each.flops:.3g} FLOPs have {len(heads)} choices of heads"
    for number, law in laws.items():
        yield from _law_warnings(number, law, found, points[number])
    if not any(each.gate for each in found):
        yield (
            "no budget has several hidden sizes for "
            f"{rank_gate.FEWEST_TRIPLETS} triplets: whether ratios may be chosen before d is "
            "not tested"
        )


def _law_warnings(
    number: ShapeNumber, law: Banded, found: list[BudgetFit], points: Points
) -> Iterator[str]:
    name = LABELS[number]
    if len(law.budgets) == shape_powers.FEWEST_BUDGETS:
        yield f"the law of {name} goes through two budgets, and nothing shows whether it is one"
    if number in STEPS:
        tried = sum(each.steps[number].n_values > 1 for each in found)
        if tried < len(found):
            yield f"{name} was varied at {tried} of {len(found)} budgets: elsewhere it is as set"
        return
    off = shape_powers.scatter(law.best, points)
    if off > UNEVEN:
        yield (
            f"budgets lie {off:.1f} standard deviations of their noise off the law of {name}: its "
            "intervals are too narrow"
        )
    lost = ~np.isfinite(law.best.draws).all(axis=1)
    if lost.size and lost.mean() > LOST:
        yield f"{lost.mean():.0%} of resamples have no best {name} at some budget, and are left out"
