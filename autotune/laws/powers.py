"""Powers of inputs that repeat, for many laws at once: each value is raised once."""

import numpy as np
from numpy.typing import NDArray

from autotune.types import Floats

MANY = 8
"""Fewest laws side by side for which sorting the inputs pays."""


def power(base: Floats, exponent: Floats | float) -> Floats:
    """`base ** exponent`, the same numbers, sooner where a grid of runs repeats its inputs.

    Args:
        base: Shape (n,), or any other.
        exponent: Shape (m, 1), one law a row, or any other that broadcasts with `base`.

    Returns:
        The broadcast shape.
    """
    if np.ndim(base) == 1 and np.ndim(exponent) == 2 and np.shape(exponent)[0] >= MANY:
        distinct, at = _distinct(base)
        if 2 * len(distinct) <= len(base):
            return np.take(distinct**exponent, at, axis=1)
    return base**exponent


def _distinct(values: Floats) -> tuple[Floats, NDArray[np.int64]]:
    """The different values, rising, and which of them each is: `np.unique` with less around it."""
    order = values.argsort()
    rising = values[order]
    new = np.empty(len(values), dtype=bool)
    new[:1] = True
    np.not_equal(rising[1:], rising[:-1], out=new[1:])
    at = np.empty(len(values), dtype=np.int64)
    at[order] = new.cumsum() - 1
    return rising[new], at
