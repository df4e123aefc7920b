"""The array and value types that cross module borders."""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
FloatsLike: TypeAlias = float | Sequence[float] | NDArray[np.floating] | NDArray[np.integer]
Interval: TypeAlias = tuple[float, float]
Value: TypeAlias = bool | int | float | str
Config: TypeAlias = Mapping[str, Value]
