"""The one place that knows which search serves which settings."""

from autotune.errors import InputError
from autotune.problem import Problem
from autotune.search.base import BaseSearch
from autotune.search.fidelity import Fidelity
from autotune.search.native.auto import AutoSearch
from autotune.search.native.fidelity_search import FidelitySearch
from autotune.search.native.forest_search import ForestSearch
from autotune.search.native.pareto_search import ParetoSearch
from autotune.search.native.search import NativeSearch
from autotune.search.phased import PhasedSearch
from autotune.search.prior import Prior
from autotune.search.random import RandomSearch
from autotune.search.second import SecondObjective
from autotune.search.settings import BELIEVER, SearchSettings
from autotune.search.skopt import SkoptSearch
from autotune.search.ytopt import YtoptSearch


def search(
    problem: Problem, settings: SearchSettings, prior: Prior | None = None
) -> BaseSearch | PhasedSearch:
    """Build the search that the settings ask for; the prior is the one that they name.

    Raises:
        InputError: If they name one and none is given, the second objective cannot be read, or
            the settings or phases are for one objective.
    """
    if not problem.phases:
        return _at_once(problem, settings, prior)
    if problem.and_minimize or problem.fidelity:
        raise InputError("a search in phases has one objective and no fidelity.")
    return PhasedSearch(problem, lambda part: _at_once(part, settings, prior))


def _at_once(problem: Problem, settings: SearchSettings, prior: Prior | None) -> BaseSearch:
    """Build the search of a problem without phases.

    Raises:
        InputError: If they name one and none is given, the second objective cannot be read, or
            the settings are for one objective.
    """
    if settings.has_prior and prior is None:
        raise InputError("the settings name a prior, and none was given.")
    if problem.and_minimize:
        SecondObjective.parse(problem.and_minimize)
    if problem.fidelity:
        Fidelity.of(problem.space, problem.fidelity)
    if problem.and_minimize and problem.fidelity:
        raise InputError("a search has a second objective or a fidelity, not both.")
    if settings.has_prior and (problem.and_minimize or problem.fidelity):
        raise InputError("a prior goes with one objective and no fidelity.")
    if settings.trust_region and (problem.and_minimize or problem.fidelity):
        raise InputError("a trust region goes with one objective and no fidelity.")
    if settings.learner == "random":
        return RandomSearch(problem, settings)
    if problem.and_minimize or problem.fidelity:
        if not settings.has_own_process or (settings.acq, settings.liar) != ("EI", BELIEVER):
            what = "second objective" if problem.and_minimize else "fidelity"
            raise InputError(
                f"a {what} needs the native GP with --acq EI and --liar believer, which are the "
                "defaults, or --learner random."
            )
        if problem.and_minimize:
            return ParetoSearch(problem, settings)
        return FidelitySearch(problem, settings)
    if settings.engine == "skopt":
        return SkoptSearch(problem, settings)
    if settings.engine == "ytopt":
        return YtoptSearch(problem, settings)
    if settings.has_own_process:
        if settings.learner == "GP" or prior is not None or settings.keeps_process:
            return NativeSearch(problem, settings, prior)
        return AutoSearch(problem, settings)
    return ForestSearch(problem, settings)
