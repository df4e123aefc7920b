"""Says once, while a study runs, that a number which the search needs is not there."""

import math
from collections.abc import Callable
from dataclasses import dataclass

from autotune.cli import console
from autotune.problem import Problem
from autotune.search.noise import Noise
from autotune.search.second import SecondObjective
from autotune.trials import Completed, Outcome


@dataclass(frozen=True, slots=True)
class Needed:
    """A number that every trial should have.

    Attributes:
        name: With what it must be, such as `cost > 0`.
        of: Reads it off an outcome; not-a-number if it is not there.
        so: What follows if it is not.
    """

    name: str
    of: Callable[[Outcome], float]
    so: str


def needed(problem: Problem) -> list[Needed]:
    """What the search of a problem needs of every trial beside its value."""
    found = []
    if problem.and_minimize:
        second = SecondObjective.parse(problem.and_minimize)
        name = f"{second.name} > 0" if second.log else second.name
        found.append(Needed(name, second.of, "such trials teach the first objective alone"))
    elif problem.fidelity:
        cost = SecondObjective(problem.cost, log=True)
        found.append(Needed(f"{cost.name} > 0", cost.of, "the cost of such trials is not known"))
    noise = Noise.parse(problem.noise)
    if noise is not None and noise.metric:
        so = "such trials count as noisy as the median of those that have it"
        found.append(Needed(f"{noise.metric} >= 0", noise.of, so))
    return found


def watched(problem: Problem, show: Callable[[Outcome], None]) -> Callable[[Outcome], None]:
    """`show`, which also speaks of the first completed trial without a number that is needed."""
    unsaid = needed(problem)
    if not unsaid:
        return show

    def shown(outcome: Outcome) -> None:
        show(outcome)
        if not isinstance(outcome, Completed):
            return
        for each in [each for each in unsaid if math.isnan(each.of(outcome))]:
            unsaid.remove(each)
            has = ", ".join(["seconds", *outcome.metrics])
            console.talk(
                f"note: trial {outcome.trial.id} has no {each.name}, it has {has}: {each.so}"
            )

    return shown
