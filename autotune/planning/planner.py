"""Plans: from a law, a budget and constraints to the optimum and all that belongs to it."""

import math
from collections.abc import Callable
from contextlib import suppress
from functools import cache, partial

import numpy as np

from autotune.errors import InfeasibleError
from autotune.laws.base import ScalingLaw
from autotune.planning import caveats, least_flops
from autotune.planning.budget import Budget
from autotune.planning.constraints import Constraints
from autotune.planning.describe import Solved, describe
from autotune.planning.objective import Objective
from autotune.planning.plan import Plan
from autotune.planning.question import Question
from autotune.planning.solve import PROVEN, Solution, solve
from autotune.planning.spending import Spending
from autotune.types import Interval

DENSE = Question()
UNCONSTRAINED = Constraints()
NEARLY = 1e-4
"""As `PROVEN`, while budgets are still far from the answer."""


def plan(
    law: ScalingLaw,
    budget: Budget,
    *,
    question: Question = DENSE,
    constraints: Constraints = UNCONSTRAINED,
    name: str = "",
) -> Plan:
    """Find the best sizes that a law, a budget and constraints allow.

    The answer is the global optimum, in closed form where one exists and otherwise to the
    proven gap in `certificate`. The budget is spent exactly: C = 6 N_active D, plus
    2 N_active D_inf if tokens will be served, or what the budget's cost says in their place.

    Args:
        law: The law to believe.
        budget: What to spend, or the loss to reach with the least.
        question: What is given and what is free; by default a dense model.
        constraints: Caps and ranges.
        name: The law's name in the answer, by default its form.

    Raises:
        InputError: If the law cannot answer the question, or has no loss.
        InfeasibleError: If the constraints exclude each other, or the target is out of reach.
    """
    found = solved(law, budget, question=question, constraints=constraints)
    return describe(found, name=name or law.form)


def solved(
    law: ScalingLaw,
    budget: Budget,
    *,
    question: Question = DENSE,
    constraints: Constraints = UNCONSTRAINED,
) -> Solved:
    """The optimum alone, as `plan` finds it before it says what that means.

    Raises:
        InputError, InfeasibleError: As `plan`.
    """
    caveats.refuse_infinite(law)
    objective = Objective.of(law, question.factors, unique_tokens=constraints.unique_tokens)
    caveats.refuse(law, question)
    layout = objective.layout(question.sparsity)

    @cache
    def at(flops: float, gap: float) -> tuple[Spending, Solution]:
        spending = budget.spending(flops)
        surface = objective.surface(spending)
        return spending, solve(
            surface, question, constraints=constraints, spending=spending, layout=layout, gap=gap
        )

    def best_at(flops: float, gap: float) -> least_flops.Best:
        _, found = at(flops, gap)

        def held(other: float) -> float:
            spent = budget.spending(other)
            if spent.tokens(math.exp(found.n)) < spent.fewest_tokens:
                return math.inf
            value = objective.surface(spent).value(np.asarray(found.n), np.asarray(found.u))
            return objective.loss_of(float(value))

        return objective.loss_of(found.value), held

    flops = budget.flops
    if flops is None:
        affordable = least_flops.affordable(
            question, constraints, layout=layout, spending=budget.spending(1.0)
        )
        flops = _fewest(best_at, budget, affordable)
    spending, solution = at(flops, PROVEN)
    return Solved(objective, question, constraints, budget, spending, solution)


def _fewest(
    best_at: Callable[..., least_flops.Best], budget: Budget, affordable: Interval
) -> float:
    """The fewest FLOPs for a target loss: near them with quick proofs, then with full ones."""
    target, near = budget.target_loss or math.inf, budget.near
    with suppress(InfeasibleError):  # full proofs may find what quick ones did not
        near = least_flops.search(
            partial(best_at, gap=NEARLY), target, affordable=affordable, near=near
        )
    return least_flops.search(
        partial(best_at, gap=PROVEN), target, affordable=affordable, near=near
    )
