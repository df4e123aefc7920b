"""What the runs of one budget say of the best shape, and what they might have said."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from autotune.fitting import rank_gate, shape_steps
from autotune.fitting.rank_gate import RankGate
from autotune.fitting.shape_curves import (
    NOTHING,
    CurveState,
    Known,
    ShapeCurve,
    Together,
    fit_curves,
    placed,
)
from autotune.fitting.shape_runs import ShapeRuns
from autotune.fitting.shape_settings import ShapeSettings
from autotune.fitting.shape_steps import NearBest
from autotune.laws.fitted_shape import ShapeNumber
from autotune.types import Floats

STEPS: tuple[ShapeNumber, ...] = ("lr", "batch_tokens")


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


def fit_budget(
    runs: ShapeRuns, rows: NDArray[np.int64], settings: ShapeSettings, rng: np.random.Generator
) -> BudgetFit:
    """Fit every curve of a budget, and look at the settings of its best runs."""
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


def noise(budget: BudgetFit, settings: ShapeSettings, rng: np.random.Generator) -> Floats:
    """Residuals drawn anew for the runs of a budget, shape (count, n); n is 0 without curves."""
    joint = budget.joint
    if joint is None:
        return np.empty((settings.bootstrap, 0))
    pool = joint.residual - joint.residual.mean() if joint.residual.size else np.zeros(1)
    return rng.choice(pool, (settings.bootstrap, len(joint.rows)))


def redrawn(
    budget: BudgetFit, drawn_noise: Floats, *, known: Known = NOTHING
) -> dict[ShapeNumber, Floats]:
    """Best values and bands in each resample, shape (count, 3), of the numbers that have one."""
    drawn = {number: each.draws for number, each in budget.steps.items()}
    joint = budget.joint
    if joint is not None:
        drawn |= {
            number: ends
            for number, ends in joint.redrawn(drawn_noise, known=known).items()
            if budget.curves[number].state is CurveState.FITTED
        }
    return drawn


def with_known(budget: BudgetFit, runs: ShapeRuns, *, known: Known) -> BudgetFit:
    """The same budget, its hidden size at the best M, M/N_a and N/N_a that laws have for it."""
    if budget.joint is None:
        return budget
    curve = placed(budget.curves["width"], budget.joint, runs, known=known)
    return replace(budget, curves={**budget.curves, "width": curve})
