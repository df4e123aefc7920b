"""The best value so far, trial by trial."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from autotune.trials import Completed, Outcome
from autotune.types import Floats


@dataclass(frozen=True, slots=True)
class Progression:
    """How a study came to its best.

    Attributes:
        value: Of each outcome in the order they finished, shape (n,); not-a-number if it failed
            or does not count.
        best: The least value up to there, shape (n,); not-a-number before there is one.
        improvements: Positions, from 0, at which the best changed.
    """

    value: Floats
    best: Floats
    improvements: tuple[int, ...]


def progression(
    outcomes: Sequence[Outcome], counts: Callable[[Outcome], bool] = lambda _: True
) -> Progression:
    """Follow the least value of outcomes in their order.

    Args:
        outcomes: Oldest first.
        counts: Whether a completed outcome may be the best, for studies with a fidelity.
    """
    value = np.array(
        [o.value if isinstance(o, Completed) and counts(o) else np.nan for o in outcomes],
        dtype=np.float64,
    )
    best = np.fmin.accumulate(value)
    before = np.concatenate([[np.nan], best[:-1]])
    new = ~np.isnan(value) & (np.isnan(before) | (value < before))
    return Progression(value, best, tuple(int(i) for i in np.flatnonzero(new)))
