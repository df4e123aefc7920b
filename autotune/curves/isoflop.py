"""Loss over model size when a budget is spent exactly."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from autotune.curves.case import Case, Ends
from autotune.curves.whole import Whole, whole
from autotune.errors import InfeasibleError, InputError
from autotune.planning.plan import Plan
from autotune.types import Floats

POINTS = 81
REACH = 12.0
"""How far the sizes go to both sides of the optimum, as a factor."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IsoFlop:
    """The curve of one budget.

    Attributes:
        flops: The budget.
        n_active: Sizes, shape (n,).
        tokens: What the budget leaves for each, shape (n,).
        loss: The law's loss, shape (n,).
        limits: Its limits by the draws of a fit, None without.
        plan: The optimum.
        whole: The best model of whole numbers, None where the law has none to choose from.
    """

    flops: float
    n_active: Floats
    tokens: Floats
    loss: Floats
    limits: Ends | None
    plan: Plan
    whole: Whole | None


def isoflops(case: Case, budgets: Sequence[float]) -> list[IsoFlop]:
    """The curves of several budgets; one without an optimum is left out."""
    made = []
    for flops in budgets:
        try:
            made.append(_one(case, flops))
        except (InputError, InfeasibleError):
            continue
    return made


def _one(case: Case, flops: float) -> IsoFlop:
    plan = case.at(flops)
    sizes = plan.n_active * np.geomspace(1 / REACH, REACH, POINTS)
    if case.question.n_total is not None:
        sizes = sizes[sizes <= plan.n_total]
    tokens = case.tokens(sizes, flops)
    kept = tokens >= 1
    sizes, tokens = sizes[kept], tokens[kept]
    sparsity = case.sparsities(sizes)
    return IsoFlop(
        flops=flops, n_active=sizes, tokens=tokens, loss=case.losses(sizes, tokens, sparsity),
        limits=case.limits(sizes, tokens, sparsity), plan=plan, whole=whole(case, flops),
    )  # fmt: skip
