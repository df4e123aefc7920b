"""scikit-optimize's spaces, under the name that ytopt's problem files import them by.

Those files also take `inf` from here: their output spaces are `Real(-inf, inf)`.
"""

from typing import Any

from ConfigSpace import CategoricalHyperparameter, ConfigurationSpace, Float
from ConfigSpace import Integer as IntegerParameter
from numpy import inf
from skopt.space import Categorical, Dimension, Integer, Real, Space

from autotune.errors import ProblemError

__all__ = ["Categorical", "Dimension", "Integer", "Real", "Space", "inf"]


def to_configspace(space: Any) -> ConfigurationSpace:  # noqa: ANN401 - skopt is untyped
    """Translate a `skopt.space.Space`, or a list of its dimensions, by name.

    Raises:
        ProblemError: If it is neither.
    """
    dimensions = getattr(space, "dimensions", space)
    if not isinstance(dimensions, list) or not dimensions:
        raise ProblemError(
            f"its input_space is a {type(space).__name__}; "
            "it must be a ConfigSpace ConfigurationSpace or a skopt Space."
        )
    translated = ConfigurationSpace()
    for number, dimension in enumerate(dimensions):
        # skopt's own names for dimensions without one
        name = getattr(dimension, "name", None) or f"X_{number}"
        translated.add(_parameter(name, dimension))
    return translated


def _parameter(name: str, dimension: Any) -> Any:  # noqa: ANN401 - one of three classes
    if isinstance(dimension, Categorical):
        return CategoricalHyperparameter(name, list(dimension.categories))
    log = getattr(dimension, "prior", "") == "log-uniform"
    if isinstance(dimension, Real):
        return Float(name, (float(dimension.low), float(dimension.high)), log=log)
    if isinstance(dimension, Integer):
        return IntegerParameter(name, (int(dimension.low), int(dimension.high)), log=log)
    raise ProblemError(f"dimension {name} is a {type(dimension).__name__}, not one of skopt's.")
