"""One axis of the unit cube per parameter: values to [0, 1] and back, and model features."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import numpy as np
from ConfigSpace import (
    CategoricalHyperparameter,
    Constant,
    OrdinalHyperparameter,
)
from ConfigSpace.hyperparameters import (
    FloatHyperparameter,
    IntegerHyperparameter,
)
from numpy.typing import NDArray

from autotune.errors import InputError, ProblemError
from autotune.problem import step_of, steps_of
from autotune.search.step_axis import StepAxis
from autotune.search.values import number, numbers, plain
from autotune.types import Floats, Value

APART = np.sqrt(2.0)  # of an indicator: two categories are two units apart, two ends are one


class Axis(Protocol):
    """How one parameter lies in [0, 1]."""

    @property
    def ordered(self) -> bool:
        """Whether larger and smaller values lie farther right and left."""
        ...

    @property
    def size(self) -> int | None:
        """How many values there are; None for a continuous parameter."""
        ...

    def value(self, unit: float) -> Value:
        """The JSON-plain value at a position in [0, 1]."""
        ...

    def decoded(self, units: Floats) -> NDArray[Any]:
        """The values at positions, shape (m,): numbers, or objects for choices."""
        ...

    def unit(self, value: Value) -> float:
        """The position of a value; InputError if it is not one of the parameter's."""
        ...

    def placed(self, values: NDArray[Any]) -> Floats:
        """Positions of values of another study, shape (m,).

        Numbers out of range go to the nearer end; not-a-number for what has no place.
        """
        ...

    def snap(self, units: Floats) -> Floats:
        """Move positions, shape (m,), to the nearest ones that a value has."""
        ...

    def features(self, units: Floats) -> Floats:
        """What a surrogate sees of snapped positions, shape (m, k), in [0, 1]."""
        ...

    def near(self, unit: float) -> list[float]:
        """Positions of neighbouring values, none for a continuous parameter."""
        ...


@dataclass(frozen=True, slots=True)
class FloatAxis:
    """A real parameter, linear or logarithmic; both ends belong to it."""

    low: float
    high: float
    log: bool
    ordered: ClassVar[bool] = True

    @property
    def size(self) -> int | None:
        """Continuous, unless both ends coincide."""
        return 1 if self.low == self.high else None

    def value(self, unit: float) -> float:
        """Interpolate; the ends are exact, so that a bound is a bound to the last bit."""
        if unit <= 0 or unit >= 1:
            return self.low if unit <= 0 else self.high
        low, high = self._ends()
        inside = low + unit * (high - low)
        return min(max(math.exp(inside) if self.log else inside, self.low), self.high)

    def decoded(self, units: Floats) -> NDArray[Any]:
        """As `value`, to the last bits."""
        low, high = self._ends()
        inside = low + np.clip(units, 0.0, 1.0) * (high - low)
        return np.clip(np.exp(inside) if self.log else inside, self.low, self.high)

    def unit(self, value: Value) -> float:
        """Invert `value`; rounding at the ends is forgiven, anything farther out is not."""
        at = number(value)
        slack = 1e-9 * max(abs(self.low), abs(self.high))
        if not self.low - slack <= at <= self.high + slack:
            raise InputError(f"{value!r} lies outside [{self.low:g}, {self.high:g}]")
        low, high = self._ends()
        inside = math.log(min(max(at, self.low), self.high)) if self.log else at
        return min(max((inside - low) / (high - low), 0.0), 1.0) if high > low else 0.0

    def placed(self, values: NDArray[Any]) -> Floats:
        """As `unit`."""
        inside = np.clip(numbers(values), self.low, self.high)
        low, high = self._ends()
        return np.asarray(((np.log(inside) if self.log else inside) - low) / ((high - low) or 1.0))

    def snap(self, units: Floats) -> Floats:
        """Every position has a value."""
        return np.clip(units, 0.0, 1.0)

    def features(self, units: Floats) -> Floats:
        """The position itself."""
        return units[:, None]

    def near(self, unit: float) -> list[float]:
        """None: a gradient serves better."""
        del unit
        return []

    def _ends(self) -> tuple[float, float]:
        return (math.log(self.low), math.log(self.high)) if self.log else (self.low, self.high)


