"""Values of parameters as JSON-plain scalars."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from autotune.errors import InputError, ProblemError
from autotune.types import Floats, Value


def plain(value: object) -> Value:
    """Turn numpy's scalars, which ConfigSpace hands out, into Python's own.

    Raises:
        ProblemError: If it is no scalar.
    """
    item = value.item() if isinstance(value, np.generic) else value
    if isinstance(item, bool | int | float | str):
        return item
    raise ProblemError(f"a parameter's values must be numbers, text or booleans, not {item!r}")


def number(value: Value) -> float:
    """A value that must be a number.

    Raises:
        InputError: If it is text or a boolean.
    """
    if isinstance(value, str | bool):
        raise InputError(f"{value!r} is not a number")
    return float(value)


def numbers(values: NDArray[Any]) -> Floats:
    """Values as real numbers, shape (m,); not-a-number for text."""
    if values.dtype != object:
        return values.astype(np.float64)
    return np.array([v if isinstance(v, int | float) else np.nan for v in values.tolist()])
