"""Linear and quadratic terms about the middle of the cube: near its optimum a loss is a bowl."""

import numpy as np

from autotune.types import Floats


def terms(x: Floats) -> Floats:
    """Linear and quadratic terms, (m, d) to (m, 2 d); squares add to 1 at most in the cube."""
    middle = 2.0 * x - 1.0
    both = np.concatenate([middle, middle * middle], axis=1)
    return np.asarray(both / np.sqrt(2 * x.shape[1]))


def slopes(x: Floats) -> Floats:
    """Derivatives of the terms, each by its own coordinate, (..., d) to (..., 2 d)."""
    middle = 2.0 * x - 1.0
    both = np.concatenate([np.full(x.shape, 2.0), 4.0 * middle], axis=-1)
    return np.asarray(both / np.sqrt(2 * x.shape[-1]))
