"""Classical designs for the same spend: IsoFLOP grids, ladders, random runs, and the largest."""

import numpy as np
from numpy.typing import NDArray

from autotune.fitting.runs import RunTable
from autotune.types import Floats

TOKENS_PER_PARAM = 20.0

BUDGETS, STEP = 3, 3.0
"""IsoFLOP budgets, and the ratio of neighbouring ones."""

SIZES = 2.0 ** np.arange(-2, 3)
"""Sizes at each budget, beside that of 20 tokens per parameter."""

RUNGS = 4
"""Sizes of a ladder, each twice the next smaller one."""

PERIODS = (1.0, 2.0, 5.0)
"""Token counts of each rung, in units of 20 tokens per parameter (as OLMo's ladder, Bhagia et al.
2024)."""


def isoflop(candidates: RunTable, spend: float) -> list[int]:
    """Several sizes at each of several budgets: approach 2 of Hoffmann et al. (2022)."""
    ratios = STEP ** -np.arange(BUDGETS)
    middle = np.sqrt(ratios / (6 * TOKENS_PER_PARAM))  # at a largest budget of 1
    n_active = (middle[:, None] * SIZES).ravel()
    tokens = np.repeat(ratios, len(SIZES)) / (6 * n_active)
    return _matched(candidates, n_active, tokens, spend)


def ladder(candidates: RunTable, spend: float) -> list[int]:
    """Sizes that double, each trained on a few multiples of 20 tokens per parameter."""
    sizes = 2.0 ** -np.arange(RUNGS)
    n_active = np.repeat(sizes, len(PERIODS))
    tokens = n_active * TOKENS_PER_PARAM * np.tile(PERIODS, RUNGS)
    return _matched(candidates, n_active, tokens, spend)


def at_random(candidates: RunTable, spend: float, rng: np.random.Generator) -> list[int]:
    """Runs in random order, each that can still be paid for."""
    return _paid(candidates.flops, rng.permutation(len(candidates)), spend)


def largest(candidates: RunTable, spend: float) -> list[int]:
    """The largest run that can be paid for, again and again."""
    return _paid(candidates.flops, np.argsort(-candidates.flops, kind="stable"), spend)


def _paid(flops: Floats, order: NDArray[np.int64], spend: float) -> list[int]:
    picks = []
    for x in order.tolist():
        if flops[x] <= spend:
            picks.append(x)
            spend -= float(flops[x])
    return picks


def _matched(candidates: RunTable, n_active: Floats, tokens: Floats, spend: float) -> list[int]:
    """The candidates nearest to a design's runs at the scale that spends all, for every layout.

    The design is scaled as a whole: sizes and tokens by one factor, so its shape stays.
    """
    ratio = np.unique(np.round(candidates.n_total / candidates.n_active, 2))
    cost = float((6 * n_active * tokens).sum())
    groups = [
        np.flatnonzero(np.round(candidates.n_total / candidates.n_active, 2) == r) for r in ratio
    ]
    groups = groups if len(groups) <= 8 else [np.arange(len(candidates))]
    scale = np.sqrt(spend / len(groups) / cost)
    picks: list[int] = []
    for own in groups:
        left = spend / len(groups)
        for n, d in sorted(zip(scale * n_active, scale * tokens, strict=True), key=_flops):
            free = np.array([x for x in own if x not in picks and candidates.flops[x] <= left])
            if not len(free):
                break
            off = np.abs(np.log(candidates.n_active[free] / n))
            off += np.abs(np.log(candidates.tokens[free] / d))
            best = int(free[np.argmin(off)])
            picks.append(best)
            left -= float(candidates.flops[best])
    return picks


def _flops(pair: tuple[float, float]) -> float:
    return -pair[0] * pair[1]
