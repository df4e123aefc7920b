"""Plan and autotune the pre-training of dense and sparse language models."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from autotune.problem import Problem, TuningProblem

__all__ = ["Problem", "TuningProblem"]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - a module attribute may be anything
    """Import the problem classes on first use: they pull in ConfigSpace, which is slow."""
    if name in __all__:
        return getattr(import_module("autotune.problem"), name)
    raise AttributeError(f"module 'autotune' has no attribute {name!r}")
