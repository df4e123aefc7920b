"""A Gaussian process with a constant mean, fitted by maximum a posteriori."""

from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_solve, cholesky, solve_triangular
from scipy.optimize import minimize

from autotune.search.native.kernel import correlation, slope, squared_distances
from autotune.types import Floats

Ints: TypeAlias = NDArray[np.intp]

JITTER = 1e-10
LEAST_NOISE, MOST_NOISE = 1e-9, 1.0
SHORTEST, LONGEST = 0.02, 50.0
LEAST_TREND, MOST_TREND = 1e-6, 1e3


@dataclass(frozen=True, slots=True, kw_only=True)
class Prior:
    """Where lengths and noise are expected, as normal distributions of their logarithms.

    Attributes:
        length: Median length of a feature.
        length_sigma: Standard deviation of the log length.
        noise: Median ratio of noise variance to signal variance.
        noise_sigma: Standard deviation of its logarithm.
        trend: Median ratio of the trend's variance to signal variance.
        trend_sigma: Standard deviation of its logarithm.
    """

    length: float
    length_sigma: float = 1.0
    trend: float = 1e-1
    trend_sigma: float = 2.0
    noise: float = 1e-5
    noise_sigma: float = 4.0


@dataclass(frozen=True, slots=True)
class Data:
    """What a process is fitted to.

    Attributes:
        x: Points, shape (n, d).
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
        trend: Variance of the trend's coefficients over signal variance.
    """

    length: Floats
    noise: float
    trend: float

    @staticmethod
    def of(vector: Floats, owner: Ints) -> "Hyper":
        """From logarithms of one length per parameter, of noise and trend, shape (p + 2,)."""
        noise, trend = np.exp(vector[-2:])
        return Hyper(length=np.exp(vector[owner]), noise=float(noise), trend=float(trend))


@dataclass(frozen=True, slots=True, kw_only=True)
class GaussianProcess:
    """The posterior given points (n, d) and values (n,).

    Attributes:
        hyper: Lengths and noise.
        x: Points over the lengths, shape (n, d).
        basis: The trend's terms at the points, times their deviation, shape (n, 2 d).
        y: Values, shape (n,).
        factor: Lower Cholesky factor of the correlations with noise, shape (n, n).
        mean: The constant mean, by generalised least squares.
        variance: Signal variance.
        whitened: L^-1 (y - mean), shape (n,).
        weights: K^-1 (y - mean), shape (n,).
    """

    hyper: Hyper
    x: Floats
    basis: Floats
    y: Floats
    factor: Floats
    mean: float
    variance: float
    whitened: Floats
    weights: Floats

    def predict(self, x: Floats) -> tuple[Floats, Floats]:
        """Posterior mean and standard deviation of the function, shape (m,) each."""
        cross = self.covariance(x)
        mean = self.mean + cross @ self.weights
        solved = solve_triangular(self.factor, cross.T, lower=True, check_finite=False)
        left = np.maximum(self.prior(x) - np.einsum("nm,nm->m", solved, solved), 1e-12)
        return mean, np.sqrt(self.variance * left)

    def covariance(self, x: Floats, *, since: int = 0) -> Floats:
        """Of points (m, d) with the process's own from number `since` on, over signal variance."""
        basis = terms(x) * np.sqrt(self.hyper.trend)
        cross = correlation(squared_distances(x / self.hyper.length, self.x[since:]))
        return np.asarray(cross + basis @ self.basis[since:].T)

    def prior(self, x: Floats) -> Floats:
        """Prior variance of points (m, d) over signal variance, shape (m,)."""
        return np.asarray(1.0 + self.hyper.trend * np.square(terms(x)).sum(axis=1))

    def gradient(self, x: Floats) -> tuple[float, float, Floats, Floats]:
        """Mean, deviation and their gradients by a single point (d,)."""
        scaled = x / self.hyper.length
        off = scaled - self.x
        squared = np.einsum("nd,nd->n", off, off)
        spread = np.sqrt(self.hyper.trend)
        basis = terms(x[None, :])[0] * spread
        cross = correlation(squared) + self.basis @ basis
        bent = bending(x) * spread
        d = len(x)
        by_x = -(slope(squared)[:, None] * off) / self.hyper.length
        by_x += self.basis[:, :d] * bent[:d] + self.basis[:, d:] * bent[d:]
        solved = cho_solve((self.factor, True), cross, check_finite=False)
        left = max(1.0 + float(basis @ basis) - float(cross @ solved), 1e-12)
        deviation = float(np.sqrt(self.variance * left))
        by_mean = by_x.T @ self.weights
        own = basis[:d] * bent[:d] + basis[d:] * bent[d:]
        by_deviation = self.variance * (own - by_x.T @ solved) / deviation
        return self.mean + float(cross @ self.weights), deviation, by_mean, by_deviation

    def append(self, x: Floats, y: Floats) -> "GaussianProcess":
        """The same hyperparameters with more points (m, d): the factor grows by their rows."""
        scaled, basis = x / self.hyper.length, terms(x) * np.sqrt(self.hyper.trend)
        cross = self.covariance(x)
        rows = solve_triangular(self.factor, cross.T, lower=True, check_finite=False).T
        own = correlation(squared_distances(scaled, scaled)) + basis @ basis.T
        own[np.diag_indices_from(own)] += self.hyper.noise + JITTER
        corner = cholesky(own - rows @ rows.T, lower=True, check_finite=False)
        n, m = len(self.y), len(y)
        factor = np.zeros((n + m, n + m))
        factor[:n, :n], factor[n:, :n], factor[n:, n:] = self.factor, rows, corner
        left = y - self.mean - rows @ self.whitened
        added = solve_triangular(corner, left, lower=True, check_finite=False)
        whitened = np.concatenate([self.whitened, added])
        weights = solve_triangular(factor, whitened, lower=True, trans="T", check_finite=False)
        return replace(
            self, x=np.concatenate([self.x, scaled]), basis=np.concatenate([self.basis, basis]),
            y=np.concatenate([self.y, y]), factor=factor, whitened=whitened, weights=weights,
        )  # fmt: skip


