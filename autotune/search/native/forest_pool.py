"""Points to propose from while many trials run: found seldom, ranked anew for each proposal."""

import numpy as np

from autotune.search.native.forest import Reading
from autotune.search.native.forest_belief import ForestModel
from autotune.search.native.milestones import doubled
from autotune.search.native.surrogate import log_chance
from autotune.types import Floats

RECENT, LATEST = 16, 16  # one of so many outcomes may be later than a pool; and so many at most


class Pool:
    """Points, and where they lie in trees that are grown anew one after the other.

    Attributes:
        told: The outcomes by which they were found.
        points: Snapped points, each once, shape (m, d).
    """

    def __init__(self, points: Floats, *, told: int) -> None:
        self.told = told
        self.points = np.unique(points, axis=0)
        self._values: Reading | None = None
        self._success: Reading | None = None

    def predict(self, model: ForestModel) -> tuple[Floats, Floats]:
        """Mean and deviation at the points by a model, with any lies, each of shape (m,)."""
        self._values = model.forest.read_on(self.points, self._values)
        return model.counted.predict(model.forest.numbered(self._values.within))

    def log_success(self, model: ForestModel) -> Floats:
        """Their log chances to succeed, shape (m,); 0 if none failed."""
        if model.success is None:
            return np.zeros(len(self.points))
        forest, counted = model.success
        self._success = forest.read_on(self.points, self._success)
        return log_chance(counted.predict(forest.numbered(self._success.within))[0])


def pooled(values: Floats) -> int:
    """By how many of the first outcomes points are found for a record, values of shape (n,).

    A function of the record alone, and one that never falls, as trees that grow with it ask.
    """
    n = len(values)
    base = n - n % max(min(doubled(n, RECENT) // RECENT, LATEST), 1)
    return base if np.isfinite(values[:base]).sum() > 1 else n
