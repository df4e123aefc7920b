"""Bayesian search for the Pareto front of two objectives, each with a process of its own."""

import numpy as np

from autotune.problem import Problem
from autotune.search import pareto
from autotune.search.base import ModelSearch
from autotune.search.candidates import Candidates, Score
from autotune.search.native import acquisition, hypervolume
from autotune.search.native.belief import Belief
from autotune.search.native.hypervolume import Predicted
from autotune.search.native.surrogate import Surrogate
from autotune.search.sampling import around
from autotune.search.second import SecondObjective
from autotune.search.settings import SearchSettings
from autotune.trials import Outcome
from autotune.types import Floats

PREDICTED = 512  # candidates that the extent of the front is estimated from, twice
SURE = 1e-9  # least deviation of a warped value, where all values are equal


class ParetoSearch(ModelSearch):
    """Proposes the legal, new configuration that is expected to add most hypervolume.

    A trial without the second objective teaches the first alone; a failed one teaches where
    trials fail. Running trials count at what the processes predict of them, in the processes and
    in the front.
    """

    def __init__(self, problem: Problem, settings: SearchSettings) -> None:
        super().__init__(problem, settings)
        self._second = SecondObjective.parse(problem.and_minimize)
        self._others: list[float] = []
        self._beliefs = Belief(self._codec, settings), Belief(self._codec, settings)

    def tell(self, outcome: Outcome) -> None:
        """Learn an outcome."""
        super().tell(outcome)
        self._others.append(self._second.of(outcome))

    def _pick(self, points: Floats, rng: np.random.Generator) -> Floats:
        return np.asarray(points[np.argmin(self._score(rng)(points))])

    def _ranked(self, rng: np.random.Generator) -> Floats:
        points, values = np.array(self._memory.points), self._values()
        best = pareto.front(values)
        if not len(best):
            best = np.argsort(values[:, 0])[: min(5, self._memory.n_completed)]
        return Candidates(self._codec, self._sampler.fresh).best(
            self._score(rng), points[best], rng
        )

    def _values(self) -> Floats:
        """Both objectives of the trials told, not-a-number where there is none, shape (n, 2)."""
        return np.stack([self._memory.values, self._others], axis=1)

    def _score(self, rng: np.random.Generator) -> Score:
        """Minus the log of the expected gain in hypervolume times the chance of success."""
        points, values = np.array(self._memory.points), self._values()
        pending = np.array(self._memory.pending).reshape(-1, points.shape[1])
        told, running = self._codec.features(points), self._codec.features(pending)
        noise = np.array(self._memory.noise)
        first = self._beliefs[0].posterior(told, values[:, 0], noise)[0]
        first = first.with_pending(running, None)
        if np.isfinite(values[:, 1]).sum() < 2:
            return self._score_of_first(first)
        second = self._beliefs[1].posterior(told, values[:, 1])[0].with_pending(running, None)
        both = np.concatenate([told[np.isfinite(values).all(axis=1)], running])
        believed = np.stack([model.medians(both) for model in (first, second)], axis=1)
        against = self._reference(first, second, points, believed, rng)

        def score(candidates: Floats) -> Floats:
            x = self._codec.features(candidates)
            gain = hypervolume.log_expected_improvement(
                _predicted(first, x), _predicted(second, x), believed, against
            )
            return -(gain + first.log_success(x))

        return score

    def _reference(
        self,
        first: Surrogate,
        second: Surrogate,
        points: Floats,
        believed: Floats,
        rng: np.random.Generator,
    ) -> Floats:
        """The reference point of the front as it is known and as it is predicted.

        The front of what is known may be a corner of the whole one, which it could then leave
        only by a tenth of its range at a time.
        """
        d = points.shape[1]
        near = around(points, PREDICTED, 0.1, rng)
        wide = self._codec.snap(np.concatenate([rng.random((PREDICTED, d)), near]))
        features = self._codec.features(wide)
        values = np.stack([model.medians(features) for model in (first, second)], axis=1)
        while illegal := [i for i in pareto.front(values) if not self._allowed(wide[i])]:
            values[illegal] = np.nan  # what they hid comes to the front, to be checked in turn
        return pareto.reference(np.concatenate([believed, values]))

    def _score_of_first(self, model: Surrogate) -> Score:
        def score(candidates: Floats) -> Floats:
            x = self._codec.features(candidates)
            mean, deviation = model.process.predict(x)
            gain, _, _ = acquisition.log_expected_improvement(mean, deviation, model.best)
            return -(gain + model.log_success(x))

        return score


def _predicted(model: Surrogate, features: Floats) -> Predicted:
    mean, deviation = model.process.predict(features)
    return Predicted(mean, np.maximum(deviation, SURE), model.warp)
