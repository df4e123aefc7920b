"""Our own searches as one more row of the table: whatever `factory.search` makes of settings."""

from collections.abc import Callable
from dataclasses import replace

from search_peers import Peer
from search_run import Answer, Asker, Config, drive

from autotune.laws import catalogue
from autotune.problem import Problem
from autotune.search import factory
from autotune.search.law_source import law_source
from autotune.search.prior import Prior
from autotune.search.prior_start import over
from autotune.search.settings import LEARNERS, SearchSettings
from autotune.trials import Completed, Failed, FailureKind, Outcome, Timing, Trial

ENGINE = "native"
DEFAULT = "autotune"
DECLARED = f"{DEFAULT}, noise declared"
PRIOR_LAW = "abnar2025"
SAME_OR_NOT_OURS = ("auto", "search", "skopt", "random")  # modules of searches without a row


class OwnAsker:
    """A search of autotune; constraints are known to it and never violated."""

    def __init__(
        self, problem: Problem, settings: SearchSettings, prior: Prior | None = None
    ) -> None:
        self._search = factory.search(problem, settings, prior)
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


def _start_with_law(problem: Problem, seed: int) -> Asker:
    law = catalogue.preset(PRIOR_LAW)
    prior = over(problem.space, {PRIOR_LAW: law_source(problem, law, PRIOR_LAW)})
    settings = SearchSettings(engine=ENGINE, seed=seed, prior_laws=(PRIOR_LAW,))
    return OwnAsker(problem, settings, prior)


def _start_with_noise(noise: float) -> Callable[[Problem, int], Asker]:
    def start(problem: Problem, seed: int) -> Asker:
        return OwnAsker(replace(problem, noise=noise), SearchSettings(engine=ENGINE, seed=seed))

    return start


def own(problem: Problem, *, noise: float = 0.0) -> dict[str, Peer]:
    """Each learner for which the native engine has a search of its own, the default first.

    The default is a Gaussian process as long as outcomes are few, so that the learner `GP` has
    no row of its own. Problems of a mixture of experts also get the published law as the prior;
    what it says of them is not exact: it knows no routing cost and no other law's coefficients.

    Args:
        problem: What is searched.
        noise: Standard deviation of its values; if there is one, a row is told of it.
    """
    found = {DEFAULT: _peer(DEFAULT, _start(SearchSettings().learner))}
    if noise:
        found[DECLARED] = _peer(DECLARED, _start_with_noise(noise))
    if problem.law_inputs is not None and "top_k" in problem.space:
        name = f"{DEFAULT}, prior {PRIOR_LAW}"
        found[name] = _peer(name, _start_with_law)
    for learner in LEARNERS:
        search = factory.search(problem, SearchSettings(engine=ENGINE, learner=learner))
        if type(search).__module__.rpartition(".")[2] not in SAME_OR_NOT_OURS:
            name = f"{DEFAULT} {learner}"
            found[name] = _peer(name, _start(learner))
    return found


def _peer(name: str, start: Callable[[Problem, int], Asker]) -> Peer:
    return Peer(name, "autotune-llm", "autotune", drive(start), start)
