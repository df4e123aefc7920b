"""scikit-optimize's spaces, under the name that ytopt's problem files import them by.

Those files also take `inf` from here: their output spaces are `Real(-inf, inf)`.
"""

from collections.abc import Sequence
from typing import Any

from ConfigSpace import CategoricalHyperparameter, ConfigurationSpace, Float
from ConfigSpace import Integer as IntegerParameter
from numpy import inf
from skopt.space import Categorical, Dimension, Integer, Real
from skopt.space import Space as SkoptSpace
from skopt.utils import use_named_args

from autotune.errors import ProblemError

__all__ = ["Categorical", "Dimension", "Integer", "Real", "Space", "inf", "use_named_args"]


class Space(SkoptSpace):  # type: ignore[misc]
    """A list of dimensions, with what ytopt's own class has beyond scikit-optimize's."""

    def to_dict(self, values: Sequence[Any]) -> dict[str, Any]:
        """Name values by their dimensions, in order."""
        return dict(zip((each.name for each in self.dimensions), values, strict=True))

    def __len__(self) -> int:
        """How many dimensions there are."""
        return len(self.dimensions)

    def __getitem__(self, at: int) -> Any:  # noqa: ANN401 - skopt is untyped
        """The dimension at a place."""
        return self.dimensions[at]


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
