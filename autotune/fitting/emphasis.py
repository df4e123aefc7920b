"""Emphasis on large runs: weights that rise with a power of compute."""

import numpy as np

from autotune.fitting.runs import RunTable
from autotune.types import Floats

POWERS = (0.0, 0.25, 0.5, 0.75, 1.0)
"""What an emphasis is chosen from."""

LARGEST = 3.0  # beyond, few runs are left with any weight

LEAST_GAIN = 0.1
"""Share of the rolling error that an emphasis must save: where a law holds, luck saves less."""


def emphasised(table: RunTable, power: float) -> Floats:
    """Weights of the runs for a fit that is to be right at their large end.

    No law is exact over the whole range of a table. What small runs say of its shape then costs
    accuracy where the law will be used, beyond the largest of them.

    Args:
        table: Finished runs.
        power: Of the runs' compute; 0 leaves their weights as they are.

    Returns:
        weight * flops^power, shape (n,), scaled to the sum of the table's own weights.
    """
    if power == 0:
        return table.weight
    raised = table.weight * (table.flops / table.flops.max()) ** power
    return np.asarray(raised * (table.weight.sum() / raised.sum()))


def said(n_runs: int, power: float) -> str:
    """What a fit used, in words."""
    return f"{n_runs} runs" + (f" weighted by compute^{power:g}" if power else "")
