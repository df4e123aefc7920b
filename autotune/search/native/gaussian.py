"""A Gaussian process about a constant or a prior's trend, fitted by maximum a posteriori."""

from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_solve, cholesky, solve_triangular
from scipy.optimize import minimize

from autotune.search.native.kernel import correlation, slope, squared_distances
from autotune.search.native.trend import FLAT, SLOPE_VARIANCE, Trend
from autotune.types import Floats

Ints: TypeAlias = NDArray[np.intp]

JITTER = 1e-10
LEAST_NOISE, MOST_NOISE = 1e-9, 1.0
SHORTEST, LONGEST = 0.02, 50.0
LEAST_VARIANCE = 1e-300
RESIDUAL, TRUST = 0.01, 2.0  # share of the variance that a trend is expected to leave; in values


@dataclass(frozen=True, slots=True, kw_only=True)
class Prior:
    """Where lengths and noise are expected, as normal distributions of their logarithms.

    Attributes:
        length: Median length of a feature.
        length_sigma: Standard deviation of the log length.
        noise: Median ratio of noise variance to signal variance.
        noise_sigma: Standard deviation of its logarithm.
    """

    length: float
    length_sigma: float = 1.0
    noise: float = 1e-5
    noise_sigma: float = 4.0


@dataclass(frozen=True, slots=True)
class Data:
    """What a process is fitted to.

    Attributes:
        x: Points, and after them what k priors predict there, shape (n, d + k).
        y: Values, shape (n,).
        owner: The parameter that each feature is of, shape (d,): features of one parameter,
            such as the indicators of its categories, share a length.
    """

    x: Floats
    y: Floats
    owner: Ints


@dataclass(frozen=True, slots=True, kw_only=True)
class Hyper:
    """Hyperparameters of the process.

    Attributes:
        length: Of each feature, shape (d,).
        noise: Noise variance over signal variance.
    """

    length: Floats
    noise: float

    @staticmethod
    def of(vector: Floats, owner: Ints) -> "Hyper":
        """From logarithms of one length per parameter and of the noise, shape (p + 1,)."""
        return Hyper(length=np.exp(vector[owner]), noise=float(np.exp(vector[-1])))


