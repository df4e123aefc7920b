"""One search on one problem: what it is told, and the regret after every evaluation."""

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeAlias

import numpy as np
from cpu import spent
from problems.bench import Bench

from autotune.problem import Problem
from autotune.types import Value

Config: TypeAlias = dict[str, Value]
FREE = 1  # proposals against the constraints per evaluation that do not count as one


class SpentError(Exception):
    """The evaluations of a run are used up."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a search is told of a configuration.

    Attributes:
        value: The measured value; None if the evaluation failed or a constraint forbids it.
        violates: Whether a constraint forbids it. Such a proposal is not evaluated, and as many
            as there are evaluations are free; each further one counts as an evaluation.
        computed: What the objective would be there, for tools that model constraints.
    """

    value: float | None
    violates: bool = False
    computed: float | None = None


class Asker(Protocol):
    """A search that is asked and told."""

    def ask(self) -> Config | None:
        """Propose a configuration; None if there is none left."""
        ...

    def tell(self, config: Config, answer: Answer) -> None:
        """Learn what came of it."""
        ...


class Meter:
    """Evaluates configurations of one run, and counts.

    Regret is that of the configuration with the least *measured* value so far, counted on its
    value without noise.

    Attributes:
        regrets: Regret after each evaluation; infinite before the first that did not fail.
        refused: Proposals that a constraint forbade.
        idle: CPU seconds of the evaluations themselves.
    """

    def __init__(self, bench: Bench, seed: int, evaluations: int) -> None:
        self._bench, self._seed, self._evaluations = bench, seed, evaluations
        self._optimum = bench.optimum
        self._least = np.inf
        self.regrets: list[float] = []
        self.refused = 0
        self.idle = 0.0

    @property
    def left(self) -> bool:
        """Whether there is an evaluation left."""
        return len(self.regrets) < self._evaluations

    def __call__(self, config: Config) -> Answer:
        """Evaluate a configuration.

        Raises:
            SpentError: If the evaluations are used up.
        """
        if not self.left:
            raise SpentError
        begin = spent()
        answer = self._answer(config)
        self.idle += spent() - begin
        return answer

    def _answer(self, config: Config) -> Answer:
        allowed = self._bench.problem.allows(config)
        try:
            true = self._bench.true(config)
        except KeyError:  # not in the table
            true = np.nan
        if not allowed:
            self.refused += 1
            if self.refused > FREE * self._evaluations:
                self.regrets.append(self.regrets[-1] if self.regrets else np.inf)
            return Answer(None, violates=True, computed=true if np.isfinite(true) else None)
        value = self._bench.measured(true, seed=self._seed, number=len(self.regrets))
        regret = self.regrets[-1] if self.regrets else np.inf
        if value is not None and value < self._least:
            self._least, regret = value, max(true - self._optimum, 0.0)
        self.regrets.append(regret)
        return Answer(value)


Search: TypeAlias = Callable[[Problem, Meter, int], None]
"""Runs a search with a seed until the meter says that the evaluations are used up."""


@dataclass(frozen=True, slots=True)
class Run:
    """What one run came to.

    Attributes:
        regrets: After each evaluation.
        seconds: CPU seconds of the search alone.
        refused: Proposals that a constraint forbade.
    """

    regrets: list[float]
    seconds: float
    refused: int


def run(bench: Bench, search: Search, *, seed: int, evaluations: int) -> Run:
    """Run a search once."""
    meter = Meter(bench, seed, evaluations)
    begin = spent()
    with contextlib.suppress(SpentError):
        search(bench.problem, meter, seed)
    return Run(meter.regrets, spent() - begin - meter.idle, meter.refused)


def drive(start: Callable[[Problem, int], Asker]) -> Search:
    """The search of something that is asked and told, one configuration at a time."""

    def search(problem: Problem, meter: Meter, seed: int) -> None:
        asker = start(problem, seed)
        while meter.left:
            config = asker.ask()
            if config is None:
                return
            asker.tell(config, meter(config))

    return search
