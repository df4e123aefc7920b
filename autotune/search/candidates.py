"""The best points of a score that has no gradient: candidates, then shrinking random steps."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from autotune.search.codec import Codec
from autotune.search.sampling import Sampler, around
from autotune.types import Floats

GLOBAL_CANDIDATES = 1024
LOCAL_CANDIDATES = 512
STEPS = np.geomspace(0.1, 3e-4, 6)
KEPT, PER_KEPT = 8, 24

Score = Callable[[Floats], Floats]
"""Of snapped points, shape (m, d); lower is better, shape (m,)."""


@dataclass(frozen=True, slots=True)
class Candidates:
    """Legal, new points of low score.

    Attributes:
        codec: What snaps points to values that exist.
        sampler: What knows which are legal and new.
        wide: How many candidates are drawn from the whole cube.
    """

    codec: Codec
    sampler: Sampler
    wide: int = GLOBAL_CANDIDATES

    def best(self, score: Score, incumbents: Floats, rng: np.random.Generator) -> Floats:
        """The best points found, best first; shape (at most `KEPT`, d).

        Args:
            score: What to minimise.
            incumbents: The best points told, shape (i, d); candidates are also drawn around them.
            rng: Of the candidates.
        """
        d = incumbents.shape[1]
        step = 10 ** rng.uniform(-3, -0.5, (LOCAL_CANDIDATES, 1))
        local = around(incumbents, LOCAL_CANDIDATES, step, rng)
        points = np.concatenate([rng.random((self.wide, d)), local])
        top, values = self._fresh(points, score)
        for size in STEPS if len(top) else ():
            near, scores = self._fresh(around(top, len(top) * PER_KEPT, size, rng), score)
            top, values = np.concatenate([top, near]), np.concatenate([values, scores])
            keep = np.argsort(values, kind="stable")[:KEPT]
            top, values = top[keep], values[keep]
        return top

    def _fresh(self, points: Floats, score: Score) -> tuple[Floats, Floats]:
        """The best few candidates that are legal and new, with their scores, best first."""
        points = np.unique(self.codec.snap(points), axis=0)
        scores = score(points)
        kept: list[int] = []
        for i in np.argsort(scores, kind="stable"):
            if self.sampler.fresh(self.codec.decode(points[i])):
                kept.append(int(i))
                if len(kept) == KEPT:
                    break
        return points[kept], scores[kept]
