"""Bayesian search with a Gaussian process of our own."""

from functools import partial

import numpy as np

from autotune.problem import Problem
from autotune.search.base import ModelSearch
from autotune.search.native import acquisition
from autotune.search.native.belief import Belief
from autotune.search.native.kernel import squared_distances
from autotune.search.native.proposal import INCUMBENTS, Acquisition, Landscape, ranked
from autotune.search.native.surrogate import Surrogate
from autotune.search.prior import Prior
from autotune.search.prior_start import best
from autotune.search.settings import SearchSettings
from autotune.types import Floats, Value

CONVERGED = 1e-3  # of the spread of the values: an expected gain not worth the next trial
RETURN = 4  # of so many trials after that, one still goes to the best place
APART = 0.2  # radius of what counts as one place, in units of the longest distance there is
PLACES = 3
FEWEST = 6


class NativeSearch(ModelSearch):
    """Proposes the legal, new configuration that an acquisition function likes best.

    Once little more is to be gained around the best place, most trials go to the next best. A
    failed trial makes trials nearby less likely, and has no value.
    """

    def __init__(
        self, problem: Problem, settings: SearchSettings, prior: Prior | None = None
    ) -> None:
        super().__init__(problem, settings, prior)
        self._prior = prior
        self._belief = Belief(self._codec, settings)

    def _start(self, size: int) -> dict[str, Value] | None:
        """The prior's own optimum comes first."""
        if self._prior is None or size:
            return None
        return best(self._prior, self._codec, self._sampler, self._settings.seed)

    def _pick(self, points: Floats, rng: np.random.Generator) -> Floats:
        return np.asarray(points[np.argmax(self._landscape(rng).score(points))])

    def _ranked(self, rng: np.random.Generator) -> Floats:
        points, values = np.array(self._memory.points), np.array(self._memory.values)
        landscape = self._landscape(rng)
        found = ranked(landscape, _best(points, values), rng)
        if self._memory.size % RETURN and self._converged(landscape, found[0], values):
            found = np.concatenate([self._elsewhere(points, values, rng), found])
        return found

    def _landscape(self, rng: np.random.Generator) -> Landscape:
        points, values = np.array(self._memory.points), np.array(self._memory.values)
        pending = np.array(self._memory.pending).reshape(-1, points.shape[1])
        model = self._belief.model(points, values, pending)
        return Landscape(self._codec, model, self._acquisition(model, rng), self._allowed)

    def _allowed(self, point: Floats) -> bool:
        return self._sampler.legal(self._codec.decode(point))

    def _acquisition(self, model: Surrogate, rng: np.random.Generator) -> Acquisition:
        name = self._settings.acq
        if name == "gp_hedge":
            name = str(rng.choice(["LCB", "EI", "PI"]))
        if name == "LCB":
            return partial(acquisition.confidence_bound, kappa=self._settings.kappa)
        gain = (
            acquisition.log_expected_improvement
            if name == "EI"
            else acquisition.log_probability_of_improvement
        )
        return partial(gain, best=model.best)

    def _converged(self, landscape: Landscape, point: Floats, values: Floats) -> bool:
        """Whether the expected improvement at a point is small beside the spread of the values."""
        if self._settings.acq != "EI":
            return False
        low, high = np.nanquantile(values, [0.25, 0.75])
        gain = np.exp(float(landscape.score(point[None, :])[0])) * landscape.model.unit
        return bool(gain < CONVERGED * (high - low))

    def _elsewhere(self, points: Floats, values: Floats, rng: np.random.Generator) -> Floats:
        """Points by falling score outside the best place, or the best few; shape (m, d).

        The surrogate there knows nothing of the places left out, nor of how low they reach.
        """
        features = self._codec.features(points)[:, : self._codec.n_features]
        radius = APART * np.sqrt(features.shape[1])
        places = features[[np.nanargmin(values)]]
        for _ in range(PLACES):
            outside = (squared_distances(features, places) > radius**2).all(axis=1)
            if np.isfinite(values[outside]).sum() < FEWEST:
                break
            model = self._belief.fresh(points[outside], values[outside])
            gain = partial(acquisition.log_expected_improvement, best=model.best)
            landscape = Landscape(self._codec, model, gain, self._allowed, places, radius)
            found = ranked(landscape, _best(points[outside], values[outside]), rng)
            if not self._converged(landscape, found[0], values):
                return found
            best = np.flatnonzero(outside)[np.nanargmin(values[outside])]
            places = np.concatenate([places, features[[best]]])
        return np.empty((0, points.shape[1]))


def _best(points: Floats, values: Floats) -> Floats:
    """The best points told, best first, shape (m, d)."""
    order = np.argsort(values, kind="stable")  # not-a-number comes last
    return np.asarray(points[order[: min(INCUMBENTS, int(np.isfinite(values).sum()))]])
