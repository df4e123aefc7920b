"""A Gaussian process about a bowl and a prior's trend, fitted by maximum a posteriori."""

from dataclasses import dataclass, replace

import numpy as np
from scipy.linalg import cholesky, solve_triangular
from scipy.linalg.lapack import dpotri, dpotrs
from scipy.optimize import minimize

from autotune.search.native.bowl import slopes, terms
from autotune.search.native.hyper import Data, Hyper, Prior
from autotune.search.native.kernel import correlation, squared_distances, with_slope
from autotune.search.native.replicates import Pooled, Replicates
from autotune.search.native.trend import FLAT, SLOPE_VARIANCE, Trend
from autotune.types import Floats

JITTER = 1e-10
LEAST_NOISE, MOST_NOISE = 1e-9, 1.0
SHORTEST, LONGEST = 0.02, 50.0
LEAST_BOWL, MOST_BOWL = 1e-6, 1e3
LEAST_SIGNAL, MOST_SIGNAL = 1e-3, 1e4  # of warped values, whose variance is 1
LEAST_VARIANCE = 1e-300
RESIDUAL, TRUST = 0.01, 2.0  # share of the variance that a trend is expected to leave; in values


@dataclass(frozen=True, slots=True, kw_only=True)
class GaussianProcess:
    """The posterior given points (n, d) and values (n,).

    Attributes:
        hyper: Lengths, noise and bowl.
        trend: How predictions of priors enter the mean.
        x: Points over the lengths, shape (n, d).
        basis: What is linear in unknown coefficients, over their deviation: the bowl's terms,
            then the trend's columns, shape (n, 2 d + k).
        y: Values, shape (n,), of the points: the mean of several of one point.
        noise: Their noise variances over signal variance, shape (n,).
        further: That of one more value.
        factor: Lower Cholesky factor of the correlations with noise, shape (n, n).
        mean: The constant mean of what the trend leaves, by generalised least squares.
        variance: Signal variance.
        whitened: L^-1 (y - trend - mean), shape (n,).
        weights: K^-1 (y - trend - mean), shape (n,).
    """

    hyper: Hyper
    trend: Trend
    x: Floats
    basis: Floats
    y: Floats
    noise: Floats
    further: float
    factor: Floats
    mean: float
    variance: float
    whitened: Floats
    weights: Floats

    def predict(self, x: Floats) -> tuple[Floats, Floats]:
        """Posterior mean and standard deviation of the function at (m, d + k), shape (m,) each."""
        cross = self.covariance(x)
        mean = self.expected(x) + cross @ self.weights
        solved = solve_triangular(self.factor, cross.T, lower=True, check_finite=False)
        left = np.maximum(self.prior(x) - np.einsum("nm,nm->m", solved, solved), 1e-12)
        return mean, np.sqrt(self.variance * left)

    def covariance(self, x: Floats, *, since: int = 0) -> Floats:
        """Of points (m, d + k) with the process's own from one on, over signal variance."""
        scaled, basis = self.split(x)
        cross = correlation(squared_distances(scaled, self.x[since:]))
        return np.asarray(cross + basis @ self.basis[since:].T)

    def prior(self, x: Floats) -> Floats:
        """Prior variance of points (m, d + k) over signal variance, shape (m,)."""
        return np.asarray(1.0 + np.square(self.split(x)[1]).sum(axis=1))

    def expected(self, x: Floats) -> Floats:
        """Prior mean of points (m, d + k), shape (m,)."""
        columns = self.trend(x[:, len(self.hyper.length) :])
        return np.asarray(self.mean + self.trend.expected(columns))

    def gradient(self, x: Floats) -> tuple[float, float, Floats, Floats]:
        """Mean, deviation and their gradients by a single point (d + k,)."""
        d = len(self.hyper.length)
        scaled, basis = (row[0] for row in _split(x[None, :], self.hyper, self.trend))
        off = scaled - self.x
        squared = np.einsum("nd,nd->n", off, off)
        cross, steepness = with_slope(squared)
        cross += self.basis @ basis
        solved, _ = dpotrs(self.factor, cross, lower=True)
        # By the mean and by k' K^-1 k: only sums over the points are of use, so no (n, d) is kept.
        weighted = np.stack([self.weights, solved])
        by_basis = np.stack([self.weights @ self.basis, solved @ self.basis, basis])
        chained = self.chain(x, by_basis)
        chained[:2, :d] -= (weighted * steepness) @ off / self.hyper.length
        chained[:, :d] *= self.hyper.stretch(x[:d])
        by_mean, by_solved, by_prior = chained
        trended = self.trend.slope(x[None, d:])[0]
        to = d + len(trended)  # nothing beyond, if the prior is not in the mean
        by_mean[d:to] += self.trend.share * trended
        left = max(1.0 + float(basis @ basis) - float(cross @ solved), 1e-12)
        deviation = float(np.sqrt(self.variance * left))
        by_deviation = self.variance * (by_prior - by_solved) / deviation
        mean = self.expected(x[None, :])[0] + float(cross @ self.weights)
        return float(mean), deviation, by_mean, by_deviation

    def split(self, x: Floats) -> tuple[Floats, Floats]:
        """Points (m, d + k) over the lengths, (m, d), and their basis, (m, 2 d + k)."""
        return _split(x, self.hyper, self.trend)

    def chain(self, x: Floats, by: Floats) -> Floats:
        """From derivatives by the basis, (..., 2 d + k), to ones by what is seen of a point."""
        d = len(self.hyper.length)
        bent = slopes(self.hyper.seen(x[:d])) * np.sqrt(self.hyper.bowl)
        bend = np.sqrt(SLOPE_VARIANCE) * self.trend.slope(x[None, d:])[0]
        total = np.zeros((*by.shape[:-1], len(x)))
        total[..., :d] = by[..., :d] * bent[:d] + by[..., d : 2 * d] * bent[d:]
        total[..., d : d + len(bend)] = by[..., 2 * d :] * bend
        return total

    def append(self, x: Floats, y: Floats) -> "GaussianProcess":
        """The same hyperparameters with more points (m, d + k): the factor grows by their rows.

        Their values are as noisy as the median of those known.
        """
        scaled, basis = self.split(x)
        cross = self.covariance(x)
        rows = solve_triangular(self.factor, cross.T, lower=True, check_finite=False).T
        own = correlation(squared_distances(scaled, scaled)) + basis @ basis.T
        own[np.diag_indices_from(own)] += self.further + JITTER
        corner = cholesky(own - rows @ rows.T, lower=True, check_finite=False)
        left = y - self.expected(x) - rows @ self.whitened
        added = solve_triangular(corner, left, lower=True, check_finite=False)
        tail = Tail(scaled=scaled, basis=basis, y=y, rows=rows, corner=corner, whitened=added)
        return self.extended(tail)

    def extended(self, tail: "Tail") -> "GaussianProcess":
        """The same hyperparameters with more points, whose rows of the factor are known."""
        n, m = len(self.y), len(tail.y)
        factor = np.zeros((n + m, n + m), order="F")  # as LAPACK reads it, without a copy
        factor[:n, :n], factor[n:, :n], factor[n:, n:] = self.factor, tail.rows, tail.corner
        whitened = np.concatenate([self.whitened, tail.whitened])
        weights = solve_triangular(factor, whitened, lower=True, trans="T", check_finite=False)
        return replace(
            self, x=np.concatenate([self.x, tail.scaled]),
            basis=np.concatenate([self.basis, tail.basis]), y=np.concatenate([self.y, tail.y]),
            noise=np.concatenate([self.noise, np.full(m, self.further)]),
            factor=factor, whitened=whitened, weights=weights,
        )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Tail:
    """What m more points add to a process of n.

    Attributes:
        scaled: Points over the lengths, shape (m, d).
        basis: Their basis, shape (m, 2 d + k).
        y: Values, shape (m,).
        rows: Rows of the factor below it, shape (m, n).
        corner: Factor of what is left of their own correlations with noise, shape (m, m).
        whitened: What they add to L^-1 (y - trend - mean), shape (m,).
    """

    scaled: Floats
    basis: Floats
    y: Floats
    rows: Floats
    corner: Floats
    whitened: Floats


