"""Which runs of a budget show how the loss follows one number of the shape."""

import numpy as np
from numpy.typing import NDArray

from autotune.fitting.budgets import distinct
from autotune.fitting.shape_runs import ShapeRuns
from autotune.types import Floats

NEAR = 1.1
"""The other numbers of a slice lie within this factor of those of its centre: whole layers and
widths miss M, M/N_a and N/N_a by up to 5 %, so that two runs meant alike may lie 10 % apart."""
NEAR_MIDDLE = 1.15
"""Hidden sizes that count as the middle one, a factor: the paper's whole ones are up to 16 % off at
M/N_a of 8 and more, where the loss has changed by less than 0.1 %."""
FEWEST = 5
"""Different values that a curve of three coefficients is fitted through."""
HELD = ("M", "density", "expansion")
RULE = (
    "A curve over M, M/N_a or N/N_a goes through runs within 15 % of the middle hidden size whose "
    "other two are within 10 % of those of one run; over d, through runs whose three are. Of such "
    "slices with five different values or more, the one with the least loss is taken, then the one "
    "with the most values."
)


def near_middle(runs: ShapeRuns, rows: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which rows have about the middle of the hidden sizes that they could have."""
    off = np.abs(np.log(runs.d_model[rows] / runs.middle[rows]))
    return np.asarray(off <= np.log(NEAR_MIDDLE))


def apart(runs: ShapeRuns, rows: NDArray[np.int64], names: tuple[str, ...]) -> Floats:
    """Largest distance of the logarithms of some numbers between rows, shape (n, n)."""
    values = runs.numbers()
    logs = np.stack([np.log(values[name][rows]) for name in names])
    return np.asarray(np.abs(logs[:, :, None] - logs[:, None, :]).max(axis=0))


def slice_of(runs: ShapeRuns, rows: NDArray[np.int64], number: str) -> NDArray[np.int64]:
    """The runs of a budget that the curve over one number goes through.

    Args:
        runs: All runs.
        rows: Indices of those of the budget.
        number: `M`, `density`, `expansion` or `width`.

    Returns:
        Their indices: the slice with the least loss among those of `FEWEST` different values, or,
        if there is none, the one with the most values, which is too few.
    """
    if number != "width":
        rows = rows[near_middle(runs, rows)]
    if not len(rows):
        return rows
    others = tuple(name for name in HELD if name != number)
    together = apart(runs, rows, others) <= np.log(NEAR)
    values, loss = runs.numbers()[number][rows], runs.loss[rows]
    ranks = [_rank(values[mask], loss[mask]) for mask in together]
    return np.asarray(rows[together[ranks.index(max(ranks))]])


def _rank(values: Floats, loss: Floats) -> tuple[float, ...]:
    count = len(distinct(values))
    return (1.0, -float(loss.min()), count) if count >= FEWEST else (0.0, count, 0.0)
