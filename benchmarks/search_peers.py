"""Other tools that search, each with its defaults and ten random points to start from.

A space is translated parameter by parameter; ordered choices become their positions. What a
failed evaluation and a forbidden configuration are told as follows each tool's documentation:

- Optuna: the state FAIL, which its samplers leave out. TPE and GP take constraints, +1 where
  one is broken and -1 elsewhere; CMA-ES takes none.
- scikit-optimize and scipy: no notion of failure; the worst value seen so far.
- SMAC: the status CRASHED with the worst value seen so far, for its Gaussian process cannot
  take the infinite default of `crash_cost`.
- DeepHyper: the objective `"F"`.
"""

import importlib.util
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from ConfigSpace import (
    CategoricalHyperparameter,
    ConfigurationSpace,
    Constant,
    OrdinalHyperparameter,
)
from ConfigSpace.hyperparameters import IntegerHyperparameter
from scipy import optimize
from search_run import Answer, Asker, Config, Meter, Search, drive

from autotune.problem import Problem
from autotune.search.axes import plain
from autotune.search.codec import Codec

INITIAL = 10


@dataclass(frozen=True, slots=True)
class Peer:
    """A tool and how it is run.

    Attributes:
        name: Its name in tables.
        package: The distribution whose version is recorded.
        module: What must be importable.
        search: One whole run.
        start: The same as something that is asked and told; None if it is not.
    """

    name: str
    package: str
    module: str
    search: Search
    start: Callable[[Problem, int], Asker] | None = None

    @property
    def installed(self) -> bool:
        """Whether it can be run here."""
        return importlib.util.find_spec(self.module) is not None


def ordinals(space: ConfigurationSpace) -> dict[str, tuple[Any, ...]]:
    """The values of each ordered choice."""
    return {
        name: tuple(map(plain, space[name].sequence))
        for name in space
        if isinstance(space[name], OrdinalHyperparameter)
    }


class Worst:
    """Stands in for a value that a tool must have: the worst seen so far."""

    def __init__(self) -> None:
        self.seen: float | None = None

    def of(self, answer: Answer) -> float | None:
        """The value, or the worst; None as long as none was seen."""
        if answer.value is None:
            return self.seen
        self.seen = answer.value if self.seen is None else max(self.seen, answer.value)
        return answer.value


class OptunaAsker:
    """A study of Optuna."""

    def __init__(self, problem: Problem, sampler: Any, *, constrained: bool) -> None:  # noqa: ANN401
        import optuna

        optuna.logging.set_verbosity(optuna.logging.ERROR)
        self._optuna = optuna
        self._constrained = constrained and bool(problem.constraints)
        self._study = optuna.create_study(sampler=sampler)
        self._ordinals = ordinals(problem.space)
        self._space = {name: self._distribution(problem.space[name]) for name in problem.space}
        self._trial: Any = None

    def _distribution(self, parameter: Any) -> Any:  # noqa: ANN401 - ConfigSpace's classes
        made = self._optuna.distributions
        if isinstance(parameter, OrdinalHyperparameter):
            return made.IntDistribution(0, len(parameter.sequence) - 1)
        if isinstance(parameter, CategoricalHyperparameter):
            return made.CategoricalDistribution([plain(choice) for choice in parameter.choices])
        if isinstance(parameter, Constant):
            return made.CategoricalDistribution([parameter.value])
        integer = isinstance(parameter, IntegerHyperparameter)
        kind = made.IntDistribution if integer else made.FloatDistribution
        return kind(parameter.lower, parameter.upper, log=parameter.log)

    def ask(self) -> Config:
        """Ask for a trial."""
        self._trial = self._study.ask(self._space)
        params = self._trial.params
        return params | {name: seq[params[name]] for name, seq in self._ordinals.items()}

    def tell(self, config: Config, answer: Answer) -> None:
        """Tell the trial last asked for."""
        del config
        value = answer.computed if self._constrained and answer.violates else answer.value
        self._trial.set_user_attr("constraints", [1.0 if answer.violates else -1.0])
        if value is None:
            self._study.tell(self._trial, state=self._optuna.trial.TrialState.FAIL)
        else:
            self._study.tell(self._trial, value)

    def load(self, configs: list[Config], values: list[float]) -> None:
        """Add finished trials."""
        make = self._optuna.trial.create_trial
        self._study.add_trials(
            make(params=config, distributions=self._space, value=value)
            for config, value in zip(configs, values, strict=True)
        )

    def ask_many(self, count: int) -> None:
        """Ask for several trials before any is told."""
        for _ in range(count):
            self._study.ask(self._space)