def condition(
    hyper: Hyper, x: Floats, y: Floats, trend: Trend = FLAT, replicates: Replicates | None = None
) -> GaussianProcess:
    """The posterior at given hyperparameters, of points (g, d + k) and values (n,)."""
    pooled, ratios = _pooled(hyper, y, replicates)
    scaled, basis = _split(x, hyper, trend)
    matrix = correlation(squared_distances(scaled, scaled))
    matrix[np.diag_indices_from(matrix)] = 1.0 + pooled.noise + JITTER
    matrix += basis @ basis.T
    factor = cholesky(matrix, lower=True, check_finite=False)
    columns = trend(x[:, len(hyper.length) :])
    left = pooled.y - trend.expected(columns)
    ones, values = solve_triangular(
        factor, np.stack([np.ones(len(left)), left], axis=1), lower=True, check_finite=False
    ).T
    mean = float(ones @ values / (ones @ ones))
    whitened = values - mean * ones
    spread = _spread(float(whitened @ whitened) + pooled.apart, len(y), columns.shape[1])
    weights = solve_triangular(factor, whitened, lower=True, trans="T", check_finite=False)
    return GaussianProcess(
        hyper=hyper, trend=trend, x=scaled, basis=basis, y=pooled.y, noise=pooled.noise,
        further=float(np.median(ratios)), factor=factor, mean=mean,
        variance=hyper.variance or spread, whitened=whitened, weights=weights,
    )  # fmt: skip


