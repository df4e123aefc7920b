"""The interval of a plan: the plan of every draw, and the quantiles of what they say."""

import math
from collections.abc import Callable
from dataclasses import replace
from operator import attrgetter

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
    tail: float | None = None,
    ends: Floats | None = None,
) -> PlanInterval | None:
    """Plan with each draw of a law's coefficients, and take quantiles.

    The limits are of the law: what it says at its optimum had other runs been seen. The noise
    of a single training run comes on top. Where coefficients are given that the runs just bear
    with, the limits hold their plans too: quantiles miss an optimum that is a long way from
    linear in the coefficients.

    Args:
        law: The law at its best estimate.
        draws: Coefficients in the order of the form, shape (draws, coefficients); the first
            `MOST_DRAWS` are used.
        plan: The question, as a function of the law.
        level: Coverage, in (0, 1).
        method: How the draws were made, for the record.
        tail: Share of the plans beyond each limit, (1 - level)/2 unless few runs ask for less.
        ends: Coefficients at the limits of their profiles, shape (ends, coefficients).

    Returns:
        The limits, None if there are no draws or fewer than half of them have an optimum.

    Raises:
        InputError: If the level is not in (0, 1).
    """
    checks.positive("level", level, hint="0.95 means 95 %.")
    checks.fraction("level", level, hint="0.95 means 95 %.")
    used = draws[:MOST_DRAWS]
    plans = _plans(law, used, plan)
    if 2 * len(plans) <= len(used):
        return None
    at_ends = [] if ends is None else _plans(law, ends, plan)
    share = (1 - level) / 2 if tail is None else tail

    def limits(number: Callable[[Plan], float]) -> Interval:
        low, high = np.quantile([number(made) for made in plans], [share, 1 - share])
        further = [number(made) for made in at_ends]
        return float(min([low, *further])), float(max([high, *further]))

    return PlanInterval(
        level=level,
        method=method,
        draws=len(used),
        without_plan=len(used) - len(plans),
        ends=len(at_ends),
        optimum={name: limits(attrgetter(name)) for name in OPTIMUM},
        band={name: (limits(_end(name, 0)), limits(_end(name, 1))) for name in BAND},
    )


def _plans(law: ScalingLaw, rows: Floats, plan: Callable[[ScalingLaw], Plan]) -> list[Plan]:
    """The plans of rows of coefficients that have one."""
    names = law.coefficient_names()
    plans = []
    for row in rows:
        try:
            with np.errstate(all="ignore"):  # a wild draw overflows, and then has no plan
                made = plan(replace(law, **dict(zip(names, row.tolist(), strict=True))))
        except (InputError, InfeasibleError, ArithmeticError):
            continue
        if math.isfinite(made.loss):
            plans.append(made)
    return plans


def _end(name: str, which: int) -> Callable[[Plan], float]:
    """One end of a plan's band, as a function of the plan."""
    return lambda made: float(getattr(made.band, name)[which])
