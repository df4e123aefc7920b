"""A plan with all that it came from, so that what lies around it can be drawn."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np

from autotune.laws.base import ScalingLaw
from autotune.planning import planner, uncertainty
from autotune.planning.budget import Budget
from autotune.planning.constraints import Constraints
from autotune.planning.objective import Objective
from autotune.planning.plan import Plan
from autotune.planning.question import Hold, Question
from autotune.types import Floats, FloatsLike

Ends: TypeAlias = tuple[Floats, Floats]
"""Low and high limits at every point."""


@dataclass(frozen=True, slots=True)
class Draws:
    """Coefficients of the resamples of a fit.

    Attributes:
        rows: In the order of the form, shape (draws, coefficients).
        level: Coverage of the limits that are made of them.
        tail: Share of the draws beyond each limit.
    """

    rows: Floats
    level: float
    tail: float


@dataclass(frozen=True, kw_only=True)
class Case:
    """One law asked one question, and its answer.

    Attributes:
        law: What predicts the loss.
        budget: What was to be spent.
        question: What was asked.
        constraints: What it had to obey.
        plan: The answer.
        draws: How sure the law is, None where that is not known.
    """

    law: ScalingLaw
    budget: Budget
    question: Question
    constraints: Constraints
    plan: Plan
    draws: Draws | None = None

    @cached_property
    def objective(self) -> Objective:
        """The law with the question's factors."""
        limit = self.constraints.unique_tokens
        return Objective.of(self.law, self.question.factors, unique_tokens=limit)

    def tokens(self, n_active: FloatsLike, flops: float) -> Floats:
        """The training tokens that a budget leaves for sizes."""
        return np.exp(self.budget.spending(flops)(np.log(np.asarray(n_active, dtype=float)))[0])

    def losses(self, n_active: FloatsLike, tokens: FloatsLike, sparsity: FloatsLike) -> Floats:
        """The law's loss; the arguments broadcast."""
        return self.objective.losses(n_active, tokens, sparsity)

    def limits(self, n_active: Floats, tokens: Floats, sparsity: FloatsLike) -> Ends | None:
        """Limits of the loss at points of shape (n,), by the draws; None without them."""
        if self.draws is None or not len(self.draws.rows):
            return None
        names = self.law.coefficient_names()
        many: dict[str, Any] = {name: self.draws.rows[:, i, None] for i, name in enumerate(names)}
        drawn = replace(self.objective, law=replace(self.law, **many))
        with np.errstate(all="ignore"):  # a wild draw overflows
            losses = drawn.losses(n_active, tokens, sparsity)
        usable = losses[np.isfinite(losses).all(axis=1)]
        tail = self.draws.tail
        if 2 * len(usable) <= len(losses):
            return None
        low, high = np.quantile(usable, [tail, 1 - tail], axis=0)
        return low, high

    def sparsities(self, n_active: Floats) -> Floats:
        """The sparsity of each size, of which the question holds the total or the sparsity."""
        if self.question.hold is Hold.TOTAL:
            return np.asarray(np.maximum(0.0, 1 - n_active / self.plan.n_total))
        return np.full(np.shape(n_active), self.plan.sparsity)

    def at(self, flops: float, *, question: Question | None = None) -> Plan:
        """The plan of another budget, or of another question.

        Raises:
            InputError, InfeasibleError: If there is none.
        """
        return self._planner(flops, question or self.question)(self.law)

    def at_with_limits(self, flops: float) -> Plan:
        """The plan of another budget, with its interval where the draws give one."""
        plan = self._planner(flops, self.question)
        made, draws = plan(self.law), self.draws
        if draws is None:
            return made
        found = uncertainty.interval(
            self.law, draws.rows, plan, level=draws.level, method="bootstrap", tail=draws.tail
        )
        return replace(made, interval=found)

    def _planner(self, flops: float, question: Question) -> Callable[[ScalingLaw], Plan]:
        budget = replace(self.budget, flops=flops, target_loss=None)

        def plan(law: ScalingLaw) -> Plan:
            return planner.plan(
                law, budget, question=question, constraints=self.constraints, name=self.plan.law
            )

        return plan
