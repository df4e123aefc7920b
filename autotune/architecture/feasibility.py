"""Which ratios M/N_a and N/N_a a sparse model can have, and how much room they leave for d."""

import numpy as np

from autotune.architecture.sparse_constants import SparseConstants
from autotune.architecture.triad import of_ratios
from autotune.architecture.triad_inverse import Widths, widths
from autotune.types import FloatsLike


def feasible_widths(
    flops_per_token: float,
    density: FloatsLike,
    *,
    expansion: FloatsLike,
    constants: SparseConstants,
) -> Widths:
    """Hidden sizes over a grid of ratios.

    With grouped-query attention the feasible ratios are a rectangle: M/N_a above 6, N/N_a between 1
    and (E + shared)/(K + shared). Latent attention cuts its corner of high ratios off.

    Args:
        flops_per_token: M.
        density: Values of M/N_a, shape (n,).
        expansion: Values of N/N_a, shape (m,).
        constants: What is held fixed.

    Returns:
        Intervals of shape (n, m), not-a-number where the ratios are infeasible.

    Raises:
        InputError: If an argument is not finite and > 0.
    """
    rows = np.reshape(np.asarray(density, dtype=np.float64), (-1, 1))
    triad = of_ratios(flops_per_token, density=rows, expansion=np.ravel(expansion))
    return widths(triad, constants)
