"""The long run of a study: one as near the target as can be paid for, as soon as laws say which.

A plan extrapolates. The design that lets a curve be extrapolated best always has runs at the end
of what can be observed that lies nearest the target (Hoel and Levine 1964). A value of runs that
looks one round ahead does not see it: several cheap runs promise more for the same compute, and
once they are trained what is left no longer pays for a long one.
"""

import numpy as np
from numpy.typing import NDArray

from autotune.types import Floats

NEAR = 0.9
"""A run may be the long one if it costs at least this share of the longest that may be."""

SHARE = 1 / (3 * NEAR)
"""Of the spend, the most that the long run costs; one nearly as long still costs a third."""

ROUNDING = 1 + 1e-9


def long_runs(flops: Floats, *, spend: float, left: float, trained: float) -> NDArray[np.int64]:
    """The runs that may be the long one, as indices; none where one was trained.

    None either where what is left pays for none.

    Args:
        flops: Cost of each run on offer, shape (c,).
        spend: FLOPs of the whole study.
        left: FLOPs that are left of it.
        trained: Cost of the largest run so far that gave a loss.
    """
    allowed = flops <= SHARE * spend * ROUNDING
    longest = float(np.max(flops, where=allowed, initial=0.0))
    if trained >= NEAR * longest:
        return np.array([], dtype=np.int64)
    return np.flatnonzero(allowed & (flops >= NEAR * longest) & (flops <= left))
