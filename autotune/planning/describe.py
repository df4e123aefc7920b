"""From an optimum in logarithms to a plan in sizes."""

import math
from dataclasses import dataclass, replace

from autotune.planning import caveats, extrapolation
from autotune.planning.band import Band, near_optimal
from autotune.planning.budget import Budget
from autotune.planning.constraints import Constraints
from autotune.planning.objective import Objective
from autotune.planning.plan import Plan
from autotune.planning.question import Hold, Question
from autotune.planning.solve import Solution
from autotune.planning.spending import Spending


@dataclass(frozen=True, slots=True)
class Solved:
    """Everything that was asked, and the optimum that was found."""

    objective: Objective
    question: Question
    constraints: Constraints
    budget: Budget
    spending: Spending
    solution: Solution

    @property
    def size(self) -> float:
        """Active parameters of the optimum."""
        return self.n_active(self.solution.n)

    def n_active(self, n: float) -> float:
        """Active parameters from their logarithm, kept by rounding from passing a cap."""
        return self.question.n_active or _under(math.exp(n), self.constraints.max_active)

    def n_total(self, n: float, u: float) -> float:
        """Total parameters, likewise."""
        total = self.n_active(n) * math.exp(u)
        return self.question.n_total or _under(total, self.constraints.max_total)

    def tokens(self, n: float) -> float:
        """Training tokens that the budget leaves, likewise."""
        return _under(self.spending.tokens(self.n_active(n)), self.constraints.max_tokens)

    def sparsity(self, u: float) -> float:
        """1 - n_active/n_total, likewise inside its range where it is sought."""
        if self.question.hold is Hold.SPARSITY:
            return self.question.sparsity or 0.0 - math.expm1(-u)  # never -0.0
        low, high = self.constraints.sparsities
        return min(max(0.0 - math.expm1(-u), low), high)


def describe(solved: Solved, *, name: str) -> Plan:
    """Say in full what an optimum means.

    Args:
        solved: What was asked and found.
        name: The law's name in the plan.
    """
    objective, solution = solved.objective, solved.solution
    sizes = {
        "flops": solved.spending.flops,
        "n_active": solved.size,
        "n_total": solved.n_total(solution.n, solution.u),
        "tokens": solved.tokens(solution.n),
        "sparsity": solved.sparsity(solution.u),
    }
    loss = objective.loss(sizes["n_active"], sizes["tokens"], sizes["sparsity"])
    gap = objective.loss_of(solution.value) - objective.loss_of(solution.lower)
    plan = Plan(
        **sizes,
        law=name,
        effective_tokens=objective.effective_tokens(sizes["tokens"]),
        loss=loss,
        band=_band(solved),
        extrapolation=extrapolation.factors(objective.law, **sizes),
        held=solved.question.hold.value,
        at_bound=solution.at_bound,
        flop_convention=solved.budget.convention(sizes["n_active"]),
        certificate=max(0.0, gap / loss),
        warnings=(),
        interval=None,
        exact_flops=None,
    )
    warnings = caveats.warnings(plan, objective, solved.question, budget=solved.budget)
    return replace(plan, warnings=warnings)


def _band(solved: Solved) -> Band:
    """Turn the interval of the free variable into intervals of sizes, tokens and sparsity."""
    objective, solution, hold = solved.objective, solved.solution, solved.question.hold
    least, tolerance = objective.loss_of(solution.value), solved.question.tolerance
    best = solution.u if hold is Hold.TOKENS else solution.n
    low, high = near_optimal(
        solution.curve,
        best,
        within=solution.within,
        threshold=objective.value_of((1 + tolerance) * least),
    )
    sizes, expansions = (low, high), (solution.u, solution.u)
    if hold is Hold.TOKENS:
        sizes, expansions = (solution.n, solution.n), (low, high)
    elif hold is Hold.TOTAL:
        total = solution.n + solution.u
        expansions = (total - high, total - low)
    return Band(
        tolerance,
        n_active=(solved.n_active(sizes[0]), solved.n_active(sizes[1])),
        tokens=(solved.tokens(sizes[1]), solved.tokens(sizes[0])),
        sparsity=(solved.sparsity(expansions[0]), solved.sparsity(expansions[1])),
    )


def _under(value: float, cap: float | None) -> float:
    return value if cap is None else min(value, cap)
