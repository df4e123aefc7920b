"""Second derivatives of the forms that are sums of terms, each a coefficient times powers.

The derivative of such a term by one of its exponents is the term times the logarithm of what the
exponent raises, which no estimate changes. So first derivatives give the second ones.
"""

import numpy as np
from numpy.typing import NDArray

from autotune.fitting.design import Design
from autotune.fitting.model import Model
from autotune.types import Floats


def known(model: Model) -> bool:
    """Whether `curvature` can be had: every term that an exponent moves has a free coefficient.

    A term whose coefficient is held at 0 is no term; one held elsewhere has no column.
    """
    terms = model.structure.terms
    return bool(terms) and all(
        coefficient in model.free or model.held[coefficient] == 0 or not {*powers} & {*model.free}
        for coefficient, powers in terms.items()
    )


def curvature(model: Model, z: Floats, slopes: Floats, slope: Floats) -> Floats:
    """Sum over the runs of slope times the second derivatives of the loss over the loss.

    Args:
        model: A form on its table; `known` must hold.
        z: Coordinates, shape (m, k).
        slopes: Derivatives of the loss by the coordinates, over the loss, shape (m, k, n).
        slope: What multiplies each run, shape (m, n).

    Returns:
        Shape (m, k, k).
    """
    found = np.zeros((len(z), z.shape[1], z.shape[1]))
    logs = {name: np.log(values) for name, values in _raised(model.design).items()}
    for coefficient, powers in model.structure.terms.items():
        moved = [name for name in powers if name in model.free]
        if coefficient not in model.free or not moved:
            continue
        own, at = model.free.index(coefficient), [model.free.index(name) for name in moved]
        by = np.stack([_log(logs, powers[name]) for name in moved])
        first, second = _moments(slopes[:, own] * slope, by)
        found[:, own, at] += first
        found[:, at, own] += first
        found[:, np.array(at)[:, None], at] += second * z[:, own, None, None]
    return found


def _moments(term: Floats, by: Floats) -> tuple[Floats, Floats]:
    """Sums over the runs of a term (m, n) times logarithms (j, n), and times pairs of them."""
    j, n = by.shape
    pairs: NDArray[np.float64] = (by[:, None] * by).reshape(-1, n)
    sums = term @ np.concatenate([by, pairs]).T
    return sums[:, :j], sums[:, j:].reshape(-1, j, j)


def _raised(design: Design) -> dict[str, Floats]:
    kept = 1 - design.sparsity
    inputs = {"n_active": design.n_active, "tokens": design.tokens, "kept": kept}
    return inputs | {"n_total": design.n_active / kept, **design.factors}


def _log(logs: dict[str, Floats], power: str) -> Floats:
    """Of an input, negative where the power divides by it."""
    return -logs[power[1:]] if power[0] == "-" else logs[power]