def _constraints(trial: Any) -> Any:  # noqa: ANN401 - Optuna's class
    return trial.user_attrs["constraints"]


def _optuna(kind: str) -> Callable[[Problem, int], Asker]:
    def start(problem: Problem, seed: int) -> Asker:
        from optuna import samplers

        rules = _constraints if problem.constraints else None
        if kind == "CMA-ES":
            sampler = samplers.CmaEsSampler(seed=seed, warn_independent_sampling=False)
        elif kind == "TPE":
            sampler = samplers.TPESampler(
                seed=seed, n_startup_trials=INITIAL, constraints_func=rules
            )
        else:
            _one_thread_of_torch()
            sampler = samplers.GPSampler(
                seed=seed,
                n_startup_trials=INITIAL,
                constraints_func=rules,
                warn_independent_sampling=False,
            )
        return OptunaAsker(problem, sampler, constrained=kind != "CMA-ES")

    return start


def _one_thread_of_torch() -> None:
    import torch

    torch.set_num_threads(1)


class SkoptAsker:
    """`Optimizer` of scikit-optimize."""

    def __init__(self, problem: Problem, learner: str, seed: int) -> None:
        from skopt import Optimizer

        self._names = tuple(problem.space)
        self._ordinals = ordinals(problem.space)
        dimensions = [self._dimension(problem.space[name]) for name in self._names]
        self._optimizer = Optimizer(
            dimensions, base_estimator=learner, n_initial_points=INITIAL, random_state=seed
        )
        self._worst = Worst()
        self._asked: list[Any] = []
        self._waiting: list[Any] = []

    def _dimension(self, parameter: Any) -> Any:  # noqa: ANN401 - ConfigSpace's classes
        from skopt.space import Categorical, Integer, Real

        if isinstance(parameter, OrdinalHyperparameter):
            return Integer(0, len(parameter.sequence) - 1)
        if isinstance(parameter, CategoricalHyperparameter):
            return Categorical([plain(choice) for choice in parameter.choices])
        if isinstance(parameter, Constant):
            return Categorical([parameter.value])
        kind = Integer if isinstance(parameter, IntegerHyperparameter) else Real
        prior = "log-uniform" if parameter.log else "uniform"
        return kind(parameter.lower, parameter.upper, prior=prior)

    def ask(self) -> Config:
        """Ask for a point."""
        self._asked = self._optimizer.ask()
        config = dict(zip(self._names, map(plain, self._asked), strict=True))
        return config | {name: seq[int(config[name])] for name, seq in self._ordinals.items()}

    def ask_many(self, count: int) -> None:
        """Ask for several points at once, by its constant liar."""
        self._optimizer.ask(n_points=count)

    def tell(self, config: Config, answer: Answer) -> None:
        """Tell the point last asked for; failures wait until there is a worst value."""
        del config
        value = self._worst.of(answer)
        if value is None:
            self._waiting.append(self._asked)
            return
        points = [*self._waiting, self._asked]
        self._waiting = []
        for point in points:
            self._optimizer.tell(point, value)

    def load(self, configs: list[Config], values: list[float]) -> None:
        """Tell evaluations made elsewhere, in one fit."""
        points = [[config[name] for name in self._names] for config in configs]
        self._optimizer.tell(points, values)


def _skopt(learner: str) -> Callable[[Problem, int], Asker]:
    return lambda problem, seed: SkoptAsker(problem, learner, seed)


class SmacAsker:
    """The black-box facade of SMAC: a Gaussian process for few evaluations."""

    def __init__(self, problem: Problem, seed: int, *, evaluations: int = 1000) -> None:
        from smac import BlackBoxFacade, Scenario

        self._folder = tempfile.TemporaryDirectory()
        scenario = Scenario(
            problem.space,
            deterministic=True,
            n_trials=evaluations,
            seed=seed,
            output_directory=self._folder.name,
        )
        self._facade = BlackBoxFacade(
            scenario,
            _never,
            overwrite=True,
            logging_level=False,
            initial_design=BlackBoxFacade.get_initial_design(scenario, n_configs=INITIAL),
        )
        self._worst = Worst()
        self._waiting: list[Any] = []
        self._info: Any = None

    def ask(self) -> Config:
        """Ask for a trial."""
        self._info = self._facade.ask()
        return {name: plain(value) for name, value in dict(self._info.config).items()}

    def tell(self, config: Config, answer: Answer) -> None:
        """Tell the trial last asked for; failures wait until there is a worst value."""
        from smac.runhistory.dataclasses import TrialValue
        from smac.runhistory.enumerations import StatusType

        del config
        value = self._worst.of(answer)
        if value is None:
            self._waiting.append(self._info)
            return
        for info in self._waiting:
            self._facade.tell(info, TrialValue(cost=value, status=StatusType.CRASHED))
        self._waiting = []
        status = StatusType.CRASHED if answer.value is None else StatusType.SUCCESS
        self._facade.tell(self._info, TrialValue(cost=value, status=status))


