"""Search by a source install of ytopt: its own optimizer asks, and is told."""

import math
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from autotune.errors import InputError
from autotune.problem import Problem, step_of
from autotune.search.base import BaseSearch
from autotune.search.codec import Key, key
from autotune.search.settings import SearchSettings
from autotune.search.values import plain
from autotune.trials import Completed, Outcome
from autotune.types import Config, Value

ATTEMPTS = 20
WORST = sys.float_info.max
"""What ytopt calls a failed trial; its optimizer puts the worst value seen in its place."""


class YtoptSearch(BaseSearch):
    """Proposes what ytopt's optimizer proposes, from its own initial points on.

    ytopt knows neither constraints nor what other jobs run, and may return a point twice: an
    illegal proposal is passed over, and after `ATTEMPTS` of them, or at a repeated one, a random
    legal configuration takes its place. Its random numbers are its own, so a study that was
    interrupted continues, and with other points than it would have had.

    Raises:
        InputError: If ytopt is not installed, or the space has something that it cannot search.
    """

    def __init__(self, problem: Problem, settings: SearchSettings) -> None:
        super().__init__(problem, settings)
        stepped = [name for name in problem.space if step_of(problem.space[name]) is not None]
        if stepped:
            raise InputError(f"--engine ytopt knows no steps, which parameter {stepped[0]} has.")
        self._space = problem.space
        self._asked: dict[Key, Config] = {}
        self._optimizer = _optimizer(problem, settings)

    def ask(self) -> dict[str, Value] | None:
        """Propose a configuration never proposed before; None if there is none left."""
        config = self._theirs()
        if config is None:
            rng = np.random.default_rng((self._settings.seed, self._memory.size))
            config = self._next(rng)
        if config is not None:
            self._memory.propose(config)
        return config

    def tell(self, outcome: Outcome) -> None:
        """Learn an outcome; what ytopt did not ask for is put among its evaluations."""
        super().tell(outcome)
        config = outcome.trial.config
        theirs = self._asked.pop(key(config), None)
        if theirs is None:
            theirs = {name: config.get(name, math.nan) for name in self._space}
            point = self._optimizer.make_key(theirs.values())
            if point not in self._optimizer.evals:
                self._optimizer.evals[point] = 0.0
                self._optimizer.counter += 1
        value = outcome.value if isinstance(outcome, Completed) else WORST
        with _their_code():
            self._optimizer.tell([(theirs, value if math.isfinite(value) else WORST)])

    def _next(self, rng: np.random.Generator) -> dict[str, Value] | None:
        return self._sampler.uniform(rng)

    def _theirs(self) -> dict[str, Value] | None:
        """The next proposal of theirs that is legal and new; None if it repeats itself."""
        for _ in range(ATTEMPTS):
            with _their_code():
                theirs = next(self._optimizer.ask(n_points=1))[0]
            read = {name: plain(value) for name, value in theirs.items()}
            active = {n: v for n, v in read.items() if not _absent(v)}
            config = self._codec.decode(self._codec.encode(active))
            if self._memory.seen(config):
                return None
            if self._sampler.legal(config):
                self._asked[key(config)] = theirs
                return config
        return None


def _optimizer(problem: Problem, settings: SearchSettings) -> Any:  # noqa: ANN401 - untyped
    with _their_code():
        try:
            from ytopt.search.optimizer import Optimizer
        except ImportError as error:
            raise InputError(
                f"--engine ytopt needs ytopt installed from source, and it cannot be imported "
                f"({error}). docs/migrating-from-ytopt.md has the commands."
            ) from error
        return Optimizer(
            num_workers=1,
            space=problem.space,
            learner=settings.learner,
            acq_func=settings.acq,
            liar_strategy=settings.liar,
            set_KAPPA=settings.kappa,
            set_SEED=settings.seed,
            set_NI=settings.initial_points,
        )


@contextmanager
def _their_code() -> Iterator[None]:
    """Run ytopt without its warnings; what it raises becomes one line.

    Raises:
        InputError: If it raises: many spaces are beyond it with today's packages.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            yield
        except InputError:
            raise
        except Exception as error:
            text = " ".join(str(error).split())
            raise InputError(
                f"ytopt cannot search this space: {type(error).__name__}: {text[:200]}. "
                "Leave --engine out."
            ) from error


def _absent(value: Value) -> bool:
    """Whether a value is not-a-number: a parameter that a condition switches off."""
    return isinstance(value, float) and math.isnan(value)
