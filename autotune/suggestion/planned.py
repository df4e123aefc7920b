"""Runs that are not trained yet, as a run table without losses."""

from collections.abc import Mapping

import numpy as np

from autotune.fitting.runs import FLOPS_PER_PARAMETER_AND_TOKEN, RunTable
from autotune.types import Floats, FloatsLike

USUAL_RATIO = 20.0
"""Tokens per active parameter that compute-optimal runs have, about (Hoffmann et al. 2022)."""


def planned(
    n_active: Floats,
    tokens: Floats,
    *,
    n_total: Floats,
    factors: Mapping[str, FloatsLike],
    name: str = "planned runs",
) -> RunTable:
    """A table of configurations; their losses are not-a-number.

    Args:
        n_active: Parameters used per token, shape (n,).
        tokens: Training tokens, shape (n,).
        n_total: Parameters held, shape (n,).
        factors: Further inputs by name, one value or shape (n,).
        name: What to call the table in messages.
    """
    size = len(n_active)
    return RunTable(
        n_active=n_active,
        n_total=n_total,
        tokens=tokens,
        loss=np.full(size, np.nan),
        flops=FLOPS_PER_PARAMETER_AND_TOKEN * n_active * tokens,
        weight=np.ones(size),
        factors={
            each: np.broadcast_to(np.asarray(values, dtype=np.float64), (size,)).copy()
            for each, values in factors.items()
        },
        lines=np.arange(2, size + 2),
        name=name,
    )


def decades_off(runs: RunTable, target: float) -> Floats:
    """How far runs lie from what a target budget would train, in factors of ten, shape (n,).

    In compute, and in tokens per parameter from the usual ratio: laws hold least where both differ.
    """
    ratio = runs.tokens / runs.n_active
    return np.asarray(np.abs(np.log10(target / runs.flops)) + np.abs(np.log10(ratio / USUAL_RATIO)))
