"""A search in phases: one search per phase, over what is free in it."""

from collections import Counter
from collections.abc import Callable
from copy import copy
from dataclasses import replace

from ConfigSpace import ConfigurationSpace, Constant

from autotune.problem import Problem
from autotune.search.base import BaseSearch
from autotune.search.codec import Codec, Key, key
from autotune.search.memory import Memory
from autotune.trials import Completed, Outcome, Trial
from autotune.types import Config, Value


class PhasedSearch:
    """Asks the search of the phase that is due, which knows the trials with the same held values.

    Which phase that is, and what it holds, follows from the trials told and pending alone: a
    resumed study goes on as it would have. A phase ends once it has its trials and one of them, or
    of those before, has a value. Where a trial of an earlier phase comes late and is the best, the
    phases after it hold its values from then on.
    """

    def __init__(self, problem: Problem, build: Callable[[Problem], BaseSearch]) -> None:
        """Search `problem`; `build` makes the search of one part of it."""
        self._problem, self._build = problem, build
        self._memory = Memory(Codec(problem.space))  # of all phases, which refuses misfits
        self._outcomes: list[Outcome] = []
        self._running: dict[Key, Trial] = {}
        self._begun: Counter[int] = Counter()
        self._best: dict[int, Completed] = {}
        self._searches: dict[int, tuple[dict[str, Value], BaseSearch]] = {}

    def ask(self) -> dict[str, Value] | None:
        """Propose a configuration never proposed before; None if no phase has one left."""
        for index in range(len(self._problem.phases)):
            held = None if self._over(index) else self._held(index)
            config = None if held is None else self._search(index, held).ask()
            if config is not None:
                self._note(Trial("", config))
                return config
        return None

    def tell(self, outcome: Outcome) -> None:
        """Learn an outcome, be it of an own configuration or of somebody else's."""
        self._count(outcome.trial.config)
        self._memory.tell(outcome)
        self._running.pop(key(outcome.trial.config), None)
        self._outcomes.append(outcome)
        if isinstance(outcome, Completed):
            index = self._problem.phase(outcome.trial.config)
            if index not in self._best or outcome.value < self._best[index].value:
                self._best[index] = outcome
        for held, search in self._searches.values():
            if _has(outcome.trial.config, held):
                search.tell(outcome)

    def pending(self, trial: Trial) -> None:
        """Learn that a trial which this search did not propose runs; pending until it is told."""
        self._note(trial)
        for held, search in self._searches.values():
            if _has(trial.config, held):
                search.pending(trial)

    def _note(self, trial: Trial) -> None:
        self._count(trial.config)
        self._memory.pend(trial)
        self._running[key(trial.config)] = trial

    def _count(self, config: Config) -> None:
        if not self._memory.seen(config) and set(config) == set(self._problem.space):
            self._begun[self._problem.phase(config)] += 1

    def _over(self, index: int) -> bool:
        """Whether a phase has its trials, and leaves a value to hold in the next."""
        phases = self._problem.phases
        if index == len(phases) - 1 or self._begun[index] < phases[index].trials:
            return False
        return self._best_before(index + 1) is not None

    def _best_before(self, index: int) -> Completed | None:
        found = [self._best[each] for each in range(index) if each in self._best]
        return min(found, key=lambda each: each.value, default=None)

    def _held(self, index: int) -> dict[str, Value] | None:
        """What a phase does not search; None if no trial has a value yet to take it from."""
        best = self._best_before(index)
        if index and best is None:
            return None
        source: Config = self._problem.defaults if best is None else best.trial.config
        free = self._problem.phases[index].free
        return {name: source[name] for name in self._problem.space if name not in free}

    def _search(self, index: int, held: dict[str, Value]) -> BaseSearch:
        """The search of a phase, with all that is known where it looks."""
        known = self._searches.get(index)
        if known is not None and known[0] == held:
            return known[1]
        search = self._build(_part(self._problem, held))
        for outcome in self._outcomes:
            if _has(outcome.trial.config, held):
                search.tell(outcome)
        for trial in self._running.values():
            if _has(trial.config, held):
                search.pending(trial)
        self._searches[index] = held, search
        return search


def _has(config: Config, held: Config) -> bool:
    return all(config[name] == value for name, value in held.items())


def _part(problem: Problem, held: Config) -> Problem:
    """The problem with constants for what is held."""
    space = ConfigurationSpace(name=problem.name)
    space.add(
        Constant(name, held[name]) if name in held else copy(problem.space[name])
        for name in problem.space
    )
    return replace(problem, space=space, phases=())