def terms(x: Floats) -> Floats:
    """The trend's linear and quadratic terms, about the middle of the cube: (m, d) to (m, 2 d).

    Scaled so that their squares add to 1 at most.
    """
    middle = 2.0 * x - 1.0
    both = np.concatenate([middle, middle * middle], axis=1)
    return np.asarray(both / np.sqrt(2 * x.shape[1]))


def bending(x: Floats) -> Floats:
    """Derivatives of `terms` of one point (d,), each by its own coordinate, shape (2 d,)."""
    middle = 2.0 * x - 1.0
    both = np.concatenate([np.full(len(x), 2.0), 4.0 * middle])
    return np.asarray(both / np.sqrt(2 * len(x)))


def condition(hyper: Hyper, x: Floats, y: Floats) -> GaussianProcess:
    """The posterior at given hyperparameters."""
    scaled, basis = x / hyper.length, terms(x) * np.sqrt(hyper.trend)
    matrix = correlation(squared_distances(scaled, scaled))
    matrix[np.diag_indices_from(matrix)] = 1.0 + hyper.noise + JITTER
    matrix += basis @ basis.T
    factor = cholesky(matrix, lower=True, check_finite=False)
    ones, values = solve_triangular(
        factor, np.stack([np.ones(len(y)), y], axis=1), lower=True, check_finite=False
    ).T
    mean = float(ones @ values / (ones @ ones))
    whitened = values - mean * ones
    variance = max(float(whitened @ whitened) / len(y), 1e-300)
    weights = solve_triangular(factor, whitened, lower=True, trans="T", check_finite=False)
    return GaussianProcess(
        hyper=hyper, x=scaled, basis=basis, y=y, factor=factor, mean=mean, variance=variance,
        whitened=whitened, weights=weights,
    )  # fmt: skip


def fit(data: Data, prior: Prior, starts: Floats, *, rounds: int) -> tuple[Floats, float]:
    """Log hyperparameters of the largest posterior density, and its logarithm.

    Args:
        data: Points and values.
        prior: Of lengths and noise.
        starts: Logarithms of lengths, noise and trend to start from,
            , shape (m, parameters + 2).
        rounds: Most iterations of L-BFGS-B from each.
    """
    bounds = [(np.log(SHORTEST), np.log(LONGEST))] * (starts.shape[1] - 2)
    bounds += [(np.log(LEAST_NOISE), np.log(MOST_NOISE))]
    bounds += [(np.log(LEAST_TREND), np.log(MOST_TREND))]
    best, least = starts[0], np.inf
    for start in starts:
        found = minimize(
            cost, start, args=(data, prior), jac=True, method="L-BFGS-B", bounds=bounds,
            options={"maxiter": rounds},
        )  # fmt: skip
        if found.fun < least:
            best, least = found.x, float(found.fun)
    return np.asarray(best), -least


def cost(vector: Floats, data: Data, prior: Prior) -> tuple[float, Floats]:
    """Minus the log posterior of the log hyperparameters, signal variance and mean profiled.

    Args:
        vector: Logarithms of one length per parameter, of noise and trend, shape (p + 2,).
        data: Points and values.
        prior: Of lengths and noise.

    Returns:
        The cost, and its gradient, shape (p + 2,).
    """
    x, y = data.x, data.y
    n = len(y)
    hyper = Hyper.of(vector, data.owner)
    scaled = x / hyper.length
    squared = squared_distances(scaled, scaled)
    matrix = correlation(squared)
    matrix[np.diag_indices(n)] = 1.0 + hyper.noise + JITTER
    basis = terms(x) * np.sqrt(hyper.trend)
    matrix += basis @ basis.T
    try:
        factor = cholesky(matrix, lower=True, check_finite=False)
    except np.linalg.LinAlgError:
        return 1e25, np.zeros_like(vector)
    inverse = cho_solve((factor, True), np.eye(n), check_finite=False)
    ones = inverse.sum(axis=1)
    mean = float(y @ ones / ones.sum())
    weights = inverse @ (y - mean)
    variance = max(float((y - mean) @ weights) / n, 1e-300)
    total = 0.5 * n * np.log(variance) + np.log(np.diag(factor)).sum()
    pull = inverse - np.outer(weights, weights) / variance
    bent = pull * slope(squared)
    rows = bent.sum(axis=1)
    by_length = (scaled**2 * rows[:, None]).sum(axis=0) - np.einsum(
        "nd,nd->d", scaled, bent @ scaled
    )
    gradient = np.zeros_like(vector)
    np.add.at(gradient, data.owner, by_length)
    gradient[-2] = 0.5 * hyper.noise * np.trace(pull)
    gradient[-1] = 0.5 * float((pull @ basis * basis).sum())
    off = vector - np.log(prior.length)
    off[-2:] = vector[-2:] - np.log([prior.noise, prior.trend])
    sigma = np.full_like(vector, prior.length_sigma)
    sigma[-2:] = prior.noise_sigma, prior.trend_sigma
    total += 0.5 * float(((off / sigma) ** 2).sum())
    return float(total), gradient + off / sigma**2
