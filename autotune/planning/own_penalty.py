"""What the bands of a fit say that a shape off the best one costs."""

from collections.abc import Mapping, Sequence

import numpy as np

from autotune.architecture.sparse_constants import TRAINING_FLOPS
from autotune.planning.design_question import Figure
from autotune.types import Floats

NUMBERS = ("M", "M/N_a", "N/N_a", "d")


def rise(
    figures: Sequence[Figure], numbers: Mapping[str, Floats], *, limit: float, tolerance: float
) -> Floats | None:
    """Share of the least loss by which shapes lie above it: None where no number has a band.

    Each curve is the paper's form with its minimum at the best value. The band sets its height: at
    its ends the curve is the tolerance, on average. Curves add up, as they were fitted.

    Args:
        figures: Those of a design, with their best values and bands.
        numbers: M, M/N_a, N/N_a and d of the shapes, arrays of one shape.
        limit: Upper bound of N/N_a.
        tolerance: Of the bands.
    """
    parts = [
        _one(figure, numbers[figure.name], limit=limit, tolerance=tolerance)
        for figure in figures
        if figure.name in NUMBERS and figure.band is not None
    ]
    return np.asarray(np.sum(parts, axis=0)) if parts else None


def _one(figure: Figure, x: Floats, *, limit: float, tolerance: float) -> Floats:
    assert figure.best is not None
    assert figure.band is not None
    best = np.asarray(figure.best)
    low, high = (_curve(figure.name, np.asarray(end), best, limit=limit) for end in figure.band)
    return np.asarray(tolerance * _curve(figure.name, x, best, limit=limit) / ((low + high) / 2))


def _curve(name: str, x: Floats, best: Floats, *, limit: float) -> Floats:
    """A curve of the form of a number, 0 at its best value, in some unit."""
    if name == "M":
        return np.asarray(np.log(x / best) ** 2)
    if name == "d":
        return np.asarray((x - best) ** 2)
    if name == "M/N_a":
        u = (x - TRAINING_FLOPS) / (best - TRAINING_FLOPS)
        return np.asarray(u + 1 / u - 2)
    root = (best - 1) / (limit - best)
    least = (1 + root) ** 2 / (limit - 1)
    return np.asarray(root**2 / (x - 1) + 1 / (limit - x) - least)
