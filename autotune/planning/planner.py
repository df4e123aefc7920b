"""Plans: from a law, a budget and constraints to the optimum and all that belongs to it."""

import math

import numpy as np

from autotune.laws.base import ScalingLaw
from autotune.planning import caveats, least_flops
from autotune.planning.budget import Budget
from autotune.planning.constraints import Constraints
from autotune.planning.describe import Solved, describe
from autotune.planning.objective import Objective
from autotune.planning.plan import Plan
from autotune.planning.question import Question
from autotune.planning.solve import Solution, solve
from autotune.planning.spending import Spending

DENSE = Question()
UNCONSTRAINED = Constraints()


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
    caveats.refuse_infinite(law)
    objective = Objective.of(law, question.factors, unique_tokens=constraints.unique_tokens)
    caveats.refuse(law, question)
    layout = objective.layout(question.sparsity)

    def at(flops: float) -> tuple[Spending, Solution]:
        spending = budget.spending(flops)
        surface = objective.surface(spending)
        return spending, solve(
            surface, question, constraints=constraints, spending=spending, layout=layout
        )

    def best_at(flops: float) -> least_flops.Best:
        _, found = at(flops)

        def held(other: float) -> float:
            spent = budget.spending(other)
            if spent.tokens(math.exp(found.n)) < spent.fewest_tokens:
                return math.inf
            value = objective.surface(spent).value(np.asarray(found.n), np.asarray(found.u))
            return objective.loss_of(float(value))

        return objective.loss_of(found.value), held

    if budget.flops is not None:
        flops = budget.flops
    else:
        flops = least_flops.search(
            best_at,
            budget.target_loss or math.inf,
            affordable=least_flops.affordable(
                question, constraints, layout=layout, spending=budget.spending(1.0)
            ),
        )
    spending, solution = at(flops)
    solved = Solved(objective, question, constraints, budget, spending, solution)
    return describe(solved, name=name or law.form)
