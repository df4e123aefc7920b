"""Candidates whose posterior follows a growing process without being computed anew."""

from dataclasses import dataclass, replace

import numpy as np
from scipy.linalg import solve_triangular

from autotune.search.native.gaussian import GaussianProcess
from autotune.types import Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """Points with their posterior.

    Attributes:
        points: Snapped points, shape (m, d).
        features: What the process sees of them, shape (m, f).
        chance: Log chance of success, shape (m,).
        mean: Posterior means, shape (m,).
        solved: L^-1 k(x, points) of the first terms of the process, shape (n, m).
        left: Posterior variances over the signal variance, shape (m,).
    """

    points: Floats
    features: Floats
    chance: Floats
    mean: Floats
    solved: Floats
    left: Floats

    @staticmethod
    def of(points: Floats, features: Floats, chance: Floats, process: GaussianProcess) -> "Pool":
        """Compute the posterior of points once."""
        cross = process.covariance(features)
        solved = solve_triangular(process.factor, cross.T, lower=True, check_finite=False)
        left = process.prior(features) - np.einsum("nm,nm->m", solved, solved)
        mean = process.expected(features) + cross @ process.weights
        return Pool(
            points=points, features=features, chance=chance, mean=mean, solved=solved, left=left
        )

    def grown(self, process: GaussianProcess) -> "Pool":
        """The posterior under a process that was appended to since: O(n m) for each new term."""
        n = len(self.solved)
        rows, corner = process.factor[n:, :n], process.factor[n:, n:]
        cross = process.covariance(self.features, since=n).T - rows @ self.solved
        added = solve_triangular(corner, cross, lower=True, check_finite=False)
        left = self.left - np.einsum("nm,nm->m", added, added)
        solved = np.concatenate([self.solved, added])
        mean = process.expected(self.features) + solved.T @ process.whitened
        return replace(self, mean=mean, solved=solved, left=left)

    def deviation(self, process: GaussianProcess) -> Floats:
        """Posterior standard deviations, shape (m,)."""
        return np.asarray(np.sqrt(process.variance * np.maximum(self.left, 1e-12)))
