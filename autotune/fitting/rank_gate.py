"""Whether triplets of M, M/N_a and N/N_a keep their order before the hidden size is chosen."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from autotune.fitting.budgets import distinct
from autotune.fitting.shape_runs import ShapeRuns
from autotune.fitting.shape_slices import HELD, NEAR_MIDDLE, apart

ACCEPTED = 0.9
"""Kendall's tau from which the search may be split in two phases; the paper has 0.911."""
SAME_TRIPLET = 1.05
"""Runs whose three numbers lie within this factor of a triplet's are of it."""
FEWEST_TRIPLETS = 4
FEWEST_WIDTHS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class RankGate:
    """Loss at the middle hidden size against the least loss over hidden sizes, at one budget.

    Attributes:
        flops: The budget.
        n_triplets: Triplets with several hidden sizes, the middle one among them.
        n_runs: Runs of those triplets.
        pearson: Correlation of both losses.
        spearman: Of their ranks.
        kendall: Share of pairs in the same order, less that of pairs in the other.
    """

    flops: float
    n_triplets: int
    n_runs: int
    pearson: float
    spearman: float
    kendall: float

    @property
    def accepted(self) -> bool:
        """Whether ratios may be chosen at the middle hidden size."""
        return self.kendall >= ACCEPTED


def gate(runs: ShapeRuns, rows: NDArray[np.int64]) -> RankGate | None:
    """Compare the orders at one budget; None where fewer than four triplets can be compared.

    A triplet is that of a run near its middle hidden size, with the runs within 5 % of its numbers;
    of runs that share them, the one whose runs are most and nearest. It is compared if it has three
    different hidden sizes or more.

    Args:
        runs: All runs.
        rows: Indices of those of the budget.
    """
    distance = apart(runs, rows, HELD)
    together = distance <= np.log(SAME_TRIPLET)
    off = np.abs(np.log(runs.d_model[rows] / runs.middle[rows]))
    spread = np.where(together, distance, 0).sum(axis=1) / together.sum(axis=1)
    left = np.ones(len(rows), dtype=bool)
    at_middle, least, n_runs = [], [], 0
    for i in np.lexsort((off, spread, -together.sum(axis=1))):
        if not (left[i] and off[i] <= np.log(NEAR_MIDDLE)):
            continue
        members = together[i] & left
        left &= ~members
        if len(distinct(runs.d_model[rows[members]])) >= FEWEST_WIDTHS:
            at_middle.append(runs.loss[rows[i]])
            least.append(runs.loss[rows[members]].min())
            n_runs += int(members.sum())
    if len(least) < FEWEST_TRIPLETS or np.ptp(at_middle) == 0 or np.ptp(least) == 0:
        return None
    return RankGate(
        flops=float(np.median(runs.flops[rows])),
        n_triplets=len(least),
        n_runs=n_runs,
        pearson=float(stats.pearsonr(at_middle, least).statistic),
        spearman=float(stats.spearmanr(at_middle, least).statistic),
        kendall=float(stats.kendalltau(at_middle, least).statistic),
    )
