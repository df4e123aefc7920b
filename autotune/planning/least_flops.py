"""The smallest budget that reaches a loss: the inverse of planning at a budget."""

import math
from collections.abc import Callable

from autotune.errors import InfeasibleError
from autotune.planning import roots
from autotune.planning.constraints import Constraints
from autotune.planning.layout import Layout
from autotune.planning.question import Hold, Question
from autotune.planning.spending import INFERENCE_FLOPS, TRAINING_FLOPS, Spending
from autotune.types import Interval

FIRST_GUESS = math.log(1e21)
MOST = math.log(1e100)  # where every published law has reached its floor
STRIDE = math.log(1e3)


def search(loss_at: Callable[[float], float], target: float, *, affordable: Interval) -> float:
    """Find the fewest FLOPs at which the best loss is `target`.

    Args:
        loss_at: Least loss at a budget in FLOPs; it falls as the budget grows.
        target: Loss to reach.
        affordable: Budgets that the constraints allow to be spent.

    Raises:
        InfeasibleError: If no budget reaches the target.
    """
    least, most = math.log(affordable[0]), min(math.log(affordable[1]), MOST)

    def excess(log_flops: float) -> float:
        return loss_at(math.exp(log_flops)) - target

    low = high = min(max(FIRST_GUESS, least), most)
    while excess(high) > 0:
        if high == most:
            _refuse(loss_at(math.exp(most)), target, most)
        low, high = high, min(high + STRIDE, most)
    if low == high:
        while excess(low) <= 0:
            if low == least:
                return math.exp(least)
            low, high = max(low - STRIDE, least), low
    return math.exp(roots.bracketed(excess, (low, high)))


def affordable(
    question: Question, constraints: Constraints, *, layout: Layout, inference_tokens: float
) -> Interval:
    """The fewest and the most FLOPs that the constraints let one spend.

    Args:
        question: What is held.
        constraints: Caps and ranges.
        layout: What ties N_total to N_active where sparsity is not sought.
        inference_tokens: Tokens served over the model's life.
    """
    sparse_low, sparse_high = constraints.sparsities
    smallest, largest = 1.0, constraints.max_active or math.inf
    if constraints.max_total is not None and question.hold is Hold.SPARSITY:
        largest = min(largest, math.exp(layout.size_of_total(math.log(constraints.max_total))))
    elif constraints.max_total is not None:
        largest = min(largest, constraints.max_total * (1 - sparse_low))
    if question.n_total is not None:
        smallest = max(smallest, question.n_total * (1 - sparse_high))
        largest = min(largest, question.n_total * (1 - sparse_low))
    if question.n_active is not None:
        smallest, largest = max(smallest, question.n_active), min(largest, question.n_active)
    ratio_low, ratio_high = constraints.tokens_per_param or (0.0, math.inf)
    fewest = Spending(1.0, inference_tokens).fewest_tokens
    most = constraints.max_tokens or math.inf
    if ratio_low:
        largest = min(largest, most / ratio_low)
    smallest = max(smallest, fewest / ratio_high)

    def flops(n_active: float, tokens: float) -> float:
        return n_active * (TRAINING_FLOPS * tokens + INFERENCE_FLOPS * inference_tokens)

    low = flops(smallest, max(fewest, ratio_low * smallest))
    return low, max(low, flops(largest, min(most, ratio_high * largest)))


def _refuse(reached: float, target: float, most: float) -> None:
    if most < MOST:
        raise InfeasibleError(
            f"a loss of {target:g} is out of reach: the constraints allow at most "
            f"{math.exp(most):.4g} FLOPs to be spent, and those reach {reached:.6g}."
        )
    raise InfeasibleError(
        f"a loss of {target:g} is out of reach at any budget: this law tends to {reached:.6g}."
    )
