"""The best points of a score that has no gradient: candidates, then shrinking random steps."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from autotune.search.codec import Codec
from autotune.search.sampling import around
from autotune.types import Floats, Value

GLOBAL_CANDIDATES = 1024
LOCAL_CANDIDATES = 512
STEPS = np.geomspace(0.1, 3e-4, 6)
KEPT, PER_KEPT = 8, 24

Score = Callable[[Floats], Floats]
"""Of snapped points, shape (m, d); lower is better, shape (m,)."""


@dataclass(frozen=True, slots=True)
class Candidates:
    """Acceptable points of low score.

    Attributes:
        codec: What snaps points to values that exist.
        accepts: Whether a configuration may be proposed: a legal and new one, say.
        wide: How many candidates are drawn from the whole cube.
    """

    codec: Codec
    accepts: Callable[[dict[str, Value]], bool]
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
        points = np.unique(self.codec.snap(points), axis=0)
        return self.refined(points, score(points), score, rng, steps=STEPS)

    def refined(
        self,
        points: Floats,
        scores: Floats,
        score: Score,
        rng: np.random.Generator,
        *,
        steps: Floats,
    ) -> Floats:
        """The best points found by random steps from the best of some, best first.

        Args:
            points: Snapped points, each once, shape (m, d).
            scores: Of those, shape (m,).
            score: What to minimise.
            rng: Of the steps.
            steps: Their sizes, one after the other.
        """
        top, values = self._accepted(points, scores)
        for size in steps if len(top) else ():
            moved = around(top, len(top) * PER_KEPT, size, rng)
            moved = np.unique(self.codec.snap(moved), axis=0)
            near, found = self._accepted(moved, score(moved))
            top, values = np.concatenate([top, near]), np.concatenate([values, found])
            keep = np.argsort(values, kind="stable")[:KEPT]
            top, values = top[keep], values[keep]
        return top

    def _accepted(self, points: Floats, scores: Floats) -> tuple[Floats, Floats]:
        """The best few points that are accepted, with their scores, best first."""
        kept: list[int] = []
        for i in np.argsort(scores, kind="stable"):
            if self.accepts(self.codec.decode(points[i])):
                kept.append(int(i))
                if len(kept) == KEPT:
                    break
        return points[kept], scores[kept]
