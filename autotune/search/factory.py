"""The one place that knows which search serves which settings."""

from autotune.errors import InputError
from autotune.problem import Problem
from autotune.search.base import BaseSearch
from autotune.search.fidelity import Fidelity
from autotune.search.native.fidelity_search import FidelitySearch
from autotune.search.native.pareto_search import ParetoSearch
from autotune.search.native.search import NativeSearch
from autotune.search.random import RandomSearch
from autotune.search.second import SecondObjective
from autotune.search.settings import BELIEVER, SearchSettings
from autotune.search.skopt import SkoptSearch


def search(problem: Problem, settings: SearchSettings) -> BaseSearch:
    """Build the search that the settings ask for.

    Raises:
        InputError: If the second objective cannot be read, or the settings are for one.
    """
    if problem.and_minimize:
        SecondObjective.parse(problem.and_minimize)
    if problem.fidelity:
        Fidelity.of(problem.space, problem.fidelity)
    if problem.and_minimize and problem.fidelity:
        raise InputError("a search has a second objective or a fidelity, not both.")
    if settings.learner == "random":
        return RandomSearch(problem, settings)
    if problem.and_minimize or problem.fidelity:
        if not settings.has_own_process or (settings.acq, settings.liar) != ("EI", BELIEVER):
            what = "second objective" if problem.and_minimize else "fidelity"
            raise InputError(
                f"a {what} needs the native GP with --acq EI and --liar believer, which are the "
                "defaults, or --learner random."
            )
        kind = ParetoSearch if problem.and_minimize else FidelitySearch
        return kind(problem, settings)
    if settings.has_own_process:
        return NativeSearch(problem, settings)
    return SkoptSearch(problem, settings)
