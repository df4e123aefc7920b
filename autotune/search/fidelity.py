"""A fidelity: a parameter whose smaller values make trials cheaper, and worth less."""

from dataclasses import dataclass

import numpy as np
from ConfigSpace import ConfigurationSpace

from autotune import checks
from autotune.errors import InputError
from autotune.search.codec import Codec
from autotune.types import Floats, Value


@dataclass(frozen=True, slots=True)
class Fidelity:
    """One parameter of a space, and the value at which the objective is wanted.

    Attributes:
        name: The parameter.
        target: Its largest value, or the last of an ordered choice.
        axis: Which axis of the unit cube it is.
        unit: Where the target lies on it.
    """

    name: str
    target: Value
    axis: int
    unit: float

    @classmethod
    def of(cls, space: ConfigurationSpace, name: str) -> "Fidelity":
        """Describe a parameter of a space as its fidelity.

        Raises:
            InputError: If there is none of that name, or it is conditional, unordered or constant.
        """
        checks.one_of("parameter", name, space)
        codec = Codec(space)
        axis = codec.names.index(name)
        if not codec.ordered[axis]:
            raise InputError(
                f"parameter {name} cannot be a fidelity: it has no larger values. Choose a number "
                "or an ordered choice."
            )
        if space.parent_conditions_of[name]:
            raise InputError(f"parameter {name} cannot be a fidelity: it is not always there.")
        top = codec.snap(np.ones((1, len(codec.names))))[0]
        return cls(name, codec.decode(top)[name], axis, float(top[axis]))

    def at_target(self, points: Floats) -> Floats:
        """The same points (m, d) of the unit cube at the target."""
        moved = points.copy()
        moved[:, self.axis] = self.unit
        return moved
