"""The loss over two sizes around an optimum."""

from dataclasses import dataclass

import numpy as np

from autotune.curves.case import Case
from autotune.errors import InputError
from autotune.types import Floats

POINTS = 41
REACH = 10.0
DENSEST, SPARSEST = 0.0, 0.99


@dataclass(frozen=True, slots=True)
class LossSurface:
    """The loss on a grid.

    Attributes:
        x: Active parameters, shape (n,).
        y: Tokens, or sparsity, shape (m,).
        loss: Shape (m, n).
        line: The budget line as (x, y), each of one shape: whatever spends the budget exactly.
    """

    x: Floats
    y: Floats
    loss: Floats
    line: tuple[Floats, Floats]


def over_tokens(case: Case) -> LossSurface:
    """Loss over active parameters and tokens, at the plan's sparsity."""
    plan = case.plan
    reach = np.geomspace(1 / REACH, REACH, POINTS)
    x, y = plan.n_active * reach, plan.tokens * reach
    sparsity = case.sparsities(x)
    spent = case.tokens(x, plan.flops)
    inside = (spent >= y[0]) & (spent <= y[-1])
    return LossSurface(x, y, case.losses(x, y[:, None], sparsity), (x[inside], spent[inside]))


def over_sparsity(case: Case) -> LossSurface:
    """Loss over active parameters and sparsity, at the plan's tokens.

    Raises:
        InputError: If the law does not read sparsity.
    """
    refuse_blind(case)
    plan = case.plan
    x = plan.n_active * np.geomspace(1 / REACH, REACH, POINTS)
    y = sparsities()
    line = (np.full(2, plan.n_active), np.array([y[0], y[-1]]))
    return LossSurface(x, y, case.losses(x, plan.tokens, y[:, None]), line)


def sparsities(points: int = POINTS) -> Floats:
    """Sparsities from 0 to 0.99, equal factors of n_total/n_active apart."""
    return np.asarray(-np.expm1(-np.linspace(0.0, -np.log1p(-SPARSEST), points)))


def refuse_blind(case: Case) -> None:
    """Refuse a law that does not read sparsity."""
    if case.law.dense or not case.law.reads_sparsity:
        raise InputError(
            f"{case.plan.law} does not read sparsity. Plan with a law that does, for example "
            "abnar2025 or generalized-moe."
        )
