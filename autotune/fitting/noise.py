"""The noise of finished runs around a fit: what residuals are resampled from, and its scale."""

from dataclasses import dataclass

import numpy as np

from autotune.fitting.design import Design
from autotune.fitting.objective import Objective
from autotune.types import Floats

SMOOTHING = 0.5  # bandwidth, in standard deviations times n^(-1/5)
QUADRATURE = 201
MAD_TO_SIGMA = 1.4826
FEWEST_TO_RANK = 10
UNEVEN = 0.01  # chance to call even noise uneven, whatever the number of inputs


@dataclass(frozen=True, slots=True)
class Noise:
    """A smoothed distribution of residuals of log loss: one of the pool, plus a normal one.

    Attributes:
        pool: Residuals, centred on their median, shape (p,).
        bandwidth: Standard deviation of the normal part.
    """

    pool: Floats
    bandwidth: float

    def draw(self, shape: tuple[int, int], seed: int) -> Floats:
        """Independent residuals."""
        rng = np.random.default_rng(seed)
        return rng.choice(self.pool, shape) + self.bandwidth * rng.standard_normal(shape)

    def unit(self, objective: Objective) -> float:
        """How much an objective rises for one unit of a likelihood ratio.

        Twice the rise of the minimum, when one coefficient is held at its true value, over this
        is a chi-squared variable with one degree of freedom: E[slope^2] / E[curvature].
        """
        from scipy.special import ndtr, ndtri  # slow to load: what reads a saved fit needs none

        spread = ndtri((np.arange(QUADRATURE) + 0.5) / QUADRATURE) * self.bandwidth
        residual = self.pool[:, None] + spread
        slope = objective.slope(residual)
        inside = np.abs(residual) <= objective.delta
        if self.bandwidth > 0 and np.isfinite(objective.delta):
            ends = (objective.delta - self.pool, -objective.delta - self.pool)
            upper, lower = (ndtr(end / self.bandwidth) for end in ends)
            return float((slope**2).mean() / (upper - lower).mean())
        return float((slope**2).mean() / max(inside.mean(), 1 / inside.size))


def noise_of(residual: Floats, objective: Objective, n_free: int) -> Noise:
    """The noise behind the residuals of a fit.

    A robust fit passes through about as many runs as it has free coefficients: their residuals
    of nearly 0 say nothing of the noise and are left out. A fit by squares shrinks all residuals
    instead; they are stretched. The smoothing keeps the variance.

    Args:
        residual: Residuals of log loss, shape (n,).
        objective: What the fit minimised.
        n_free: Its free coefficients, fewer than n.
    """
    n = len(residual)
    if np.mean(np.abs(residual) <= objective.delta) > 0.5:
        pool = (residual - residual.mean()) * np.sqrt(n / (n - n_free))
    else:
        pool = residual[np.argsort(np.abs(residual), kind="stable")[n_free:]]
        pool = pool - np.median(pool)
    sigma = MAD_TO_SIGMA * float(np.median(np.abs(pool)))
    variance = float((pool**2).mean())
    bandwidth = SMOOTHING * sigma * n**-0.2
    if variance == 0:
        return Noise(pool, 0.0)
    keep = np.sqrt(variance / (variance + bandwidth**2))
    return Noise(pool * keep, bandwidth * float(keep))


def uneven(residual: Floats, design: Design) -> str:
    """Say with which input the size of the residuals varies, or nothing if it hardly does.

    Spearman's rank correlation of the absolute residuals with each input that varies; the
    level is shared among them.
    """
    inputs = {
        "n_active": design.n_active,
        "tokens": design.tokens,
        "sparsity": design.sparsity,
        "tokens per parameter": design.tokens / design.n_active,
    }
    varied = {name: values for name, values in inputs.items() if np.ptp(values) > 0}
    if len(residual) < FEWEST_TO_RANK or np.ptp(np.abs(residual)) == 0:
        return ""
    from scipy.stats import spearmanr  # a second to load, and what reads a saved fit needs none

    found = {name: spearmanr(np.abs(residual), values) for name, values in varied.items()}
    name = min(found, key=lambda each: float(found[each].pvalue), default="")
    if not name or found[name].pvalue > UNEVEN / len(found):
        return ""
    return f"{name} (rank correlation {found[name].statistic:+.2f})"
