"""What a compute budget and an expert layout make of a model, and the best of it exactly."""

from collections.abc import Callable

import numpy as np

from autotune.types import Floats

GRID = 65
GOLDEN = (np.sqrt(5) - 1) / 2
STEPS = 64


def tokens_for(flops: float, n_active: Floats) -> Floats:
    """Training tokens D that spend the budget C exactly: C = 6 N_active D."""
    return np.asarray(flops / (6 * n_active))


def expansion(n_experts: Floats, top_k: Floats, *, expert_share: float) -> Floats:
    """n_total / n_active of a model that runs `top_k` of its `n_experts` experts per token.

    Args:
        n_experts: Experts per layer, >= `top_k`.
        top_k: Experts that a token passes through.
        expert_share: Share of the *active* parameters that sit in experts, in (0, 1].
    """
    return np.asarray(1 - expert_share + expert_share * n_experts / top_k)


def least(loss: Callable[[Floats], Floats], low: Floats, high: Floats) -> tuple[Floats, Floats]:
    """Minimise many functions of one positive variable at once, each over its own interval.

    A logarithmic grid brackets the least value of each, then a golden-section search closes
    in; exact for functions with one minimum, and for more if the grid separates them.

    Args:
        loss: Takes x of shape (m,), returns the m values.
        low: Lower ends, shape (m,), > 0.
        high: Upper ends, shape (m,), >= `low`.

    Returns:
        `(x, value)`, each of shape (m,); both ends of the interval are candidates.
    """
    left, right = np.log(low), np.log(high)
    grid = left + (right - left) * np.linspace(0, 1, GRID)[:, None]
    values = np.stack([loss(np.exp(row)) for row in grid])
    at, rows = values.argmin(axis=0), np.arange(len(left))
    best_x, best = grid[at, rows], values[at, rows]
    left, right = grid[np.maximum(at - 1, 0), rows], grid[np.minimum(at + 1, GRID - 1), rows]
    for _ in range(STEPS):
        width = GOLDEN * (right - left)
        a, b = right - width, left + width
        lower = loss(np.exp(a)) < loss(np.exp(b))
        left, right = np.where(lower, left, a), np.where(lower, b, right)
    middle = (left + right) / 2
    inner = loss(np.exp(middle))
    x = np.where(inner < best, middle, best_x)
    return np.clip(np.exp(x), low, high), np.minimum(inner, best)
