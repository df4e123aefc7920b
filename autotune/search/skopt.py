"""Bayesian search with scikit-optimize: its Optimizer fits, its acquisitions rank our candidates.

scikit-optimize maximises an acquisition without regard to constraints between parameters and
may return a point twice. So the Optimizer is told everything at once (one fit per proposal,
pending points by a constant lie), and the candidates are our own: uniform ones, and ones around
the best, all of them snapped to values that exist; the best that is legal and new is refined.
"""

from collections.abc import Callable

import numpy as np

from autotune.problem import Problem
from autotune.search.codec import Codec
from autotune.search.learners import learner
from autotune.search.memory import Memory
from autotune.search.sampling import Sampler, around
from autotune.search.settings import SearchSettings
from autotune.trials import Outcome
from autotune.types import Floats, Value

GLOBAL_CANDIDATES = 1024
LOCAL_CANDIDATES = 512
REFINEMENTS = 6
REFINED = 8
PER_REFINED = 24
OUTLIER = 5.0  # times the median's distance from the least value

Score = Callable[[Floats], Floats]


class SkoptSearch:
    """Proposes the legal, new configuration that an acquisition function likes best."""

    def __init__(self, problem: Problem, settings: SearchSettings) -> None:
        self._settings = settings
        self._codec = Codec(problem.space)
        self._memory = Memory(self._codec)
        self._sampler = Sampler(problem, self._codec, self._memory)

    def ask(self) -> dict[str, Value] | None:
        """Propose a configuration never proposed before; None if there is none left."""
        config = self._propose()
        if config is not None:
            self._memory.propose(config)
        return config

    def tell(self, outcome: Outcome) -> None:
        """Learn an outcome; a failed one counts as the worst value seen."""
        self._memory.tell(outcome)

    def _propose(self) -> dict[str, Value] | None:
        seed, size = self._settings.seed, self._memory.size
        if size < self._settings.initial_points:
            return self._sampler.sobol(seed)
        rng = np.random.default_rng((seed, size))
        remaining = self._sampler.remaining()
        if self._memory.n_completed < 2 or self._codec.n_features == 0:
            return self._sampler.uniform(rng)
        score = self._score(rng)
        if remaining is not None:
            return self._best_of(remaining, score) if len(remaining) else None
        best = self._refine(self._candidates(rng), score, rng)
        return self._sampler.uniform(rng) if best is None else self._codec.decode(best)

    def _score(self, rng: np.random.Generator) -> Score:
        """Fit the surrogate to everything known; return the acquisition, lower is better."""
        from skopt import Optimizer
        from skopt.space import Real

        x, y = self._lied()
        seed = int(rng.integers(2**31))
        optimizer = Optimizer(
            [Real(0.0, 1.0)] * self._codec.n_features,
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
        model = optimizer.models[-1]
        acquisition = str(self._settings.acq)
        if acquisition == "gp_hedge":
            acquisition = str(rng.choice(["LCB", "EI", "PI"]))
        return acquisition_of(model, acquisition, y_opt=float(y.min()), kappa=self._settings.kappa)

    def _lied(self) -> tuple[Floats, Floats]:
        """Features and standardised values of all points, lies for failed and pending ones."""
        pending = self._memory.pending
        told = standardised(np.array(self._memory.values))
        known = told[np.isfinite(told)]
        lie = {"cl_min": known.min(), "cl_mean": known.mean(), "cl_max": known.max()}
        values = np.where(np.isfinite(told), told, known.max())
        lies = np.full(len(pending), lie[str(self._settings.liar)])
        points = np.array(self._memory.points + pending)
        return self._codec.features(points), np.concatenate([values, lies])

    def _candidates(self, rng: np.random.Generator) -> Floats:
        d = len(self._codec.names)
        return np.concatenate(
            [
                rng.random((GLOBAL_CANDIDATES, d)),
                around(
                    self._incumbents(),
                    LOCAL_CANDIDATES,
                    10 ** rng.uniform(-3, -0.5, (LOCAL_CANDIDATES, 1)),
                    rng,
                ),
            ]
        )

    def _incumbents(self) -> Floats:
        """The five best points told, best first, shape (m, d)."""
        order = np.argsort(self._memory.values)[: min(5, self._memory.n_completed)]
        return np.array(self._memory.points)[order]

    def _best_of(self, points: Floats, score: Score) -> dict[str, Value]:
        return self._codec.decode(points[np.argmin(score(self._codec.features(points)))])

    def _refine(self, points: Floats, score: Score, rng: np.random.Generator) -> Floats | None:
        """Narrow in on the best fresh candidates with shrinking random steps."""
        top, values = self._fresh(points, score, REFINED)
        for step in np.geomspace(0.1, 3e-4, REFINEMENTS):
            if not len(top):
                return None
            near, scores = self._fresh(
                around(top, len(top) * PER_REFINED, step, rng), score, REFINED
            )
            top, values = np.concatenate([top, near]), np.concatenate([values, scores])
            keep = np.argsort(values, kind="stable")[:REFINED]
            top, values = top[keep], values[keep]
        best: Floats | None = top[0]
        return best

    def _fresh(self, points: Floats, score: Score, count: int) -> tuple[Floats, Floats]:
        """The best `count` candidates that are legal and new, with their scores, best first."""
        points = np.unique(self._codec.snap(points), axis=0)
        scores = score(self._codec.features(points))
        kept: list[int] = []
        for i in np.argsort(scores, kind="stable"):
            if self._sampler.fresh(self._codec.decode(points[i])):
                kept.append(int(i))
                if len(kept) == count:
                    break
        return points[kept], scores[kept]


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
