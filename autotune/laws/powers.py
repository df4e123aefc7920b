"""Powers of inputs that repeat, for many laws at once: each value is raised once."""

import numpy as np

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
    if np.ndim(base) != 1 or np.ndim(exponent) != 2 or len(exponent) < MANY:  # type: ignore[arg-type]
        return base**exponent
    distinct, at = np.unique(base, return_inverse=True)
    if 2 * len(distinct) > len(base):
        return base**exponent
    return np.take(distinct**exponent, at, axis=1)