def fit(
    data: Data, prior: Prior, starts: Floats, *, rounds: int, trend: Trend = FLAT
) -> tuple[Floats, float]:
    """Log hyperparameters of the largest posterior density, and its logarithm.

    Args:
        data: Points and values.
        prior: Of the hyperparameters.
        starts: Logarithms of lengths, noise and bowl to start from, shape (m, parameters + 2); of
            the signal variance as well where noise is known.
        rounds: Most iterations of L-BFGS-B from each.
        trend: How the last columns of the points enter the mean.
    """
    left, best, least = detrended(data, trend), starts[0], np.inf
    for start in starts:
        found = minimize(
            cost, start, args=(left, prior), jac=True, method="L-BFGS-B", bounds=bounds(data),
            options={"maxiter": rounds},
        )  # fmt: skip
        if found.fun < least:
            best, least = found.x, float(found.fun)
    return np.asarray(best), -least


def detrended(data: Data, trend: Trend) -> Data:
    """Data with the trend's columns, and what the trend leaves of the values."""
    d = len(data.owner)
    t = trend(data.x[:, d:])
    expected = trend.expected(t)
    if data.replicates is not None:
        expected = expected[data.replicates.row]
    return replace(data, x=np.concatenate([data.x[:, :d], t], axis=1), y=data.y - expected)


def bounds(data: Data) -> list[tuple[float, float]]:
    """Of the log hyperparameters of a process of such data."""
    ranges = [(SHORTEST, LONGEST)] * data.parameters
    ranges += [(LEAST_NOISE, MOST_NOISE), (LEAST_BOWL, MOST_BOWL)]
    ranges += [(LEAST_SIGNAL, MOST_SIGNAL)] * data.has_known_noise
    return [(float(np.log(low)), float(np.log(high))) for low, high in ranges]


def cost(vector: Floats, data: Data, prior: Prior) -> tuple[float, Floats]:
    """Minus the log posterior of the log hyperparameters, and its gradient, as `costs` has them."""
    return costs(vector, data, prior)[:2]


