"""What runs vary besides size and tokens: the layouts of experts, and the totals they come with."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from autotune.fitting.runs import RunTable
from autotune.types import Floats

MOST_SPARSITIES = 8
LIKE_TOKENS = "unique_tokens"
"""A further input that grows with the run; it is taken as all of the run's tokens."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Runs that differ in size and tokens alone.

    Attributes:
        factors: Their further inputs by name, `unique_tokens` left out.
        log_n: Logarithms of their active parameters, rising, shape (sizes,).
        log_expansion: Logarithms of n_total/n_active there, shape (sizes,).
    """

    factors: Mapping[str, float]
    log_n: Floats
    log_expansion: Floats

    def n_total(self, n_active: Floats) -> Floats:
        """Total parameters at a size, interpolated between the runs' sizes."""
        found: Floats = np.exp(np.interp(np.log(n_active), self.log_n, self.log_expansion))
        return n_active * found


def layouts(table: RunTable) -> tuple[Layout, ...]:
    """The layouts among runs, the least sparse first.

    Runs without columns of experts are told apart by their sparsity, in at most
    `MOST_SPARSITIES` groups.
    """
    names = [name for name in table.factors if name != LIKE_TOKENS]
    keys = [table.factors[name] for name in names]
    if "n_experts" not in names:
        keys.append(_levels(table.sparsity))
    stacked = np.stack(keys, axis=1)
    found = []
    for row in np.unique(stacked, axis=0):
        own = np.flatnonzero((stacked == row).all(axis=1))
        own = own[np.argsort(table.n_active[own], kind="stable")]
        found.append(
            Layout(
                dict(zip(names, row.tolist(), strict=False)),
                np.log(table.n_active[own]),
                np.log(table.n_total[own] / table.n_active[own]),
            )
        )
    return tuple(sorted(found, key=lambda each: float(each.log_expansion.mean())))


def _levels(sparsity: Floats) -> Floats:
    """Labels of similar sparsities."""
    rounded = np.round(sparsity, 2)
    if len(np.unique(rounded)) <= MOST_SPARSITIES:
        return rounded
    edges = np.quantile(sparsity, np.linspace(0, 1, MOST_SPARSITIES + 1)[1:-1])
    return np.searchsorted(edges, sparsity).astype(np.float64)
