"""The one place that knows which search serves which settings."""

from autotune.problem import Problem
from autotune.search.random import RandomSearch
from autotune.search.settings import SearchSettings
from autotune.search.skopt import SkoptSearch


def search(problem: Problem, settings: SearchSettings) -> RandomSearch | SkoptSearch:
    """Build the search that the settings ask for."""
    kind = RandomSearch if settings.learner == "random" else SkoptSearch
    return kind(problem, settings)
