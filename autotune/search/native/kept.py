"""The outcomes that a forest rests on: all of a few, of many the best, a sample, the latest."""

import numpy as np
from numpy.typing import NDArray

from autotune.types import Floats

ENOUGH = 2000  # outcomes; with more, each proposal would cost more and gain little
BEST = 500  # of these, the best ones: where precision is wanted
RENEWED = 500  # outcomes after which the choice is made anew; all of those since are kept


class Kept:
    """Which outcomes of a growing record a forest rests on, a function of the record.

    Attributes:
        rows: Of the record as it was last looked at, rising, fewer than `ENOUGH` + `RENEWED`.
    """

    def __init__(self, seed: tuple[int, ...]) -> None:
        self._seed = seed
        self._chosen_at = 0
        self._chosen: NDArray[np.intp] = np.empty(0, dtype=np.intp)
        self.rows = self._chosen

    def look(self, values: Floats) -> bool:
        """Take in a record that has grown, and say whether the choice was made anew.

        Args:
            values: In the order told, not-a-number for failed trials, shape (n,).
        """
        last = last_choice(len(values))
        anew = last != self._chosen_at
        if anew:
            self._chosen_at, self._chosen = last, self._choice(values[:last])
        since = np.arange(last, len(values))
        self.rows = np.concatenate([self._chosen, since])
        return anew

    def _choice(self, values: Floats) -> NDArray[np.intp]:
        order = np.argsort(values, kind="stable")  # not-a-number comes last
        rng = np.random.default_rng((*self._seed, len(values)))
        sample = rng.choice(order[BEST:], ENOUGH - BEST, replace=False)
        return np.sort(np.concatenate([order[:BEST], sample]))


def last_choice(n: int) -> int:
    """The number of outcomes at which the choice was made last, for n outcomes; 0 for never."""
    return 0 if n < ENOUGH else ENOUGH + (n - ENOUGH) // RENEWED * RENEWED