def costs(vector: Floats, data: Data, prior: Prior) -> tuple[float, Floats, Floats]:
    """Minus the log posterior of the log hyperparameters, the mean profiled.

    So is the signal variance, unless noise is known: its ratio to the signal is not known then.

    Args:
        vector: Logarithms as `Hyper.of` takes them, shape (p + 2,); (p + 3,) where noise is known.
        data: Points with the trend's columns, and what the trend leaves of the values.
        prior: Of the hyperparameters.

    Returns:
        The cost, and its derivatives by the vector, of its shape, and by the features, (g, d).
    """
    n, d = len(data.y), len(data.owner)
    hyper = Hyper.of(vector, data.owner)
    pooled, ratios = _pooled(hyper, data.y, data.replicates)
    y, g = pooled.y, len(pooled.y)
    scaled, t = data.x[:, :d] / hyper.length, data.x[:, d:]
    bowl = terms(data.x[:, :d]) * np.sqrt(hyper.bowl)
    matrix, steepness = with_slope(squared_distances(scaled, scaled))
    matrix[np.diag_indices(g)] = 1.0 + pooled.noise + JITTER
    matrix += bowl @ bowl.T + SLOPE_VARIANCE * (t @ t.T)
    try:
        factor = cholesky(matrix, lower=True, check_finite=False)
    except np.linalg.LinAlgError:
        return 1e25, np.zeros_like(vector), np.zeros((g, d))
    inverse, _ = dpotri(factor, lower=True)
    inverse += np.tril(inverse, -1).T
    ones = inverse.sum(axis=1)
    mean = float(y @ ones / ones.sum())
    weights = inverse @ (y - mean)
    spread = _spread(float((y - mean) @ weights) + pooled.apart, n, t.shape[1])
    variance = hyper.variance or spread
    total = 0.5 * n * np.log(variance) + np.log(np.diag(factor)).sum() + 0.5 * pooled.log_det
    if t.shape[1]:
        total += 0.5 * TRUST * np.log(variance / RESIDUAL)
    pull = inverse - np.outer(weights, weights) / variance
    bent = pull * steepness
    rows, turned, lifted = bent.sum(axis=1), bent @ scaled, pull @ bowl
    by_length = (scaled**2 * rows[:, None]).sum(axis=0) - np.einsum("nd,nd->d", scaled, turned)
    gradient = np.zeros_like(vector)
    np.add.at(gradient, data.owner, by_length)
    p = data.parameters
    gradient[p] = 0.5 * hyper.noise * np.trace(pull)
    gradient[p + 1] = 0.5 * float((lifted * bowl).sum())
    if data.replicates is not None:
        each = data.replicates.pull(
            data.y, ratios, inverse=np.diag(inverse), weights=weights, variance=variance
        )
        gradient[p] = 0.5 * hyper.noise * each.sum()
        if hyper.variance is not None:
            told = 0.5 * (n + TRUST * bool(t.shape[1]))  # values that speak of the variance
            total += told * (spread / variance - 1)
            gradient[p + 2] = told * (1 - spread / variance)
            gradient[p + 2] -= 0.5 * float(each @ (ratios - hyper.noise))
    unlikely, by_prior = prior.cost(vector, p)
    steep = lifted * slopes(data.x[:, :d]) * np.sqrt(hyper.bowl)
    by_feature = (turned - scaled * rows[:, None]) / hyper.length + steep[:, :d] + steep[:, d:]
    return float(total + unlikely), gradient + by_prior, by_feature


def _pooled(hyper: Hyper, y: Floats, replicates: Replicates | None) -> tuple[Pooled, Floats]:
    """Values by point, and the noise variance of each value over the signal's, shape (n,)."""
    if replicates is None:
        ratios = np.full(len(y), hyper.noise)
        return Pooled(y, ratios), ratios
    ratios = replicates.ratios(hyper.noise, hyper.variance)
    return replicates.pooled(y, ratios), ratios


def _split(x: Floats, hyper: Hyper, trend: Trend) -> tuple[Floats, Floats]:
    """Points (m, d + k) over the lengths, (m, d), and their basis, (m, 2 d + k).

    An unknown coefficient with a normal prior is a linear kernel in its column.
    """
    own, predictions = hyper.seen(x[:, : len(hyper.length)]), x[:, len(hyper.length) :]
    bowl = np.sqrt(hyper.bowl) * terms(own)
    columns = np.sqrt(SLOPE_VARIANCE) * trend(predictions)
    return own / hyper.length, np.concatenate([bowl, columns], axis=1)


def _spread(total: float, n: int, k: int) -> float:
    """The signal variance of n values with a quadratic form, about a trend of k columns.

    What a trend leaves is expected to be RESIDUAL of the values' variance, as TRUST values say:
    a few values near a line are no proof that the others are.
    """
    if not k:
        return max(total / n, LEAST_VARIANCE)
    return (total + TRUST * RESIDUAL) / (n + TRUST)
