"""The one place that knows which search serves which settings."""

from autotune.errors import InputError
from autotune.problem import Problem
from autotune.search.base import BaseSearch
from autotune.search.native.search import NativeSearch
from autotune.search.prior import Prior
from autotune.search.random import RandomSearch
from autotune.search.settings import SearchSettings
from autotune.search.skopt import SkoptSearch


def search(problem: Problem, settings: SearchSettings, prior: Prior | None = None) -> BaseSearch:
    """Build the search that the settings ask for; the prior is the one that they name.

    Raises:
        InputError: If they name one and none is given.
    """
    if settings.has_prior and prior is None:
        raise InputError("the settings name a prior, and none was given.")
    if settings.learner == "random":
        return RandomSearch(problem, settings)
    if settings.has_own_process:
        return NativeSearch(problem, settings, prior)
    return SkoptSearch(problem, settings)
