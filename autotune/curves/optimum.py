"""How the optimum moves with the budget."""

from dataclasses import dataclass

import numpy as np

from autotune.curves.case import Case
from autotune.errors import InfeasibleError, InputError
from autotune.planning.plan import Plan

POINTS = 7
REACH = 100.0
"""How far the budgets go to both sides of the plan's, as a factor."""


@dataclass(frozen=True, slots=True)
class OptimumCurve:
    """Plans over budgets.

    Attributes:
        plans: In the order of their FLOPs, with intervals where the law has draws.
        fitted: The budgets that the law was fitted on, None if its source does not say.
    """

    plans: tuple[Plan, ...]
    fitted: tuple[float, float] | None


def optimum_curve(case: Case) -> OptimumCurve:
    """Plan a hundredth to a hundred times the budget; budgets without a plan are left out."""
    plans = []
    for flops in case.plan.flops * np.geomspace(1 / REACH, REACH, POINTS):
        try:
            plans.append(case.at_with_limits(float(flops)))
        except (InputError, InfeasibleError):
            continue
    return OptimumCurve(tuple(plans), _fitted(case))


def _fitted(case: Case) -> tuple[float, float] | None:
    """The range of budgets, or the one that the ranges of size and tokens make."""
    seen = case.law.source.range
    if seen.flops is not None:
        low, high = seen.flops
    elif seen.n_active is not None and seen.tokens is not None:
        low, high = (6 * n * d for n, d in zip(seen.n_active, seen.tokens, strict=True))
    else:
        return None
    return (low, high) if low > 0 and np.isfinite(high) else None
