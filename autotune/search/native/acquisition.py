"""What a point promises: expected improvement, its probability, or a confidence bound."""

from collections.abc import Callable
from functools import partial
from typing import TypeAlias

import numpy as np
from scipy.special import erfcx, log1p, log_ndtr

from autotune.types import Floats

LOG_ROOT_2PI = 0.5 * np.log(2 * np.pi)
TINY = 1e-16
FARTHEST = 1e8  # deviations: the difference of two logarithms has no digits left beyond

Gain: TypeAlias = tuple[Floats, Floats, Floats]
"""A score to maximise, and its derivatives by mean and by deviation; all of one shape."""

Acquisition: TypeAlias = Callable[[Floats, Floats], Gain]
"""From posterior means and deviations to scores and their derivatives."""


def drawn(name: str, rng: np.random.Generator) -> str:
    """An acquisition's name; `gp_hedge` draws one."""
    return str(rng.choice(["LCB", "EI", "PI"])) if name == "gp_hedge" else name


def named(name: str, *, best: float, kappa: float) -> Acquisition:
    """An acquisition by its name.

    Args:
        name: `EI`, `PI`, `LCB`, or `TS`: the mean alone, for a process that is a sample path
            (`native.path`).
        best: The least value, or mean, to improve on.
        kappa: Weight of the deviation in `LCB`.
    """
    if name == "TS":
        return partial(confidence_bound, kappa=0.0)
    if name == "LCB":
        return partial(confidence_bound, kappa=kappa)
    gain = log_expected_improvement if name == "EI" else log_probability_of_improvement
    return partial(gain, best=best)


def log_h(z: Floats) -> Floats:
    """Log of h(z) = phi(z) + z Phi(z), without cancellation (Ament et al. 2023, eq. 9)."""
    near = np.maximum(z, -1.0)
    direct = np.log(np.exp(-0.5 * near * near - LOG_ROOT_2PI) + near * np.exp(log_ndtr(near)))
    away = -np.minimum(z, -1.0)
    ratio = np.sqrt(np.pi / 2) * erfcx(away / np.sqrt(2)) * away
    far = away > 1e4  # 1 - ratio is 1/away^2 to double precision there
    left = np.where(far, -2 * np.log(away), log1p(-np.minimum(ratio, 1 - TINY)))
    return np.asarray(np.where(z > -1.0, direct, -0.5 * away * away - LOG_ROOT_2PI + left))


def log_expected_improvement(mean: Floats, deviation: Floats, best: float) -> Gain:
    """Log of E[max(best - f, 0)] for a normal f; dEI/dmean = -Phi, dEI/ddeviation = phi."""
    z = np.maximum((best - mean) / deviation, -FARTHEST)
    value = np.log(deviation) + log_h(z)
    return value, -np.exp(log_ndtr(z) - value), np.exp(-0.5 * z * z - LOG_ROOT_2PI - value)


def log_probability_of_improvement(mean: Floats, deviation: Floats, best: float) -> Gain:
    """Log of P(f < best) for a normal f."""
    z = np.maximum((best - mean) / deviation, -FARTHEST)
    value = log_ndtr(z)
    slope = np.exp(-0.5 * z * z - LOG_ROOT_2PI - value) / deviation
    return value, -slope, -slope * z


def confidence_bound(mean: Floats, deviation: Floats, kappa: float) -> Gain:
    """Minus the lower confidence bound: kappa deviation - mean."""
    return kappa * deviation - mean, -np.ones_like(mean), np.full_like(mean, kappa)
