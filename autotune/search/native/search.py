"""Bayesian search with a Gaussian process of our own."""

from functools import partial

import numpy as np

from autotune.problem import Problem
from autotune.search.codec import Codec
from autotune.search.memory import Memory
from autotune.search.native import acquisition
from autotune.search.native.gaussian import Data
from autotune.search.native.proposal import INCUMBENTS, Acquisition, Landscape, ranked
from autotune.search.native.surrogate import Shape, Surrogate, kept, learn, surrogate
from autotune.search.sampling import Sampler
from autotune.search.settings import SearchSettings
from autotune.trials import Outcome
from autotune.types import Floats, Value

OFTEN = 20  # outcomes until which hyperparameters are learned after each; then every tenth part


class NativeSearch:
    """Proposes the legal, new configuration that an acquisition function likes best.

    What is proposed depends on the seed, the outcomes in the order told, and what is pending.
    """

    def __init__(self, problem: Problem, settings: SearchSettings) -> None:
        self._settings = settings
        self._codec = Codec(problem.space)
        self._memory = Memory(self._codec)
        self._sampler = Sampler(problem, self._codec, self._memory)
        self._learned: tuple[int, Shape] | None = None

    def ask(self) -> dict[str, Value] | None:
        """Propose a configuration never proposed before; None if there is none left."""
        config = self._propose()
        if config is not None:
            self._memory.propose(config)
        return config

    def tell(self, outcome: Outcome) -> None:
        """Learn an outcome; a failed one makes trials nearby less likely, and has no value."""
        self._memory.tell(outcome)

    def _propose(self) -> dict[str, Value] | None:
        seed, size = self._settings.seed, self._memory.size
        if size < self._settings.initial_points:
            return self._sampler.sobol(seed)
        rng = np.random.default_rng((seed, size))
        remaining = self._sampler.remaining()
        if self._memory.n_completed < 2 or self._codec.n_features == 0:
            return self._sampler.uniform(rng)
        model, gain = self._model(rng)
        landscape = Landscape(self._codec, model, gain)
        if remaining is not None:
            if not len(remaining):
                return None
            return self._codec.decode(remaining[np.argmax(landscape.score(remaining))])
        for point in ranked(landscape, self._incumbents(), rng):
            config = self._codec.decode(point)
            if self._sampler.fresh(config):
                return config
        return self._sampler.uniform(rng)

    def _model(self, rng: np.random.Generator) -> tuple[Surrogate, Acquisition]:
        features = self._codec.features(np.array(self._memory.points))
        y = np.array(self._memory.values)
        data, trials = self._data(features, y)
        model, warp = surrogate(self._shape(features, y), data, trials)
        pending = self._memory.pending
        if pending:
            lie = None if self._settings.liar == "believer" else self._lie(warp(data.y))
            model = model.with_pending(self._codec.features(np.array(pending)), lie)
        return model, self._acquisition(model, rng)

    def _data(self, features: Floats, values: Floats) -> tuple[Data, Data]:
        """Trials with a value, and all trials as 1 for those and 0 for the failed ones."""
        told = np.isfinite(values)
        x, y = features[told], values[told]
        rows = kept(y, self._settings.seed)
        owner = self._codec.owners
        return Data(x[rows], y[rows], owner), Data(features, told.astype(np.float64), owner)

    def _shape(self, features: Floats, values: Floats) -> Shape:
        """Hyperparameters, learned from the first outcomes up to the last milestone."""
        n = len(values)
        milestone = n if n < OFTEN else n - n % max(1, n // 10)
        if np.isfinite(values[:milestone]).sum() < 2:
            milestone = n
        if self._learned is None or self._learned[0] != milestone:
            known = self._data(features[:milestone], values[:milestone])
            self._learned = (milestone, learn(*known))
        return self._learned[1]

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

    def _lie(self, warped: Floats) -> float:
        """The value that running trials are given."""
        lies = {"cl_min": warped.min(), "cl_mean": warped.mean(), "cl_max": warped.max()}
        return float(lies[str(self._settings.liar)])

    def _incumbents(self) -> Floats:
        """The best points told, best first, shape (m, d)."""
        order = np.argsort(self._memory.values, kind="stable")  # not-a-number comes last
        return np.array(self._memory.points)[order[: min(INCUMBENTS, self._memory.n_completed)]]