@dataclass(frozen=True, slots=True)
class IntegerAxis:
    """An integer parameter, linear or logarithmic: v fills the cell [v - 1/2, v + 1/2]."""

    low: int
    high: int
    log: bool
    ordered: ClassVar[bool] = True

    @property
    def size(self) -> int | None:
        """Both ends count."""
        return self.high - self.low + 1

    def value(self, unit: float) -> int:
        """The integer whose cell holds the position."""
        return int(self._cells(np.array([unit]))[0])

    def decoded(self, units: Floats) -> NDArray[Any]:
        """As `value`, as real numbers."""
        return self._cells(units)

    def unit(self, value: Value) -> float:
        """The position of an integer inside its cell."""
        at = number(value)
        if at != int(at) or not self.low <= at <= self.high:
            raise InputError(f"{value!r} is not an integer in [{self.low}, {self.high}]")
        return float(self._positions(np.array([at]))[0])

    def placed(self, values: NDArray[Any]) -> Floats:
        """Inside the cell of the nearest integer."""
        return self._positions(np.clip(np.rint(numbers(values)), self.low, self.high))

    def snap(self, units: Floats) -> Floats:
        """Move to the position of the integer whose cell holds it."""
        return self._positions(self._cells(units))

    def features(self, units: Floats) -> Floats:
        """The position itself."""
        return units[:, None]

    def near(self, unit: float) -> list[float]:
        """The integers one, two, four, ... off."""
        at = self.value(unit)
        return [
            self.unit(v) for v in _steps(at, self.high - self.low) if self.low <= v <= self.high
        ]

    def _ends(self) -> tuple[float, float]:
        low, high = self.low - 0.5, self.high + 0.5
        return (math.log(low), math.log(high)) if self.log else (low, high)

    def _cells(self, units: Floats) -> Floats:
        low, high = self._ends()
        inside = low + np.clip(units, 0.0, 1.0) * (high - low)
        return np.clip(np.rint(np.exp(inside) if self.log else inside), self.low, self.high)

    def _positions(self, values: Floats) -> Floats:
        low, high = self._ends()
        return ((np.log(values) if self.log else values) - low) / (high - low)


@dataclass(frozen=True, slots=True)
class ChoiceAxis:
    """One of finitely many values, ordered (one feature) or not (one-hot); also constants."""

    values: tuple[Value, ...]
    ordered: bool

    @property
    def size(self) -> int | None:
        """The number of values."""
        return len(self.values)

    def value(self, unit: float) -> Value:
        """The value whose share of [0, 1] holds the position."""
        return self.values[int(self._index(np.array([unit]))[0])]

    def decoded(self, units: Floats) -> NDArray[Any]:
        """As `value`: numbers if all choices are, objects otherwise."""
        numbers = all(isinstance(v, int | float) for v in self.values)
        known = np.array(self.values, dtype=np.float64 if numbers else object)
        return np.asarray(known[self._index(units).astype(np.intp)])

    def unit(self, value: Value) -> float:
        """The middle of the value's share."""
        if value not in self.values:
            raise InputError(f"{value!r} is none of {', '.join(map(repr, self.values))}")
        return (self.values.index(value) + 0.5) / len(self.values)

    def placed(self, values: NDArray[Any]) -> Floats:
        """The middle of the share of an equal value."""
        at = [self.values.index(v) if v in self.values else np.nan for v in values.tolist()]
        return (np.array(at) + 0.5) / len(self.values)

    def snap(self, units: Floats) -> Floats:
        """Move to the middle of the share."""
        return (self._index(units) + 0.5) / len(self.values)

    def features(self, units: Floats) -> Floats:
        """Indicators without order, the position with it, nothing for a single value."""
        if len(self.values) == 1:
            return np.empty((len(units), 0))
        if self.ordered:
            return units[:, None]
        hot: Floats = APART * np.eye(len(self.values))[self._index(units).astype(np.intp)]
        return hot

    def near(self, unit: float) -> list[float]:
        """Every other value without order; with it, those one, two, four, ... off."""
        count, at = len(self.values), int(self._index(np.array([unit]))[0])
        others = _steps(at, count) if self.ordered else range(count)
        return [(i + 0.5) / count for i in others if 0 <= i < count and i != at]

    def _index(self, units: Floats) -> Floats:
        count = len(self.values)
        return np.clip(np.floor(np.clip(units, 0.0, 1.0) * count), 0, count - 1)


def axis(parameter: Any) -> Axis:  # noqa: ANN401 - one of ConfigSpace's classes
    """Describe a ConfigSpace parameter as an axis.

    Raises:
        ProblemError: If the parameter is of a kind that is not known here, or its step does
            not divide its range.
    """
    step = step_of(parameter)
    if step is not None:
        whole = isinstance(parameter, IntegerHyperparameter)
        low, count = float(parameter.lower), steps_of(parameter, step) + 1
        return StepAxis(low, step, count, log=bool(parameter.log), whole=whole)
    if isinstance(parameter, FloatHyperparameter):
        return FloatAxis(float(parameter.lower), float(parameter.upper), bool(parameter.log))
    if isinstance(parameter, IntegerHyperparameter):
        return IntegerAxis(int(parameter.lower), int(parameter.upper), bool(parameter.log))
    if isinstance(parameter, CategoricalHyperparameter):
        return ChoiceAxis(_plain(parameter.choices), ordered=False)
    if isinstance(parameter, OrdinalHyperparameter):
        return ChoiceAxis(_plain(parameter.sequence), ordered=True)
    if isinstance(parameter, Constant):
        return ChoiceAxis(_plain([parameter.value]), ordered=True)
    raise ProblemError(f"parameter {parameter.name} is a {type(parameter).__name__}: not supported")


def _steps(at: int, reach: int) -> list[int]:
    """Integers one, two, four, ... below and above."""
    sizes = [2**k for k in range(max(reach, 1).bit_length())]
    return [at + sign * size for size in sizes for sign in (-1, 1)]


def _plain(values: Sequence[object]) -> tuple[Value, ...]:
    return tuple(plain(value) for value in values)
