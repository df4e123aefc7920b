"""Bayesian search that may run trials at lower fidelities: gain at the target per cost."""

from dataclasses import dataclass

import numpy as np
from scipy.linalg import solve_triangular

from autotune.problem import Problem
from autotune.search.base import ModelSearch
from autotune.search.candidates import Candidates, Score
from autotune.search.fidelity import Fidelity
from autotune.search.native.acquisition import log_expected_improvement
from autotune.search.native.belief import Belief
from autotune.search.native.bowl import terms
from autotune.search.native.gaussian import GaussianProcess
from autotune.search.native.kernel import correlation
from autotune.search.native.surrogate import Surrogate
from autotune.search.second import SecondObjective
from autotune.search.settings import SearchSettings
from autotune.trials import Outcome
from autotune.types import Floats

INCUMBENTS = 5
SHARE = 3.0  # of a run at the target: what trials below may cost before the next one is due
ALMOST = 0.7  # of the cost at the target: for that the target itself is run
SURE = 1e-9  # least deviation of a warped value


@dataclass(frozen=True, slots=True)
class Believed:
    """What the outcomes say of the target.

    Attributes:
        model: The objective, over configurations and fidelities.
        price: The logarithm of the cost; None before two costs are known.
        leaders: Points told, moved to the target, by rising posterior mean there, shape (n, d).
        best: The least of those means.
    """

    model: Surrogate
    price: Surrogate | None
    leaders: Floats
    best: float

    def log_cost(self, features: Floats) -> Floats:
        """Natural logarithm of the cost at features (m, k), shape (m,)."""
        if self.price is None:
            return np.zeros(len(features))
        mean, _ = self.price.process.predict(features)
        return np.asarray(np.log(10) * self.price.warp.inverse(mean))


class FidelitySearch(ModelSearch):
    """Proposes the trial of largest expected gain at the target per expected cost.

    A trial at (x, s) moves the posterior mean at (x, target) by a normal step of deviation
    cov((x, s), (x, target)) / deviation of the outcome. The gain is the expected improvement of
    that mean over the best one known, the knowledge gradient of one point: at the target without
    noise it is expected improvement, and it falls with the correlation between fidelities. Once
    trials below the target have cost `SHARE` times what the best configuration would cost at the
    target, that run is due, so that what is believed is also measured.

    References:
        Huang, Allen, Notz and Miller (2006), "Sequential kriging optimization using
        multiple-fidelity evaluations"; Poloczek, Wang and Frazier (2017), "Multi-information
        source optimization".
    """

    def __init__(self, problem: Problem, settings: SearchSettings) -> None:
        super().__init__(problem, settings)
        self._fidelity = Fidelity.of(problem.space, problem.fidelity)
        self._cost = SecondObjective(problem.cost, log=True)
        self._costs: list[float] = []
        self._objective, self._price = Belief(self._codec, settings), Belief(self._codec, settings)

    def tell(self, outcome: Outcome) -> None:
        """Learn an outcome."""
        super().tell(outcome)
        self._costs.append(self._cost.of(outcome))

    def _pick(self, points: Floats, rng: np.random.Generator) -> Floats:
        del rng
        believed = self._believed()
        best = points[np.argmin(self._score(believed)(points))]
        if self._due(believed):
            is_leader = (points == believed.leaders[0]).all(axis=1)
            best = points[is_leader][0] if is_leader.any() else best
        return np.asarray(best)

    def _ranked(self, rng: np.random.Generator) -> Floats:
        believed = self._believed()
        around = np.concatenate([believed.leaders[:INCUMBENTS], self._below(believed)])
        candidates = Candidates(self._codec, self._sampler.fresh)
        found = self._raised(believed, candidates.best(self._score(believed), around, rng))
        return np.concatenate([believed.leaders[:1], found]) if self._due(believed) else found

    def _raised(self, believed: Believed, points: Floats) -> Floats:
        """Points (m, d) moved to the target, of those that cost almost as much as there."""
        target = self._fidelity.at_target(points)
        here, there = (believed.log_cost(self._codec.features(each)) for each in (points, target))
        return np.where((here > there + np.log(ALMOST))[:, None], target, points)

    def _believed(self) -> Believed:
        points, values = np.array(self._memory.points), np.array(self._memory.values)
        pending = np.array(self._memory.pending).reshape(-1, points.shape[1])
        told, running = self._codec.features(points), self._codec.features(pending)
        noise = np.array(self._memory.noise)
        model = self._objective.posterior(told, values, noise)[0].with_pending(running, None)
        costs, price = np.array(self._costs), None
        if np.isfinite(costs).sum() >= 2:
            price = self._price.posterior(told, costs)[0]
        leaders = np.unique(self._fidelity.at_target(points[np.isfinite(values)]), axis=0)
        means, _ = model.process.predict(self._codec.features(leaders))
        order = np.argsort(means, kind="stable")
        return Believed(model, price, leaders[order], float(means[order[0]]))

    def _below(self, believed: Believed) -> Floats:
        """The leaders at the fidelities that trials told ran at."""
        leaders = believed.leaders[:INCUMBENTS].copy()
        axis = self._fidelity.axis
        ran = np.sort([point[axis] for point in self._memory.points])
        leaders[:, axis] = ran[np.linspace(0, len(ran) - 1, len(leaders)).astype(int)]
        return leaders

    def _score(self, believed: Believed) -> Score:
        """Minus the log of expected gain at the target times chance of success per cost."""
        model = believed.model

        def score(candidates: Floats) -> Floats:
            here = self._codec.features(candidates)
            there = self._codec.features(self._fidelity.at_target(candidates))
            mean, _ = model.process.predict(there)
            step = np.maximum(learned(model.process, here, there), SURE)
            gain, _, _ = log_expected_improvement(mean, step, believed.best)
            return -(gain + model.log_success(here) - believed.log_cost(here))

        return score

    def _due(self, believed: Believed) -> bool:
        """Whether trials since the last at the target cost enough for the leader to run there."""
        axis, unit = self._fidelity.axis, self._fidelity.unit
        if believed.price is None or any(point[axis] == unit for point in self._memory.pending):
            return False
        reached = [i for i, point in enumerate(self._memory.points) if point[axis] == unit]
        since = self._costs[reached[-1] + 1 if reached else 0 :]
        price = believed.log_cost(self._codec.features(believed.leaders[:1]))[0]
        return bool(np.nansum(10.0 ** np.array(since)) >= SHARE * np.exp(price))


def learned(process: GaussianProcess, here: Floats, there: Floats) -> Floats:
    """Deviation of the step that an outcome at rows (m, k) makes the mean take at other rows."""
    _, deviation = process.predict(here)
    spread = np.sqrt(deviation**2 + process.further * process.variance)
    return np.asarray(np.abs(covariance(process, here, there)) / spread)


def covariance(process: GaussianProcess, a: Floats, b: Floats) -> Floats:
    """Posterior covariance between rows of (m, k) and the same rows of another, shape (m,)."""
    hyper = process.hyper
    here, there = hyper.seen(a), hyper.seen(b)
    prior = correlation(np.square((here - there) / hyper.length).sum(axis=1))
    prior = prior + hyper.bowl * (terms(here) * terms(there)).sum(axis=1)
    one, other = (
        solve_triangular(process.factor, process.covariance(each).T, lower=True, check_finite=False)
        for each in (a, b)
    )
    return np.asarray(process.variance * (prior - np.einsum("nm,nm->m", one, other)))
