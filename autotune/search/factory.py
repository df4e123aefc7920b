"""The one place that knows which search serves which settings."""

from autotune.problem import Problem
from autotune.search.base import BaseSearch
from autotune.search.native.auto import AutoSearch
from autotune.search.native.forest_search import ForestSearch
from autotune.search.native.search import NativeSearch
from autotune.search.random import RandomSearch
from autotune.search.settings import SearchSettings
from autotune.search.skopt import SkoptSearch

NATIVE = {"auto": AutoSearch, "GP": NativeSearch}


def search(problem: Problem, settings: SearchSettings) -> BaseSearch:
    """Build the search that the settings ask for."""
    if settings.learner == "random":
        return RandomSearch(problem, settings)
    if settings.engine == "skopt":
        return SkoptSearch(problem, settings)
    return NATIVE.get(settings.learner, ForestSearch)(problem, settings)
