"""Says once, while a study runs, that a number which the search needs is not there."""

import math
from collections.abc import Callable

from autotune.cli import console
from autotune.problem import Problem
from autotune.search.second import SecondObjective
from autotune.trials import Completed, Outcome


def watched(problem: Problem, show: Callable[[Outcome], None]) -> Callable[[Outcome], None]:
    """`show`, which also speaks of the first completed trial without a number that is needed."""
    if problem.and_minimize:
        needed = SecondObjective.parse(problem.and_minimize)
        so = "such trials teach the first objective alone"
    elif problem.fidelity:
        needed, so = SecondObjective(problem.cost, log=True), "the cost of such trials is not known"
    else:
        return show
    said = False

    def shown(outcome: Outcome) -> None:
        nonlocal said
        show(outcome)
        if isinstance(outcome, Completed) and not said and math.isnan(needed.of(outcome)):
            said = True
            has = ", ".join(["seconds", *outcome.metrics])
            console.talk(
                f"note: trial {outcome.trial.id} has no {needed.name}"
                f"{' > 0' if needed.log else ''}, it has {has}: {so}"
            )

    return shown
