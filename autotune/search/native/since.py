"""What trials told or started since a record change in its posterior, each looked at once."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.linalg import cholesky, solve_triangular

from autotune.search.native.gaussian import JITTER, GaussianProcess, Tail
from autotune.search.native.kernel import correlation, squared_distances
from autotune.search.native.pool import Pool
from autotune.search.native.surrogate import Surrogate
from autotune.types import Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A point beside a process of n points and a pool of m.

    Attributes:
        scaled: The point over the lengths, shape (d,).
        basis: Its basis, shape (2 d + k,).
        expected: Its prior mean.
        solved: L^-1 k(x, the process's points): its row of the factor, shape (n,).
        left: What that leaves of its covariance with the pool's points, shape (m,).
    """

    scaled: Floats
    basis: Floats
    expected: float
    solved: Floats
    left: Floats


@dataclass(frozen=True, slots=True)
class Grown:
    """A posterior with more points.

    Attributes:
        pool: Its points, as the posterior now has them.
        best: The least posterior mean among the points told.
        process: The process without the points.
        tail: What the points add to it; None if there are none.
    """

    pool: Pool
    best: float
    process: GaussianProcess
    tail: Tail | None

    def full(self) -> GaussianProcess:
        """The process with the points; of use where its pool is not enough."""
        return self.process if self.tail is None else self.process.extended(self.tail)


class Since:
    """A surrogate and a pool of points, to which trials are added that were told or started since.

    What a trial adds is worked out once, on its own, so that it does not depend on when it was
    asked for or with which others; only what trials say of each other is new each time. Of n
    points, p added and m in the pool that is O(p^2 m) instead of O(p n m + p n^2).
    """

    def __init__(self, model: Surrogate, pool: Pool, lie: float | None) -> None:
        self._model, self._pool, self._lie = model, pool, lie
        seen, terms = model.process.split(pool.features)
        self._seen = np.concatenate([model.process.x, seen])  # the process's points, then the pool
        self._terms = np.concatenate([model.process.basis, terms])
        self._rows: dict[bytes, Row] = {}

    def grown(self, told: Floats, values: Floats, running: Floats) -> Grown:
        """The posterior with trials told, and running ones at a lie or at the posterior mean.

        Args:
            told: What is seen of them, shape (t, f).
            values: Warped, shape (t,).
            running: The same of those without a value, oldest first, shape (p, f).
        """
        process, t = self._model.process, len(told)
        rows = [self._row(x) for x in (*told, *running)]
        if not rows:
            return Grown(self._pool, self._model.best, process, None)
        solved, corner = _factor(rows, process)
        expected = np.array([row.expected for row in rows]) + solved @ process.whitened
        y, whitened = expected.copy(), np.zeros(len(rows))
        y[:t] = values
        whitened[:t] = _solved(corner[:t, :t], y[:t] - expected[:t])
        if self._lie is None:  # at the mean, which stays as it is then
            y[t:] += corner[t:, :t] @ whitened[:t]
        else:
            y[t:] = self._lie
            whitened = _solved(corner, y - expected)
        tail = Tail(
            scaled=np.stack([row.scaled for row in rows]),
            basis=np.stack([row.basis for row in rows]),
            y=y, rows=solved, corner=corner, whitened=whitened,
        )  # fmt: skip
        best = min(self._model.best, self._least(tail, t))
        return Grown(self._ranked(rows, tail), best, process, tail)

    def _row(self, x: Floats) -> Row:
        """What a point adds, with what is seen of it, shape (f,)."""
        found = self._rows.get(x.tobytes())
        if found is None:
            process, n = self._model.process, len(self._model.process.y)
            scaled, basis = process.split(x[None, :])
            cross = correlation(squared_distances(scaled, self._seen))[0] + self._terms @ basis[0]
            solved = _solved(process.factor, cross[:n])
            found = self._rows[x.tobytes()] = Row(
                scaled=scaled[0], basis=basis[0], expected=float(process.expected(x[None, :])[0]),
                solved=solved, left=cross[n:] - solved @ self._pool.solved,
            )  # fmt: skip
        return found

    def _least(self, tail: Tail, t: int) -> float:
        """The least posterior mean among the t trials told: y - noise K^-1 (y - mean)."""
        if not t:
            return np.inf
        weights = _solved(tail.corner[:t, :t], tail.whitened[:t], transposed=True)
        return float((tail.y[:t] - (self._model.process.further + JITTER) * weights).min())

    def _ranked(self, rows: Sequence[Row], tail: Tail) -> Pool:
        """The pool under the process with the rows."""
        added = _solved(tail.corner, np.stack([row.left for row in rows]))
        return replace(
            self._pool,
            mean=self._pool.mean + tail.whitened @ added,
            left=self._pool.left - np.einsum("pm,pm->m", added, added),
        )


def _factor(rows: Sequence[Row], process: GaussianProcess) -> tuple[Floats, Floats]:
    """Rows of the factor under that of a process, (p, n), and the corner right of them, (p, p)."""
    scaled = np.stack([row.scaled for row in rows])
    basis = np.stack([row.basis for row in rows])
    solved = np.stack([row.solved for row in rows])
    own = correlation(squared_distances(scaled, scaled)) + basis @ basis.T
    own[np.diag_indices_from(own)] += process.further + JITTER
    return solved, cholesky(own - solved @ solved.T, lower=True, check_finite=False)


def _solved(factor: Floats, values: Floats, *, transposed: bool = False) -> Floats:
    """L^-1 of values, or L^-T."""
    trans = "T" if transposed else "N"
    return np.asarray(solve_triangular(factor, values, lower=True, trans=trans, check_finite=False))
