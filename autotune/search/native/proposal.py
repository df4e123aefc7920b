"""The point that an acquisition likes best: candidates, then gradients and neighbours."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy.optimize import minimize

from autotune.search.codec import Codec
from autotune.search.native.acquisition import Acquisition
from autotune.search.native.places import EVERYWHERE, Places, Region
from autotune.search.native.region import Box
from autotune.search.native.surrogate import Surrogate
from autotune.search.sampling import around
from autotune.types import Floats

GLOBAL_CANDIDATES, LOCAL_CANDIDATES = 512, 256
INCUMBENTS, CLIMBED = 5, 4
STEPS, TRIED = (0.1, 0.03, 0.01, 0.003, 0.001), 64
BISECTIONS = 30
TURNS = 3  # of climbing the gradient and stepping to a neighbour
CLIMB_ROUNDS, CROWDED_ROUNDS = 20, 10
SAME = 1e-9


class Gain(Protocol):
    """An acquisition that improves on a value."""

    def __call__(self, *, best: float) -> Acquisition:
        """The acquisition that improves on `best`."""


@dataclass(frozen=True, slots=True)
class Landscape:
    """An acquisition over the unit cube, for points that may differ in any parameter.

    Attributes:
        codec: From points to features.
        model: The surrogate.
        gain: The acquisition, given the surrogate's best.
        allowed: Whether the problem allows a snapped point, shape (d,).
        places: The best places of the record.
        box: Where to stay.
        region: The same, by places.
    """

    codec: Codec
    model: Surrogate
    gain: Gain
    allowed: Callable[[Floats], bool]
    places: Places
    box: Box
    region: Region = EVERYWHERE

    @property
    def acquisition(self) -> Acquisition:
        """What a posterior mean and deviation promise."""
        return self.gain(best=self.model.best)

    def score(self, points: Floats) -> Floats:
        """Scores of snapped points (m, d), the chance of success included; higher is better."""
        features = self.codec.features(points)
        value, _, _ = self.acquisition(*self.model.process.predict(features))
        value = value + self.model.log_success(features)
        own = features[:, : self.codec.n_features]
        inside = self.places.within(own, self.region) & self.box.within(points)
        return np.where(inside, value, -np.inf)

    def legal(self, points: Floats, count: int) -> Floats:
        """The first `count` of snapped points that the problem allows, in their order."""
        kept: list[Floats] = []
        for point in points:
            if self.allowed(point):
                kept.append(point)
                if len(kept) == count:
                    break
        return np.array(kept).reshape(-1, points.shape[1])

    def improve(
        self, point: Floats, turns: int = TURNS, rounds: int = CLIMB_ROUNDS
    ) -> tuple[Floats, float]:
        """Climb from a legal point in turns: by gradients, then to better neighbours."""
        value = float(self.score(point[None, :])[0])
        for _ in range(turns):
            climbed = self._reach(point, self._climb(point, rounds))
            around = self.codec.snap(self.codec.neighbours(climbed))
            scores = self.score(around)
            order = np.argsort(-scores, kind="stable")
            order = order[scores[order] > value + SAME]
            better = self.legal(around[order], 1)
            if not len(better):
                break
            point, value = better[0], float(self.score(better)[0])
        return point, value

    def _reach(self, start: Floats, goal: Floats) -> Floats:
        """The farthest legal point on the way: an optimum often lies on a constraint."""
        if self.allowed(self.codec.snap(goal[None, :])[0]):
            return goal
        low, high = 0.0, 1.0
        for _ in range(BISECTIONS):
            middle = 0.5 * (low + high)
            here = self.codec.snap((start + middle * (goal - start))[None, :])[0]
            low, high = (middle, high) if self.allowed(here) else (low, middle)
        return np.asarray(start + low * (goal - start))

    def _climb(self, point: Floats, rounds: int) -> Floats:
        """Follow the gradient in the continuous parameters; the chance of success stays out."""
        axes = self.codec.continuous
        if not axes:
            return point
        columns, own = list(axes.values()), self.codec.n_features
        low, high = self.box.low[list(axes)], self.box.high[list(axes)]
        acquisition = self.acquisition

        def descent(units: Floats) -> tuple[float, Floats]:
            here = point.copy()
            here[list(axes)] = units
            features = self.codec.features(here[None, :])[0]
            mean, deviation, by_mean, by_deviation = self.model.process.gradient(features)
            value, slope, bend = acquisition(np.array(mean), np.array(deviation))
            steepest = float(slope) * by_mean + float(bend) * by_deviation
            by_prior = steepest[own:] @ self.codec.slopes(here)
            return -float(value), -(steepest[columns] + by_prior)

        found = minimize(
            descent, point[list(axes)], jac=True, method="L-BFGS-B",
            bounds=list(zip(low, high, strict=True)), options={"maxiter": rounds},
        )  # fmt: skip
        moved = point.copy()
        moved[list(axes)] = np.clip(found.x, low, high)
        return moved


def ranked(landscape: Landscape, incumbents: Floats, rng: np.random.Generator) -> Floats:
    """Points by falling score, the improved ones first; snapped, shape (m, d).

    Args:
        landscape: What to maximise.
        incumbents: The best points told, shape (i, d).
        rng: Of the candidates.
    """
    top, candidates = narrowed(landscape, incumbents, rng)
    climbed = sorted((landscape.improve(point, turns=1) for point in top), key=lambda e: -e[1])
    improved = [point for point, _ in climbed]
    improved[:1] = [landscape.improve(point)[0] for point in improved[:1]]
    return np.concatenate([*[point[None, :] for point in improved], candidates])


def narrowed(
    landscape: Landscape, incumbents: Floats, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """A few legal points that small steps led to, and candidates by falling score."""
    step = 10 ** rng.uniform(-3, -0.5, (LOCAL_CANDIDATES, 1))
    wide = landscape.box.drawn(GLOBAL_CANDIDATES, rng)
    near = landscape.box.clip(around(incumbents, LOCAL_CANDIDATES, step, rng))
    candidates = np.unique(landscape.codec.snap(np.concatenate([wide, near])), axis=0)
    candidates = candidates[np.argsort(-landscape.score(candidates), kind="stable")]
    top = _together(landscape, landscape.legal(candidates, CLIMBED), rng)
    return top, candidates


def _together(landscape: Landscape, top: Floats, rng: np.random.Generator) -> Floats:
    """Narrow in on points by random steps in several parameters at once, grids included.

    Gradients and neighbours change one grid at a time, and stop in a valley across two of them.
    """
    for step in STEPS if len(top) else ():
        near = landscape.codec.snap(landscape.box.clip(around(top, TRIED, step, rng)))
        both = np.unique(np.concatenate([top, near]), axis=0)
        both = both[np.argsort(-landscape.score(both), kind="stable")]
        top = landscape.legal(both, CLIMBED)
    return top