@dataclass(frozen=True, slots=True, kw_only=True)
class GaussianProcess:
    """The posterior given points (n, d) and values (n,).

    Attributes:
        hyper: Lengths and noise.
        trend: How predictions of priors enter the mean.
        x: Points over the lengths, shape (n, d).
        t: The trend's columns there, shape (n, k).
        y: Values, shape (n,).
        factor: Lower Cholesky factor of the correlations with noise, shape (n, n).
        mean: The constant mean of what the trend leaves, by generalised least squares.
        variance: Signal variance.
        weights: K^-1 (y - trend - mean), shape (n,).
    """

    hyper: Hyper
    trend: Trend
    x: Floats
    t: Floats
    y: Floats
    factor: Floats
    mean: float
    variance: float
    weights: Floats

    def predict(self, x: Floats) -> tuple[Floats, Floats]:
        """Posterior mean and standard deviation of the function at (m, d + k), shape (m,) each."""
        scaled, t = self._split(x)
        cross = _covariance(scaled, self.x, t, self.t)
        mean = self.mean + self.trend.expected(t) + cross @ self.weights
        solved = solve_triangular(self.factor, cross.T, lower=True, check_finite=False)
        left = np.maximum(_variance(t) - np.einsum("nm,nm->m", solved, solved), 1e-12)
        return mean, np.sqrt(self.variance * left)

    def gradient(self, x: Floats) -> tuple[float, float, Floats, Floats]:
        """Mean, deviation and their gradients by a single point (d + k,)."""
        scaled, t = (row[0] for row in self._split(x[None, :]))
        d = len(scaled)
        off = scaled - self.x
        squared = np.einsum("nd,nd->n", off, off)
        cross = correlation(squared) + SLOPE_VARIANCE * (self.t @ t)
        bend = self.trend.slope(x[None, d:])[0]
        trended = slice(d, d + len(bend))  # nothing, if the prior is not in the mean
        by_x = np.zeros((len(self.y), len(x)))
        by_x[:, :d] = -(slope(squared)[:, None] * off) / self.hyper.length
        by_x[:, trended] = SLOPE_VARIANCE * self.t * bend
        by_mean = by_x.T @ self.weights
        by_mean[trended] += self.trend.share * bend
        solved = cho_solve((self.factor, True), cross, check_finite=False)
        left = max(float(_variance(t[None, :])[0] - cross @ solved), 1e-12)
        deviation = float(np.sqrt(self.variance * left))
        by_left = -by_x.T @ solved
        by_left[trended] += SLOPE_VARIANCE * t * bend
        by_deviation = self.variance * by_left / deviation
        mean = self.mean + self.trend.expected(t[None, :])[0] + float(cross @ self.weights)
        return float(mean), deviation, by_mean, by_deviation

    def append(self, x: Floats, y: float) -> "GaussianProcess":
        """The same hyperparameters with one more point (d + k,): the factor grows by a row."""
        scaled, t = self._split(x[None, :])
        cross = _covariance(scaled, self.x, t, self.t)[0]
        row = solve_triangular(self.factor, cross, lower=True, check_finite=False)
        own = float(_variance(t)[0]) + self.hyper.noise + JITTER
        n = len(self.y)
        factor = np.zeros((n + 1, n + 1))
        factor[:n, :n], factor[n, :n] = self.factor, row
        factor[n, n] = np.sqrt(max(own - float(row @ row), JITTER))
        values, columns = np.append(self.y, y), np.concatenate([self.t, t])
        residual = values - self.trend.expected(columns) - self.mean
        weights = cho_solve((factor, True), residual, check_finite=False)
        points = np.concatenate([self.x, scaled])
        return replace(self, x=points, t=columns, y=values, factor=factor, weights=weights)

    def _split(self, x: Floats) -> tuple[Floats, Floats]:
        """Points over the lengths, (m, d), and the trend's columns, (m, k)."""
        d = len(self.hyper.length)
        return x[:, :d] / self.hyper.length, self.trend(x[:, d:])


def condition(hyper: Hyper, x: Floats, y: Floats, trend: Trend = FLAT) -> GaussianProcess:
    """The posterior at given hyperparameters, of points (n, d + k)."""
    d = len(hyper.length)
    scaled, t = x[:, :d] / hyper.length, trend(x[:, d:])
    matrix = _covariance(scaled, scaled, t, t)
    matrix[np.diag_indices_from(matrix)] = _variance(t) + hyper.noise + JITTER
    factor = cholesky(matrix, lower=True, check_finite=False)
    left = y - trend.expected(t)
    both = cho_solve((factor, True), np.stack([np.ones(len(y)), left], axis=1), check_finite=False)
    mean = float(left @ both[:, 0] / both[:, 0].sum())
    weights = both[:, 1] - mean * both[:, 0]
    variance = _spread(float((left - mean) @ weights), len(y), t.shape[1])
    return GaussianProcess(
        hyper=hyper, trend=trend, x=scaled, t=t, y=y,
        factor=factor, mean=mean, variance=variance, weights=weights,
    )  # fmt: skip


