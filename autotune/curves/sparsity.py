"""The loss over sparsity at one budget, under each choice of what is held."""

from dataclasses import dataclass, replace

import numpy as np

from autotune.curves.case import Case
from autotune.curves.surface import refuse_blind, sparsities
from autotune.errors import InfeasibleError, InputError
from autotune.planning.question import Hold, Question
from autotune.types import Floats

POINTS = 61


@dataclass(frozen=True, slots=True, kw_only=True)
class SparsityCurve:
    """Loss over sparsity with one thing held.

    Attributes:
        hold: What is held.
        sparsity: Shape (n,).
        loss: Shape (n,), not-a-number where no model is possible.
        n_active: Active parameters, shape (n,).
        tokens: Training tokens, shape (n,).
    """

    hold: Hold
    sparsity: Floats
    loss: Floats
    n_active: Floats
    tokens: Floats

    @property
    def best(self) -> int:
        """Where the loss is least."""
        return int(np.nanargmin(self.loss))


def sparsity_curves(case: Case) -> list[SparsityCurve]:
    """The curves for held tokens, held total parameters, and nothing held.

    All spend the plan's budget. With tokens held, so is n_active, the plan's; with the total
    held, it is the plan's n_total; with nothing held, N and D are the best at each sparsity.

    Raises:
        InputError: If the law does not read sparsity.
    """
    refuse_blind(case)
    s, plan = sparsities(POINTS), case.plan
    held = _curve(case, Hold.TOKENS, s, np.full(s.shape, plan.n_active))
    total = _curve(case, Hold.TOTAL, s, plan.n_total * (1 - s))
    free = _curve(case, Hold.NOTHING, s, np.array([_best_size(case, float(each)) for each in s]))
    return [held, total, free]


def _curve(case: Case, hold: Hold, sparsity: Floats, n_active: Floats) -> SparsityCurve:
    possible = np.isfinite(n_active) & (n_active >= 1)
    sizes = np.where(possible, n_active, case.plan.n_active)
    tokens = case.tokens(sizes, case.plan.flops)
    loss = case.losses(sizes, np.maximum(tokens, 1.0), sparsity)
    loss = np.where(possible & (tokens >= 1), loss, np.nan)
    return SparsityCurve(hold=hold, sparsity=sparsity, loss=loss, n_active=sizes, tokens=tokens)


def _best_size(case: Case, sparsity: float) -> float:
    question = Question(sparsity=sparsity, factors=case.question.factors)
    free = replace(case, constraints=replace(case.constraints, sparsity_range=None))
    try:
        return free.at(case.plan.flops, question=question).n_active
    except (InputError, InfeasibleError):
        return float("nan")
