"""The interval of a plan: the plan of every draw, and the quantiles of what they say."""

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from autotune import checks
from autotune.errors import InfeasibleError, InputError
from autotune.laws.base import ScalingLaw
from autotune.planning.interval import BAND, OPTIMUM, PlanInterval
from autotune.planning.plan import Plan
from autotune.types import Floats, Interval

MOST_DRAWS = 200  # the ends of a 95 % interval then rest on five draws each


def interval(
    law: ScalingLaw,
    draws: Floats,
    plan: Callable[[ScalingLaw], Plan],
    *,
    level: float,
    method: str,
) -> PlanInterval | None:
    """Plan with each draw of a law's coefficients, and take quantiles.

    The limits are of the law: what it says at its optimum had other runs been seen. The noise
    of a single training run comes on top.

    Args:
        law: The law at its best estimate.
        draws: Coefficients in the order of the form, shape (draws, coefficients); the first
            `MOST_DRAWS` are used.
        plan: The question, as a function of the law.
        level: Coverage, in (0, 1).
        method: How the draws were made, for the record.

    Returns:
        The limits, None if there are no draws or fewer than half of them have an optimum.

    Raises:
        InputError: If the level is not in (0, 1).
    """
    checks.positive("level", level, hint="0.95 means 95 %.")
    checks.fraction("level", level, hint="0.95 means 95 %.")
    names = law.coefficient_names()
    used = draws[:MOST_DRAWS]
    plans = []
    for row in used:
        try:
            with np.errstate(all="ignore"):  # a wild draw overflows, and then has no plan
                made = plan(replace(law, **dict(zip(names, row.tolist(), strict=True))))
        except (InputError, InfeasibleError, ArithmeticError):
            continue
        if math.isfinite(made.loss):
            plans.append(made)
    if 2 * len(plans) <= len(used):
        return None
    tail = (1 - level) / 2
    ends = {name: np.array([getattr(made.band, name) for made in plans]) for name in BAND}
    return PlanInterval(
        level=level,
        method=method,
        draws=len(used),
        without_plan=len(used) - len(plans),
        optimum={
            name: _limits(np.array([getattr(made, name) for made in plans]), tail)
            for name in OPTIMUM
        },
        band={name: (_limits(x[:, 0], tail), _limits(x[:, 1], tail)) for name, x in ends.items()},
    )


def _limits(values: Floats, tail: float) -> Interval:
    low, high = np.quantile(values, [tail, 1 - tail])
    return float(low), float(high)
