"""The one place that knows which search serves which settings."""

from autotune.problem import Problem
from autotune.search.base import BaseSearch
from autotune.search.native.search import NativeSearch
from autotune.search.random import RandomSearch
from autotune.search.settings import SearchSettings
from autotune.search.skopt import SkoptSearch
from autotune.search.ytopt import YtoptSearch


def search(problem: Problem, settings: SearchSettings) -> BaseSearch:
    """Build the search that the settings ask for."""
    if settings.learner == "random":
        return RandomSearch(problem, settings)
    if settings.has_own_process:
        return NativeSearch(problem, settings)
    if settings.engine == "ytopt":
        return YtoptSearch(problem, settings)
    return SkoptSearch(problem, settings)
