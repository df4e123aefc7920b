"""Candidates for the next runs: a grid of sizes and tokens within limits, for every layout."""

from collections.abc import Sequence

import numpy as np

from autotune.errors import InputError
from autotune.fitting.runs import RunTable
from autotune.suggestion.layouts import LIKE_TOKENS, Layout
from autotune.suggestion.limits import Limits
from autotune.suggestion.planned import planned
from autotune.types import Floats

MOST_CANDIDATES = 300
FINEST = 2**0.25
"""The least ratio of neighbouring sizes, and of neighbouring token counts."""


def candidates(table: RunTable, kinds: Sequence[Layout], limits: Limits) -> RunTable:
    """Every run that may be suggested, cheapest first.

    Sizes and tokens are spaced evenly in their logarithms, as finely as keeps the count below
    `MOST_CANDIDATES`; sizes are whole numbers and tokens whole steps.

    Args:
        table: Finished runs; candidates have their layouts and further inputs.
        kinds: The layouts of the runs.
        limits: What a run may be.

    Raises:
        InputError: If no run keeps to the limits.
    """
    ratio = FINEST
    while True:
        n_active, tokens = _pairs(limits, ratio)
        if len(n_active) * len(kinds) <= MOST_CANDIDATES:
            break
        ratio *= 2**0.25
    if not len(n_active):
        raise InputError(
            f"no run costs between {limits.smallest:.3g} and {limits.largest:.3g} FLOPs within "
            "the limits on tokens. Loosen a limit."
        )
    return joined(table, [(kind, n_active, tokens) for kind in kinds])


def joined(table: RunTable, parts: Sequence[tuple[Layout, Floats, Floats]]) -> RunTable:
    """Planned runs of several layouts in one table, cheapest first."""
    n_active = np.concatenate([n for _, n, _ in parts])
    tokens = np.concatenate([d for _, _, d in parts])
    factors = {
        name: np.concatenate([np.full(len(n), kind.factors[name]) for kind, n, _ in parts])
        for name in parts[0][0].factors
    }
    if LIKE_TOKENS in table.factors:
        factors[LIKE_TOKENS] = tokens
    n_total = np.concatenate([kind.n_total(n) for kind, n, _ in parts])
    made = planned(n_active, tokens, n_total=n_total, factors=factors)
    return made.take(np.lexsort((made.n_total, made.n_active, made.flops)))


def _pairs(limits: Limits, ratio: float) -> tuple[Floats, Floats]:
    low, high = limits.tokens_per_param
    smallest = np.sqrt(limits.smallest / (6 * high))
    largest = np.sqrt(limits.largest / (6 * low))
    sizes = _spaced(smallest, largest, ratio)
    counts = _spaced(smallest * low, np.sqrt(limits.largest * high / 6), ratio)
    n_active, tokens = (each.ravel() for each in np.meshgrid(sizes, counts, indexing="ij"))
    n_active, tokens = np.round(n_active), limits.whole_tokens(tokens)
    n_active, tokens = np.unique(np.stack([n_active, tokens]), axis=1)
    kept = limits.admit(n_active, tokens)
    return n_active[kept], tokens[kept]


def _spaced(low: float, high: float, ratio: float) -> Floats:
    steps = max(int(np.log(high / low) / np.log(ratio)), 1)
    return np.asarray(low * ratio ** np.arange(steps + 1))
