"""The optimum of one law at one budget, under constraints, in each of the four problems."""

import math
from dataclasses import dataclass

import numpy as np

from autotune.planning import branch_and_bound, convex_curve
from autotune.planning import constraints as limits
from autotune.planning.constraints import Constraints
from autotune.planning.layout import Layout
from autotune.planning.question import Hold, Question
from autotune.planning.region import Region
from autotune.planning.spending import Spending
from autotune.planning.surface import Surface
from autotune.types import Interval

PROVEN = 1e-9
"""Relative gap to the proven lower bound at which a search for the global optimum ends."""


@dataclass(frozen=True, slots=True)
class Solution:
    """An optimum in logarithms, with what is needed to judge it.

    Attributes:
        n: ln N_active.
        u: ln(N_total/N_active).
        value: Least value of the surface.
        lower: Proven lower bound of the surface over everything allowed.
        curve: The surface along the plan's own free direction: of n, except where tokens are
            held, where it is of u.
        within: The allowed interval of that variable.
        at_bound: Names of the constraints that the optimum sits on.
    """

    n: float
    u: float
    value: float
    lower: float
    curve: Surface
    within: Interval
    at_bound: tuple[str, ...]


def solve(
    surface: Surface,
    question: Question,
    *,
    constraints: Constraints,
    spending: Spending,
    layout: Layout,
    gap: float = PROVEN,
) -> Solution:
    """Find the best sizes.

    Args:
        surface: The law within the budget.
        question: What is held.
        constraints: Caps and ranges.
        spending: The budget.
        layout: What ties N_total to N_active where sparsity is not sought.
        gap: How near to the proven lower bound is near enough, relative.

    Raises:
        InfeasibleError: If the constraints exclude each other at this budget.
    """
    sizes = limits.size_limits(constraints, spending)
    if question.hold is Hold.SPARSITY:
        return _given_layout(surface, layout, constraints=constraints, sizes=sizes, gap=gap)
    if question.hold is Hold.TOKENS:
        size = math.log(question.n_active or 1.0)
        return _given_tokens(surface, size, constraints=constraints, sizes=sizes, gap=gap)
    if question.hold is Hold.TOTAL:
        total = math.log(question.n_total or 1.0)
        return _given_total(surface, total, constraints=constraints, sizes=sizes, gap=gap)
    return _given_nothing(surface, constraints, sizes=sizes, gap=gap)


def _given_layout(
    surface: Surface, layout: Layout, *, constraints: Constraints, sizes: limits.Limits, gap: float
) -> Solution:
    allowed = sizes + limits.layout_limit(constraints, layout)
    within = allowed.interval("n_active")
    curve = surface.at_expansion(layout.expansion(within[0]))
    n, value, lower = _least(curve, within, gap)
    u = layout.expansion(n)
    if constraints.sparsity_range is not None:
        given = limits.fixed(u, "sparsity", f"sparsity {-math.expm1(-u):g}")
        (given + limits.expansion_limits(constraints)).interval("n_total/n_active")
    return Solution(n, u, value, lower, curve, within, tuple(allowed.met(n)))


def _given_total(
    surface: Surface, total: float, *, constraints: Constraints, sizes: limits.Limits, gap: float
) -> Solution:
    held = limits.fixed(total, "n_total", f"n_total {limits.readable(total)}")
    (held + limits.total_limit(constraints)).interval("n_total")
    allowed = sizes + limits.shifted(limits.expansion_limits(constraints), total)
    within = allowed.interval("n_active")
    curve = surface.at_total(total)
    n, value, lower = _least(curve, within, gap)
    return Solution(n, total - n, value, lower, curve, within, tuple(allowed.met(n)))


def _given_tokens(
    surface: Surface, n: float, *, constraints: Constraints, sizes: limits.Limits, gap: float
) -> Solution:
    held = limits.fixed(n, "n_active", f"n_active {limits.readable(n)}")
    (sizes + held).interval("n_active")
    allowed = limits.expansion_limits(constraints) + limits.total_limit(constraints, less=n)
    within = allowed.interval("n_total/n_active")
    curve = surface.at_size(n)
    u, value, lower = _least(curve, within, gap)
    return Solution(n, u, value, lower, curve, within, tuple(allowed.met(u)))


def _given_nothing(
    surface: Surface, constraints: Constraints, *, sizes: limits.Limits, gap: float
) -> Solution:
    expansions = limits.expansion_limits(constraints)
    within_u = expansions.interval("n_total/n_active")
    within_n = (sizes + limits.total_limit(constraints, less=within_u[0])).interval("n_active")
    cap = min((limit.at for limit in limits.total_limit(constraints).upper), default=math.inf)
    cap = max(cap, within_n[0] + within_u[0])  # not to lose the only corner to rounding
    best = branch_and_bound.minimise(surface, Region(within_n, within_u, cap), tolerance=gap)
    along = sizes + limits.total_limit(constraints, less=best.u)
    low, high = along.interval("n_active")
    return Solution(
        best.n,
        best.u,
        best.value,
        best.lower,
        surface.at_expansion(best.u),
        (min(low, best.n), max(high, best.n)),
        (*along.met(best.n), *expansions.met(best.u)),
    )


def _least(curve: Surface, within: Interval, gap: float) -> tuple[float, float, float]:
    """Where a curve is least, its value there, and a proven lower bound."""
    if not curve.convex:
        best = branch_and_bound.minimise(curve, Region(within), tolerance=gap)
        return best.n, best.value, best.lower
    n = convex_curve.minimise(curve, within)
    jet = curve.jet(np.asarray(n), np.zeros(()))
    value, slope = float(jet.value), float(jet.by_n)
    # A convex curve lies above its tangent, also where rounding leaves a slope.
    below = min(slope * (within[0] - n), slope * (within[1] - n), 0.0)
    return n, value, value + below
