"""The smallest budget that reaches a loss: the inverse of planning at a budget."""

import math
from collections.abc import Callable
from typing import TypeAlias

from autotune.errors import InfeasibleError
from autotune.planning import roots
from autotune.planning.constraints import Constraints
from autotune.planning.layout import Layout
from autotune.planning.question import Hold, Question
from autotune.planning.spending import Spending
from autotune.types import Interval

FIRST_GUESS = 1e21
MOST = math.log(1e100)  # where every published law has reached its floor
STRIDE, SHORT = math.log(1e3), 1.0
MAX_STEPS, MAX_TOUCHES = 60, 12
PRECISION, ROUNDING = 1e-14, 1e-12
"""Of the logarithm of the answer, beside it; of a loss that equals the target."""

Best: TypeAlias = tuple[float, Callable[[float], float]]
"""The least loss at a budget, and the loss that its sizes would reach with another budget."""


def search(
    best_at: Callable[[float], Best],
    target: float,
    *,
    affordable: Interval,
    near: float | None = None,
) -> float:
    """Find the fewest FLOPs at which the best loss is `target`.

    The best sizes at a budget are also allowed at others, and the loss they reach there touches
    the least loss from above: where that meets the target is a budget that suffices, ever closer
    to the fewest. Like Newton's method it about doubles the correct digits each time.

    Args:
        best_at: What is best at a budget in FLOPs; the loss falls as the budget grows.
        target: Loss to reach.
        affordable: Budgets that the constraints allow to be spent.
        near: FLOPs near which the answer is expected, None where nobody knows.

    Raises:
        InfeasibleError: If no budget reaches the target.
    """
    stride = STRIDE if near is None else SHORT
    least, most = math.log(affordable[0]), min(math.log(affordable[1]), MOST)
    enough = min(max(math.log(near or FIRST_GUESS), least), most)
    loss, held = best_at(math.exp(enough))
    if near is not None and abs(loss - target) <= ROUNDING * target:
        return math.exp(enough)
    while loss > target:
        if enough == most:
            _refuse(loss, target, most)
        enough, stride = min(enough + stride, most), min(2 * stride, STRIDE)
        loss, held = best_at(math.exp(enough))
    first = enough
    for _ in range(MAX_TOUCHES):
        fewer = _fewest(held, target, least=least, enough=enough)
        if enough - fewer <= PRECISION * (1 + abs(enough)):
            return math.exp(fewer)
        loss, held = best_at(math.exp(fewer))
        if not loss <= target * (1 + ROUNDING):  # a constraint moved: the sizes are not allowed
            break
        if loss >= target * (1 - PRECISION):
            return math.exp(fewer)
        enough = fewer
    return _bracketed(lambda c: best_at(math.exp(c))[0] - target, least, first)


def _bracketed(excess: Callable[[float], float], least: float, enough: float) -> float:
    """The fewest FLOPs where the best sizes change too fast with the budget to be held."""
    low, high = max(enough - STRIDE, least), enough
    while excess(low) <= 0:
        if low == least:
            return math.exp(least)
        low, high = max(low - STRIDE, least), low
    return math.exp(roots.bracketed(excess, (low, high)))


def _fewest(held: Callable[[float], float], target: float, *, least: float, enough: float) -> float:
    """The logarithm of the fewest FLOPs, at most `enough`, with which held sizes suffice."""

    def excess(log_flops: float) -> float:
        return held(math.exp(log_flops)) - target

    low, high, step = enough, enough, SHORT
    while excess(low) <= 0:
        if low == least:
            return least
        low, high, step = max(low - step, least), low, 2 * step
    if low == high:
        return enough
    above = excess(low)
    if not math.isfinite(above):  # no tokens left to train with
        return _bisected(excess, low, high)
    return min(roots.bracketed(excess, (low, high)), enough)


def _bisected(excess: Callable[[float], float], low: float, high: float) -> float:
    """Halve a bracket whose low end is infinite until it is finite; then find the root."""
    for _ in range(MAX_STEPS):
        middle = (low + high) / 2
        if not low < middle < high:
            return high
        at = excess(middle)
        if math.isfinite(at) and at > 0:
            return roots.bracketed(excess, (middle, high))
        low, high = (low, middle) if at <= 0 else (middle, high)
    return high


def affordable(
    question: Question, constraints: Constraints, *, layout: Layout, spending: Spending
) -> Interval:
    """The fewest and the most FLOPs that the constraints let one spend.

    Args:
        question: What is held.
        constraints: Caps and ranges.
        layout: What ties N_total to N_active where sparsity is not sought.
        spending: What tokens cost and how many are served; its budget is not used.
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
    fewest = spending.fewest_tokens
    most = constraints.max_tokens or math.inf
    if ratio_low:
        largest = min(largest, most / ratio_low)
    smallest = max(smallest, fewest / ratio_high)

    def flops(n_active: float, tokens: float) -> float:
        return spending.cost.flops(n_active, tokens, served=spending.inference_tokens)

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
