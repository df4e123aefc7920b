"""What outcomes and running trials make a forest believe."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from autotune.search.codec import Codec
from autotune.search.native.forest import Forest, Statistics
from autotune.search.native.kept import Kept
from autotune.search.native.surrogate import log_chance
from autotune.search.native.trees import GROWTHS
from autotune.search.native.warp import bent
from autotune.search.settings import BELIEVER, SearchSettings
from autotune.types import Floats

TREES = {"RF": 50, "ET": 50, "GBRT": 20}
SUCCESS_TREES = 20
GROWN_ON = 0.1  # of the spread of the values: where the logarithm of the trees' own warp sets in
COUNTED_ON = (1.0, 0.1, 0.01)  # likewise for the warps that leaves may be counted under


@dataclass(frozen=True, slots=True)
class ForestModel:
    """A forest of the warped objective, and the chance that a trial succeeds.

    Attributes:
        forest: The trees.
        counted: Outcomes and lies in their leaves.
        success: The same of 1 for trials with a value and 0 for failed ones; None if none failed.
    """

    forest: Forest
    counted: Statistics
    success: tuple[Forest, Statistics] | None

    @property
    def best(self) -> float:
        """The least value told, warped."""
        return float(self.counted.y.min())

    def predict(self, points: Floats) -> tuple[Floats, Floats]:
        """Mean and deviation at snapped points (m, d), each of shape (m,)."""
        return self.counted.predict(self.forest.read(points))

    def log_success(self, points: Floats) -> Floats:
        """Log chance that trials at snapped points (m, d) succeed; 0 if none failed."""
        if self.success is None:
            return np.zeros(len(points))
        forest, counted = self.success
        mean, _ = counted.predict(forest.read(points))
        return log_chance(mean)


class ForestBelief:
    """Forests of one growing record, of which they rest on what `Kept` says.

    The trees are grown under one warp. Their leaves can be counted under any of a few: which
    suits is not known, and counting anew costs little.

    Attributes:
        told: Outcomes that the last model knows. It cannot go back to fewer.
    """

    def __init__(self, codec: Codec, settings: SearchSettings, learner: str) -> None:
        self._liar = str(settings.liar)
        self._learner = learner
        self._seed = settings.seed
        self._unordered = {axis: n for axis, n in codec.unordered.items() if n > 2}  # no need of 2
        self._plant()
        self.told = 0
        self._kept = Kept((settings.seed, 2))
        self._models: dict[float, ForestModel] = {}

    @property
    def rows(self) -> NDArray[np.intp]:
        """The outcomes that the last model rests on, in the order told; the best are in it."""
        return self._kept.rows

    def without_lies(self, points: Floats, values: Floats, bend: float) -> ForestModel:
        """The forest of the outcomes alone; arguments as those of `model`."""
        self._learn(points, values)
        return self._counted(points[self.rows], values[self.rows], bend)

    def model(self, points: Floats, values: Floats, pending: Floats, bend: float) -> ForestModel:
        """The forest with running trials in it; asked for again, it takes in the new ones.

        Args:
            points: Points told, in their order, shape (n, d).
            values: Their values, not-a-number where a trial failed, shape (n,).
            pending: Points of running trials, oldest first, shape (p, d).
            bend: Of the warp, one of `COUNTED_ON`.
        """
        self._learn(points, values)
        if bend not in self._models:
            self._models[bend] = self._counted(points[self.rows], values[self.rows], bend)
        model = self._models[bend]
        added = pending[model.counted.lies :]
        if len(added):
            model.counted.add(self._values.read(added), self._lie(model.counted.y))
        return model

    def _learn(self, points: Floats, values: Floats) -> None:
        """Take in the outcomes that are new."""
        if self.told == len(values):
            return
        if self._kept.look(values):
            self._plant()
        self.told, self._models = len(values), {}
        ended = self.rows[np.isfinite(values[self.rows])]
        self._values.learn(points[ended], values[ended], warped)

    def _plant(self) -> None:
        """Start with no trees."""
        self._values = Forest(
            GROWTHS[self._learner], TREES[self._learner], self._unordered, (self._seed, 0)
        )
        self._success = Forest(GROWTHS["ET"], SUCCESS_TREES, self._unordered, (self._seed, 1))

    def _counted(self, points: Floats, values: Floats, bend: float) -> ForestModel:
        ended = np.isfinite(values)
        counted = self._values.count(warped(values[ended], bend))
        if ended.all():
            return ForestModel(self._values, counted, None)
        self._success.learn(points, ended.astype(np.float64), np.asarray)
        success = self._success, self._success.count(ended.astype(np.float64))
        return ForestModel(self._values, counted, success)

    def _lie(self, y: Floats) -> float | None:
        """The value that running trials are given; None for the forest's mean."""
        if self._liar == BELIEVER:
            return None
        return float({"cl_min": y.min(), "cl_mean": y.mean(), "cl_max": y.max()}[self._liar])


def warped(values: Floats, bend: float = GROWN_ON) -> Floats:
    """Values, shape (n,), on a scale whose logarithm sets in at `bend`, one of `BENDS`."""
    return bent(values, bend)(values)
