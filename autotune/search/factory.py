"""The one place that knows which search serves which settings."""

from autotune.errors import InputError
from autotune.problem import Problem
from autotune.search.base import BaseSearch
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
    if settings.learner == "random":
        return RandomSearch(problem, settings)
    if problem.and_minimize:
        if not settings.has_own_process or (settings.acq, settings.liar) != ("EI", BELIEVER):
            raise InputError(
                "a second objective needs the native GP with --acq EI and --liar believer, which "
                "are the defaults, or --learner random."
            )
        return ParetoSearch(problem, settings)
    if settings.has_own_process:
        return NativeSearch(problem, settings)
    return SkoptSearch(problem, settings)
