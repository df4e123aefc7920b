"""Points to propose from while many trials run: found once for a record, ranked anew for each."""

from dataclasses import dataclass

import numpy as np

from autotune.search.native.forest import Places
from autotune.search.native.forest_belief import ForestModel
from autotune.types import Floats


@dataclass(frozen=True, slots=True)
class Pool:
    """Points, and where they lie in the trees of one record.

    Attributes:
        told: The outcomes of the record.
        bend: Of the warp under which they were found; one for all proposals of a record, since
            counting very many lies anew under each takes long.
        points: Snapped points, each once, shape (m, d).
        places: Their leaves.
        log_success: Their log chances to succeed, shape (m,).
    """

    told: int
    bend: float
    points: Floats
    places: Places
    log_success: Floats

    @classmethod
    def of(cls, model: ForestModel, points: Floats, *, told: int, bend: float) -> "Pool":
        """Look points up, some of them perhaps several times, shape (m, d)."""
        once = np.unique(points, axis=0)
        return cls(told, bend, once, model.forest.read(once), model.log_success(once))

    def predict(self, model: ForestModel) -> tuple[Floats, Floats]:
        """Mean and deviation of the pool's points, by a model of its trees, with any lies."""
        return model.counted.predict(self.places)
