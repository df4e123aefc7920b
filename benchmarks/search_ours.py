"""Our own searches as one more row of the table: whatever `factory.search` makes of settings."""

from collections.abc import Callable

from search_peers import Peer
from search_run import Answer, Asker, Config, drive

from autotune.problem import Problem
from autotune.search import factory
from autotune.search.settings import LEARNERS, SearchSettings
from autotune.trials import Completed, Failed, FailureKind, Outcome, Timing, Trial

ENGINE = "native"
NOT_OURS = ("skopt", "random")


class OwnAsker:
    """A search of autotune; constraints are known to it and never violated."""

    def __init__(self, problem: Problem, settings: SearchSettings) -> None:
        self._search = factory.search(problem, settings)
        self._told = 0

    def ask(self) -> Config | None:
        """Propose a configuration."""
        return self._search.ask()

    def tell(self, config: Config, answer: Answer) -> None:
        """Learn what came of it."""
        self._search.tell(outcome(str(self._told), config, answer.value))
        self._told += 1

    def load(self, configs: list[Config], values: list[float]) -> None:
        """Tell evaluations made elsewhere."""
        for config, value in zip(configs, values, strict=True):
            self.tell(config, Answer(value))

    def ask_many(self, count: int) -> None:
        """Ask for several configurations before any is told."""
        for _ in range(count):
            self._search.ask()


def outcome(name: str, config: Config, value: float | None) -> Outcome:
    """A trial as it would be recorded."""
    trial, timing = Trial(name, config), Timing(0.0, "w0", 0.0, 0.0)
    if value is None:
        return Failed(trial, FailureKind.CRASHED, "planned by the benchmark", timing)
    return Completed(trial, value, timing)


def _start(learner: str) -> Callable[[Problem, int], Asker]:
    def start(problem: Problem, seed: int) -> Asker:
        settings = SearchSettings(engine=ENGINE, learner=learner, seed=seed)
        return OwnAsker(problem, settings)

    return start


def own(problem: Problem) -> dict[str, Peer]:
    """Each learner for which the native engine has a search of its own, with its defaults."""
    found = {}
    for learner in LEARNERS:
        search = factory.search(problem, SearchSettings(engine=ENGINE, learner=learner))
        if type(search).__module__.rpartition(".")[2] in NOT_OURS:
            continue
        name = f"autotune {learner}"
        start = _start(learner)
        found[name] = Peer(name, "autotune-llm", "autotune", drive(start), start)
    return found