def _never(config: Any, seed: int = 0) -> float:  # noqa: ANN401 - SMAC's signature
    raise AssertionError(config, seed)  # it is asked and told


class DeepHyperAsker:
    """Centralised Bayesian optimisation of DeepHyper, which maximises."""

    def __init__(self, problem: Problem, seed: int) -> None:
        from deephyper.hpo import CBO, HpProblem

        self._folder = tempfile.TemporaryDirectory()
        self._search = CBO(
            HpProblem(problem.space),
            random_state=seed,
            log_dir=self._folder.name,
            n_initial_points=INITIAL,
        )
        self._asked: dict[str, Any] = {}

    def ask(self) -> Config:
        """Ask for a configuration."""
        self._asked = self._search.ask(1)[0]
        return {name: plain(value) for name, value in self._asked.items()}

    def tell(self, config: Config, answer: Answer) -> None:
        """Tell the configuration last asked for."""
        del config
        self._search.tell([(self._asked, "F" if answer.value is None else -answer.value)])

    def load(self, configs: list[Config], values: list[float]) -> None:
        """Tell evaluations made elsewhere, in one fit."""
        self._search.tell([(c, -v) for c, v in zip(configs, values, strict=True)])

    def ask_many(self, count: int) -> None:
        """Ask for several configurations at once, by its constant liar."""
        self._search.ask(count)


class UniformAsker:
    """Independent draws from the space."""

    def __init__(self, problem: Problem, seed: int) -> None:
        self._codec, self._rng = Codec(problem.space), np.random.default_rng(seed)

    def ask(self) -> Config:
        """Draw a configuration."""
        return self._codec.decode(self._rng.random(len(self._codec.names)))

    def tell(self, config: Config, answer: Answer) -> None:
        """Nothing is learned."""


def _scipy(minimise: Callable[..., Any]) -> Search:
    """A minimiser of scipy over the unit cube, to the end of the evaluations or its own."""

    def search(problem: Problem, meter: Meter, seed: int) -> None:
        codec, worst = Codec(problem.space), Worst()

        def value(point: Any) -> float:  # noqa: ANN401 - shape (d,)
            known = worst.of(meter(codec.decode(np.clip(point, 0, 1))))
            return 0.0 if known is None else known

        bounds = [(0.0, 1.0)] * len(codec.names)
        minimise(value, bounds, rng=np.random.default_rng(seed))

    return search


@contextmanager
def quiet() -> Iterator[None]:
    """Without the warnings of other tools."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _asked(name: str, package: str, module: str, start: Callable[[Problem, int], Asker]) -> Peer:
    return Peer(name, package, module, drive(start), start)


PEERS: dict[str, Peer] = {
    peer.name: peer
    for peer in (
        _asked("random", "numpy", "numpy", UniformAsker),
        Peer("scipy dual_annealing", "scipy", "scipy", _scipy(optimize.dual_annealing)),
        Peer(
            "scipy differential_evolution",
            "scipy",
            "scipy",
            _scipy(optimize.differential_evolution),
        ),
        _asked("optuna TPE", "optuna", "optuna", _optuna("TPE")),
        _asked("optuna CMA-ES", "optuna", "cmaes", _optuna("CMA-ES")),
        _asked("optuna GP", "optuna", "torch", _optuna("GP")),
        _asked("skopt RF", "scikit-optimize", "skopt", _skopt("RF")),
        _asked("skopt ET", "scikit-optimize", "skopt", _skopt("ET")),
        _asked("skopt GP", "scikit-optimize", "skopt", _skopt("GP")),
        _asked("smac BlackBox", "smac", "smac", SmacAsker),
        _asked("deephyper CBO", "deephyper", "deephyper", DeepHyperAsker),
    )
}