def fit(
    data: Data, prior: Prior, starts: Floats, *, rounds: int, trend: Trend = FLAT
) -> tuple[Hyper, float]:
    """Hyperparameters of the largest posterior density, and its logarithm.

    Args:
        data: Points and values.
        prior: Of lengths and noise.
        starts: Logarithms of lengths and noise to start from, shape (m, parameters + 1).
        rounds: Most iterations of L-BFGS-B from each.
        trend: How the last columns of the points enter the mean.
    """
    d = len(data.owner)
    t = trend(data.x[:, d:])
    left = Data(np.concatenate([data.x[:, :d], t], axis=1), data.y - trend.expected(t), data.owner)
    bounds = [(np.log(SHORTEST), np.log(LONGEST))] * (starts.shape[1] - 1)
    bounds += [(np.log(LEAST_NOISE), np.log(MOST_NOISE))]
    best, least = starts[0], np.inf
    for start in starts:
        found = minimize(
            cost, start, args=(left, prior), jac=True, method="L-BFGS-B", bounds=bounds,
            options={"maxiter": rounds},
        )  # fmt: skip
        if found.fun < least:
            best, least = found.x, float(found.fun)
    return Hyper.of(np.asarray(best), data.owner), -least


def cost(vector: Floats, data: Data, prior: Prior) -> tuple[float, Floats]:
    """Minus the log posterior of the log hyperparameters, signal variance and mean profiled.

    Args:
        vector: Logarithms of one length per parameter and of the noise, shape (p + 1,).
        data: Points with the trend's columns, and what the trend leaves of the values.
        prior: Of lengths and noise.

    Returns:
        The cost, and its gradient, shape (p + 1,).
    """
    y, n, d = data.y, len(data.y), len(data.owner)
    hyper = Hyper.of(vector, data.owner)
    scaled, t = data.x[:, :d] / hyper.length, data.x[:, d:]
    squared = squared_distances(scaled, scaled)
    matrix = correlation(squared) + SLOPE_VARIANCE * (t @ t.T)
    matrix[np.diag_indices(n)] = _variance(t) + hyper.noise + JITTER
    try:
        factor = cholesky(matrix, lower=True, check_finite=False)
    except np.linalg.LinAlgError:
        return 1e25, np.zeros_like(vector)
    inverse = cho_solve((factor, True), np.eye(n), check_finite=False)
    ones = inverse.sum(axis=1)
    mean = float(y @ ones / ones.sum())
    weights = inverse @ (y - mean)
    variance = _spread(float((y - mean) @ weights), n, t.shape[1])
    total = 0.5 * n * np.log(variance) + np.log(np.diag(factor)).sum()
    if t.shape[1]:
        total += 0.5 * TRUST * np.log(variance / RESIDUAL)
    pull = inverse - np.outer(weights, weights) / variance
    bent = pull * slope(squared)
    rows = bent.sum(axis=1)
    by_length = (scaled**2 * rows[:, None]).sum(axis=0) - np.einsum(
        "nd,nd->d", scaled, bent @ scaled
    )
    gradient = np.zeros_like(vector)
    np.add.at(gradient, data.owner, by_length)
    gradient[-1] = 0.5 * hyper.noise * np.trace(pull)
    off = vector - np.log(prior.length)
    off[-1] = vector[-1] - np.log(prior.noise)
    sigma = np.full_like(vector, prior.length_sigma)
    sigma[-1] = prior.noise_sigma
    total += 0.5 * float(((off / sigma) ** 2).sum())
    return float(total), gradient + off / sigma**2


def _covariance(a: Floats, b: Floats, at: Floats, bt: Floats) -> Floats:
    """Between scaled points (m, d) and (n, d) with columns (m, k) and (n, k), shape (m, n).

    An unknown slope of a column with a normal prior is a linear kernel in that column.
    """
    return correlation(squared_distances(a, b)) + SLOPE_VARIANCE * (at @ bt.T)


def _variance(t: Floats) -> Floats:
    """At points with the trend's columns (m, k), without noise, shape (m,)."""
    return np.asarray(1.0 + SLOPE_VARIANCE * (t * t).sum(axis=1))


def _spread(total: float, n: int, k: int) -> float:
    """The signal variance of n values with a quadratic form, about a trend of k columns.

    What a trend leaves is expected to be RESIDUAL of the values' variance, as TRUST values say:
    a few values near a line are no proof that the others are.
    """
    if not k:
        return max(total / n, LEAST_VARIANCE)
    return (total + TRUST * RESIDUAL) / (n + TRUST)
