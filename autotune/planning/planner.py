"""Plans: from a law, a budget and constraints to the optimum and all that belongs to it."""

import math
from dataclasses import replace

from autotune.laws.base import ScalingLaw
from autotune.planning import caveats, extrapolation, least_flops
from autotune.planning.band import Band, near_optimal
from autotune.planning.budget import Budget
from autotune.planning.constraints import Constraints
from autotune.planning.objective import Objective
from autotune.planning.plan import Plan
from autotune.planning.question import Hold, Question
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
    2 N_active D_inf if tokens will be served.

    Args:
        law: The law to believe.
        budget: What to spend, or the loss to reach with the least.
        question: What is given and what is free; by default a dense model.
        constraints: Caps and ranges.
        name: The law's name in the answer, by default its form.

    Raises:
        InputError: If the law cannot answer the question.
        InfeasibleError: If the constraints exclude each other, or the target is out of reach.
    """
    objective = Objective.of(law, question.factors, unique_tokens=constraints.unique_tokens)
    caveats.refuse(law, question)
    layout = objective.layout(question.sparsity)

    def at(flops: float) -> tuple[Spending, Solution]:
        spending = Spending(flops, budget.inference_tokens)
        surface = objective.surface(spending)
        return spending, solve(
            surface, question, constraints=constraints, spending=spending, layout=layout
        )

    if budget.flops is not None:
        flops = budget.flops
    else:
        flops = least_flops.search(
            lambda c: objective.loss_of(at(c)[1].value),
            budget.target_loss or math.inf,
            affordable=least_flops.affordable(
                question, constraints, inference=budget.inference_tokens, layout=layout
            ),
        )
    spending, solution = at(flops)
    return _describe(objective, question, budget=budget, found=(spending, solution), name=name)


def _describe(
    objective: Objective,
    question: Question,
    *,
    budget: Budget,
    found: tuple[Spending, Solution],
    name: str,
) -> Plan:
    spending, solution = found
    n_active = question.n_active or math.exp(solution.n)
    sparsity = 0.0 - math.expm1(-solution.u)  # never -0.0
    if question.hold is Hold.SPARSITY and question.sparsity:
        sparsity = question.sparsity
    n_total = question.n_total or n_active * math.exp(solution.u)
    tokens = spending.tokens(n_active)
    loss = objective.loss(n_active, tokens, sparsity)
    lower = objective.loss_of(solution.lower)
    plan = Plan(
        law=name or objective.law.form,
        flops=spending.flops,
        n_active=n_active,
        n_total=n_total,
        sparsity=sparsity,
        tokens=tokens,
        effective_tokens=objective.effective_tokens(tokens),
        loss=loss,
        band=_band(objective, question, solution=solution, spending=spending),
        extrapolation=extrapolation.factors(
            objective.law,
            flops=spending.flops,
            n_active=n_active,
            n_total=n_total,
            tokens=tokens,
            sparsity=sparsity,
        ),
        held=question.hold.value,
        at_bound=solution.at_bound,
        flop_convention=budget.convention,
        certificate=max(0.0, (objective.loss_of(solution.value) - lower) / loss),
        warnings=(),
    )
    return replace(plan, warnings=caveats.warnings(plan, objective, question, budget=budget))


def _band(
    objective: Objective, question: Question, *, solution: Solution, spending: Spending
) -> Band:
    """Turn the interval of the free variable into intervals of sizes, tokens and sparsity."""
    best_loss = objective.loss_of(solution.value)
    threshold = objective.value_of((1 + question.tolerance) * best_loss)
    by_u = question.hold is Hold.TOKENS
    best = solution.u if by_u else solution.n
    low, high = near_optimal(solution.curve, best, within=solution.within, threshold=threshold)
    expansions = (solution.u, solution.u)
    if by_u:
        sizes, expansions = (question.n_active or 1.0,) * 2, (low, high)
    else:
        sizes = (math.exp(low), math.exp(high))
    if question.hold is Hold.TOTAL:
        total = solution.n + solution.u
        expansions = (total - high, total - low)
    return Band(
        question.tolerance,
        n_active=(sizes[0], sizes[1]),
        tokens=(spending.tokens(sizes[1]), spending.tokens(sizes[0])),
        sparsity=(0.0 - math.expm1(-expansions[0]), 0.0 - math.expm1(-expansions[1])),
    )
