"""Plan and autotune the pre-training of dense and sparse language models."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from autotune.problem import Problem
    from autotune.tuning_problem import TuningProblem

__all__ = ["Problem", "TuningProblem"]

_HOMES = {"Problem": "autotune.problem", "TuningProblem": "autotune.tuning_problem"}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - a module attribute may be anything
    """Import the problem classes on first use: they pull in ConfigSpace, which is slow."""
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'autotune' has no attribute {name!r}")
