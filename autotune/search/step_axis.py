"""The axis of a number in steps: low, low + step, ..., high."""

import math
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from autotune.errors import InputError
from autotune.search.values import number, numbers
from autotune.types import Floats, Value

OFF_GRID = 1e-6  # of a step: how far a recorded value may lie off through rounding


@dataclass(frozen=True, slots=True)
class StepAxis:
    """A real or integer parameter that moves in steps; v fills the cell [v - s/2, v + s/2].

    Attributes:
        low: The first value.
        step: From one value to the next, > 0.
        count: How many values there are, >= 2.
        log: Whether cells are spaced by their logarithms.
        whole: Whether values are integers.
    """

    low: float
    step: float
    count: int
    log: bool
    whole: bool
    ordered: ClassVar[bool] = True

    @property
    def size(self) -> int | None:
        """Both ends count."""
        return self.count

    def value(self, unit: float) -> Value:
        """The value whose cell holds the position, free of the rounding of repeated steps."""
        at = self.low + self.step * float(self._index(np.array([unit]))[0])
        return round(at) if self.whole else float(f"{at:.12g}")

    def decoded(self, units: Floats) -> NDArray[Any]:
        """As `value`, as real numbers, to the last bits."""
        return np.asarray(self.low + self.step * self._index(units))

    def unit(self, value: Value) -> float:
        """The position of a value inside its cell."""
        at = (number(value) - self.low) / self.step
        nearest = round(at)
        if abs(at - nearest) > OFF_GRID or not 0 <= nearest < self.count:
            last = self.low + self.step * (self.count - 1)
            raise InputError(
                f"{value!r} is not one of {self.low:g}, {self.low + self.step:g}, ..., {last:g}"
            )
        return float(self._positions(np.array([float(nearest)]))[0])

    def placed(self, values: NDArray[Any]) -> Floats:
        """Inside the cell of the nearest value."""
        index = np.rint((numbers(values) - self.low) / self.step)
        return self._positions(np.clip(index, 0, self.count - 1))

    def snap(self, units: Floats) -> Floats:
        """Move to the position of the value whose cell holds it."""
        return self._positions(self._index(units))

    def features(self, units: Floats) -> Floats:
        """The position itself."""
        return units[:, None]

    def near(self, unit: float) -> list[float]:
        """The values one, two, four, ... steps off."""
        at = float(self._index(np.array([unit]))[0])
        steps = 2.0 ** np.arange((self.count - 1).bit_length())
        found = np.concatenate([at - steps, at + steps])
        return [float(x) for x in self._positions(found[(found >= 0) & (found < self.count)])]

    def _ends(self) -> tuple[float, float]:
        low = self.low - self.step / 2
        high = self.low + self.step * (self.count - 0.5)
        return (math.log(max(low, self.low / 2)), math.log(high)) if self.log else (low, high)

    def _index(self, units: Floats) -> Floats:
        low, high = self._ends()
        inside = low + np.clip(units, 0.0, 1.0) * (high - low)
        values = np.exp(inside) if self.log else inside
        return np.clip(np.rint((values - self.low) / self.step), 0, self.count - 1)

    def _positions(self, index: Floats) -> Floats:
        low, high = self._ends()
        values = self.low + self.step * index
        return np.asarray(((np.log(values) if self.log else values) - low) / (high - low))
