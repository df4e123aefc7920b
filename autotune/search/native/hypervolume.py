"""Expected hypervolume improvement for two objectives, in closed form.

The region that a front leaves undominated falls into one stripe per gap between neighbours. A
point (Y1, Y2) gains, in the stripe a <= x < b under height h, the integral over x of
[Y1 <= x] (h - Y2)+; for independent objectives its mean is
(psi1(b) - psi1(a)) psi2(h) with psi(u) = E[(u - Y)+].

Both objectives may be modelled through a warp: psi is that of the objective itself, so what is
maximised is the hypervolume that is reported, not one of warped values.

References:
    Emmerich, Yang, Deutz, Wang and Fonseca (2016), "A multicriteria generalization of Bayesian
    global optimization"; Yang, Emmerich, Deutz and Bäck (2019), "Multi-objective Bayesian global
    optimization using expected hypervolume improvement gradient".
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import erfcx, log_ndtr, logsumexp, ndtr

from autotune.search import pareto
from autotune.search.native.acquisition import LOG_ROOT_2PI, log_h
from autotune.search.native.warp import Warp
from autotune.types import Floats


@dataclass(frozen=True, slots=True)
class Predicted:
    """An objective at m candidates: a warped value is normal.

    Attributes:
        mean: Of the warped value, shape (m,).
        deviation: Of the warped value, shape (m,), > 0.
        warp: From the objective to the warped value.
    """

    mean: Floats
    deviation: Floats
    warp: Warp

    def log_below(self, levels: Floats) -> Floats:
        """Log of psi at levels (n,), shape (n, m)."""
        if np.isinf(self.warp.bend):
            z = (self.warp(levels)[:, None] - self.mean) / self.deviation
            return np.asarray(np.log(self.warp.scale * self.deviation) + log_h(z))
        # In units of the bend above the least value, Y is exp(b) - 1 for a normal b, and b itself
        # below 0, where the warp goes on straight.
        sigma = self.warp.scale * self.deviation
        mean = self.warp.scale * self.mean + self.warp.centre
        level = ((levels - self.warp.least) / self.warp.bend)[:, None]
        straight = np.log(sigma) + log_h((np.minimum(level, 0.0) - mean) / sigma)
        room = np.log1p(np.maximum(level, 0.0))
        put = room + _log_put((room - mean) / sigma, sigma)
        further = _log_difference(straight, _log_put(-mean / sigma, sigma))
        found = np.where(level > 0, np.logaddexp(put, further), straight)
        return np.asarray(found + np.log(self.warp.bend))


def _log_put(d: Floats, sigma: Floats) -> Floats:
    """Log of E[(1 - X)+] for log X normal of mean -d sigma and deviation sigma.

    It is Phi(d) - exp(sigma^2/2 - d sigma) Phi(d - sigma), or phi(d) (M(d) - M(d - sigma)) with
    M = Phi/phi where that would cancel.
    """
    near = np.maximum(d, 0.0)
    rest = np.exp(0.5 * sigma**2 - near * sigma + log_ndtr(near - sigma))
    with np.errstate(divide="ignore"):
        direct = np.log(np.maximum(ndtr(near) - rest, 0.0))
        far = np.minimum(d, 0.0)
        both = _mills(far) - _mills(far - sigma)
        tail = -0.5 * far * far - LOG_ROOT_2PI + np.log(np.maximum(both, 0.0))
    return np.asarray(np.where(d > 0, direct, tail))


def _mills(x: Floats) -> Floats:
    """Phi(x)/phi(x) for x <= 0."""
    return np.asarray(np.sqrt(np.pi / 2) * erfcx(-x / np.sqrt(2)))


def log_expected_improvement(
    first: Predicted, second: Predicted, values: Floats, against: Floats
) -> Floats:
    """Log of the hypervolume that candidates are expected to add to a front.

    Args:
        first: The first objective at m candidates.
        second: The second, independent of the first.
        values: Both objectives of what is known, shape (n, 2).
        against: The reference point, shape (2,).

    Returns:
        Shape (m,).
    """
    inside = values[(values < against).all(axis=1)]
    best = inside[pareto.front(inside)]
    ends = first.log_below(np.concatenate([best[:, 0], against[:1]]))
    widths = ends.copy()
    widths[1:] = _log_difference(ends[1:], ends[:-1])
    heights = second.log_below(np.concatenate([against[1:], best[:, 1]]))
    return np.asarray(logsumexp(widths + heights, axis=0))


def _log_difference(larger: Floats, smaller: Floats) -> Floats:
    """log(exp(larger) - exp(smaller)), minus infinity where they are equal."""
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(np.isneginf(smaller), 0.0, np.exp(np.minimum(smaller - larger, 0.0)))
        return np.asarray(larger + np.log1p(-ratio))
