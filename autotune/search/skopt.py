"""Bayesian search with scikit-optimize: its Optimizer fits, its acquisitions rank our candidates.

scikit-optimize maximises an acquisition without regard to constraints between parameters and
may return a point twice. So the Optimizer is told everything at once (one fit per proposal,
pending points by a constant lie), and the candidates are our own: uniform ones, and ones around
the best, all of them snapped to values that exist; the best that is legal and new is refined.
"""

import numpy as np

from autotune.search.base import ModelSearch
from autotune.search.candidates import Candidates, Score
from autotune.search.learners import learner
from autotune.types import Floats

OUTLIER = 5.0  # times the median's distance from the least value


class SkoptSearch(ModelSearch):
    """Proposes the legal, new configuration that an acquisition function likes best.

    A failed trial counts as the worst value seen.
    """

    def _pick(self, points: Floats, rng: np.random.Generator) -> Floats:
        return np.asarray(points[np.argmin(self._score(rng)(points))])

    def _ranked(self, rng: np.random.Generator) -> Floats:
        candidates = Candidates(self._codec, self._sampler.fresh)
        return candidates.best(self._score(rng), self._incumbents(), rng)

    def _score(self, rng: np.random.Generator) -> Score:
        """Fit the surrogate to everything known; return the acquisition, lower is better."""
        from skopt import Optimizer
        from skopt.space import Real

        x, y = self._lied()
        seed = int(rng.integers(2**31))
        optimizer = Optimizer(
            [Real(0.0, float(high)) for high in self._codec.highest],
            base_estimator=learner(
                self._settings.learner, n_features=self._codec.n_features, seed=seed
            ),
            n_initial_points=0,
            acq_func="LCB",
            acq_optimizer="sampling",
            acq_optimizer_kwargs={"n_points": 1},  # its own candidates go unused
            random_state=seed,
        )
        optimizer.tell(x.tolist(), y.tolist())
        name = str(self._settings.acq)
        if name == "gp_hedge":
            name = str(rng.choice(["LCB", "EI", "PI"]))
        acquisition = acquisition_of(
            optimizer.models[-1], name, y_opt=float(y.min()), kappa=self._settings.kappa
        )
        return lambda points: acquisition(self._codec.features(points))

    def _lied(self) -> tuple[Floats, Floats]:
        """Features and standardised values of all points, lies for failed and pending ones."""
        pending = self._memory.pending
        told = standardised(np.array(self._memory.values))
        known = told[np.isfinite(told)]
        lie = {"cl_min": known.min(), "cl_mean": known.mean(), "cl_max": known.max()}
        values = np.where(np.isfinite(told), told, known.max())
        lies = np.full(len(pending), lie[str(self._settings.liar)])
        points = np.array([*self._memory.points, *pending])
        return self._codec.features(points), np.concatenate([values, lies])

    def _incumbents(self) -> Floats:
        """The five best points told, best first, shape (m, d)."""
        order = np.argsort(self._memory.values)[: min(5, self._memory.n_completed)]
        return np.array(self._memory.points)[order]


def standardised(values: Floats) -> Floats:
    """Shift and scale values to mean 0 and deviation 1; not-a-number stays.

    Values far above the bulk (a run that diverged) are drawn in first: they say "not here", and
    taken at face value they would hide every difference that matters.
    """
    least = np.nanmin(values)
    scale = float(np.nanmax(values) - least) or 1.0
    unit = (values - least) / scale
    unit = np.minimum(unit, OUTLIER * np.nanmedian(unit) or 1.0)
    spread = float(np.nanstd(unit)) or 1.0
    return np.asarray((unit - np.nanmean(unit)) / spread)


def acquisition_of(model: object, name: str, *, y_opt: float, kappa: float) -> Score:
    """scikit-optimize's acquisition by name as a score to minimise over features (m, k)."""
    from skopt import acquisition

    def score(x: Floats) -> Floats:
        if name == "LCB":
            return np.asarray(acquisition.gaussian_lcb(x, model, kappa=kappa))
        gain = acquisition.gaussian_ei if name == "EI" else acquisition.gaussian_pi
        return -np.asarray(gain(x, model, y_opt=y_opt))

    return score
