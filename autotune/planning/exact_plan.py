"""Plans whose budget is spent in the exact FLOPs of a shape, not in 6 N D."""

from collections.abc import Callable
from dataclasses import replace

from autotune.errors import InfeasibleError
from autotune.planning import caveats
from autotune.planning.budget import Budget
from autotune.planning.plan import Plan
from autotune.planning.shape_family import ShapeFamily

SETTLED = 1e-7
"""Relative change of the size that ends the search: the cost is off by its square."""
MAX_STEPS = 50


def settle(plan: Callable[[Budget], Plan], budget: Budget, family: ShapeFamily) -> Plan:
    """Plan at the exact cost of the size that comes out.

    FLOPs per token are replaced by the power of N that has their value and their slope at the last
    plan's size, until size and cost agree. There the plan is best among all sizes of the family,
    not only at this cost.

    Args:
        plan: The question, as a function of the budget.
        budget: What may be spent; its own cost is replaced.
        family: The shape at every size.

    Raises:
        InfeasibleError: If there is no plan, or sizes and costs do not come to agree.
    """
    made = plan(budget)
    for _ in range(MAX_STEPS):
        last = made.n_active
        made = plan(replace(budget, cost=family.cost(last)))
        if abs(made.n_active / last - 1) <= SETTLED:
            found = replace(made, exact_flops=family.exact(made.n_active))
            return replace(found, warnings=(*found.warnings, *caveats.exact_flops(found)))
    raise InfeasibleError(
        f"no size agrees with the exact FLOPs of {family.shape} after {MAX_STEPS} steps: the plan "
        "jumps between two optima. Leave out --exact-flops, or hold a size."
    )
