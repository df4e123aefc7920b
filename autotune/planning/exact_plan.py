"""Plans whose budget is spent in the exact FLOPs of a shape, not in 6 N D."""

import math
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from autotune.errors import InfeasibleError
from autotune.planning import caveats
from autotune.planning.budget import Budget
from autotune.planning.describe import Solved, describe
from autotune.planning.plan import Plan
from autotune.planning.shape_family import ShapeFamily

SETTLED = 1e-7
"""Relative change of the size that ends the search: the cost is off by its square."""
MAX_STEPS = 50
FASTEST = 0.9
"""Most that an answer is taken to move with the size at which tokens are paid for."""
SCALES = (1.0, 0.3, 3.0, 0.1, 10.0, 0.03, 30.0, 0.01, 100.0)
"""Of the shape, tried where constraints leave nothing at the cost that the budget comes with."""


def settle(
    solve: Callable[[Budget], Solved], budget: Budget, family: ShapeFamily, *, name: str
) -> Plan:
    """Plan at the exact cost of the size that comes out.

    FLOPs per token are replaced by the power of N that has their value and their slope at the last
    plan's size, until size and cost agree. There the plan is stationary among all sizes of the
    family, not only at this cost; its certificate is a proof at this cost.

    Args:
        solve: The question, as a function of the budget: its optimum.
        budget: What may be spent; its own cost is where the search begins.
        family: The shape at every size.
        name: The law's name in the plan.

    Raises:
        InfeasibleError: If there is no plan, or sizes and costs do not come to agree.
    """
    log_size, before = math.log(_begin(solve, budget, family)), None
    for _ in range(MAX_STEPS):
        made = solve(replace(budget, cost=family.cost(math.exp(log_size))))
        answer = math.log(made.size)
        if abs(answer - log_size) <= SETTLED:
            found = replace(describe(made, name=name), exact_flops=family.exact(made.size))
            return replace(found, warnings=(*found.warnings, *caveats.exact_flops(found)))
        rate = 0.0
        if before is not None:  # the answer moves by this much per size: go where the two meet
            rate = (answer - before[1]) / (log_size - before[0])
        before = log_size, answer
        log_size += (answer - log_size) / (1 - min(max(rate, -FASTEST), FASTEST))
    raise InfeasibleError(
        f"no size agrees with the exact FLOPs of {family.shape} after {MAX_STEPS} steps: the plan "
        "jumps between two optima. Leave out --exact-flops, or hold a size."
    )


def _begin(solve: Callable[[Budget], Solved], budget: Budget, family: ShapeFamily) -> float:
    """The size of a plan at the budget's own cost, or where that leaves none, at an exact one."""
    with suppress(InfeasibleError):
        return solve(budget).size
    for size in map(family.active, SCALES):
        with suppress(InfeasibleError):
            return solve(replace(budget, cost=family.cost(size))).size
    return family.active(1.0)  # planned once more, so that the refusal is heard
