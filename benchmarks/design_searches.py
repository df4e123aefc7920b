"""Searches over both forms of `moe_architecture`: trials until the loss is near the best known."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from cpu import cpu
from evidence import Record

from autotune import problem_file
from autotune.problem import Problem
from autotune.search import factory
from autotune.search.settings import SearchSettings
from autotune.trials import Completed, Failed, FailureKind, Timing, Trial
from autotune.types import Value

FLOPS = "1e20"
SHARES = (0.01, 0.003, 0.001)
NOW = Timing(0.0, "w0", 0.0, 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One way to search.

    Attributes:
        name: What is searched how.
        given: Options of the problem.
        trials: How many.
        blind: Whether the search knows no constraint, so that a point which breaks one is a failed
            trial; otherwise such points are never proposed.
    """

    name: str
    given: Mapping[str, str]
    trials: int
    blind: bool = False


WAYS = (
    Way(name="reduced, two phases", given={"ratio_trials": "25"}, trials=40),
    Way(name="reduced, one phase", given={"ratio_trials": "0"}, trials=40),
    Way(name="unreduced, constraints known", given={"form": "unreduced"}, trials=40),
    Way(name="unreduced, constraints unknown", given={"form": "unreduced"}, trials=200, blind=True),
)
LEARNERS = ("random", "GP")


def searches(seeds: int) -> Iterator[Record]:
    """Every way with every learner and seed."""
    for way in WAYS:
        problem = problem_file.load("moe_architecture", {"flops": FLOPS, **way.given})
        known = problem.best_known()
        assert known is not None
        for learner in LEARNERS:
            for seed in range(seeds):
                yield search(problem, known.value, way, learner=learner, seed=seed)


def search(problem: Problem, known: float, way: Way, *, learner: str, seed: int) -> Record:
    """One search: trials until within each share of the best known, and the best loss."""
    proposer = factory.search(
        replace(problem, constraints=()) if way.blind else problem,
        SearchSettings(learner=learner, seed=seed),
    )
    values: list[float] = []

    def step() -> None:
        config = proposer.ask()
        assert config is not None
        trial, value = Trial(str(len(values)), config), _value(problem, config)
        values.append(float("inf") if value is None else value)
        if value is None:
            proposer.tell(Failed(trial, FailureKind.INFEASIBLE, "breaks a constraint", NOW))
        else:
            proposer.tell(Completed(trial, value, NOW))

    seconds, _ = cpu(lambda: [step() for _ in range(way.trials)])
    least = min(values)
    return {
        "way": way.name, "learner": learner, "seed": seed, "trials": way.trials,
        "models": sum(value < float("inf") for value in values),
        **{f"within_{share:g}": _first(values, (1 + share) * known) for share in SHARES},
        "loss": least if least < float("inf") else "", "best_known": known,
        "cpu_seconds": seconds,
    }  # fmt: skip


def _value(problem: Problem, config: dict[str, Value]) -> float | None:
    if not problem.allows(config):
        return None
    answer = problem.evaluate(config)
    assert not isinstance(answer, float)
    return float(answer["objective"])


def _first(values: list[float], limit: float) -> int | str:
    """The first trial, from 1, at or below a limit; empty if there is none."""
    return next((i for i, value in enumerate(values, start=1) if value <= limit), "")
