"""A forest over a growing record, in whose leaves outcomes and lies are counted."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from autotune.search.native.trees import Cases, Growth, Leaves, Tree
from autotune.types import Floats

ONCE = 20  # outcomes until which all trees are grown anew after each; then fewer and fewer
PRIOR = 1.0  # outcomes that the deviation assumed of a leaf counts for
POOLED = 1.0
FLOOR = 1e-3  # least variance assumed of a leaf, in units of that of the values

Warped: TypeAlias = Callable[[Floats], Floats]
"""From the values of a record to those that trees are grown on, shape (n,)."""


@dataclass(frozen=True, slots=True)
class Places:
    """Where points lie in each of T trees.

    Attributes:
        leaves: Leaves, numbered through all trees, shape (m, T).
        trends: What is known of the values before the leaves, shape (m, T).
    """

    leaves: Leaves
    trends: Floats


class Forest:
    """Trees that are grown anew in turns, each from all outcomes up to its turn.

    When a tree has its turn depends on the number of outcomes alone, so that a forest is a
    function of the record; the outcomes since then fall into its leaves.
    """

    def __init__(
        self, growth: Growth, count: int, unordered: dict[int, int], seed: tuple[int, ...]
    ) -> None:
        self._growth = growth
        self._unordered = unordered
        self._seed = seed
        self._turns = np.zeros(count, dtype=np.intp)
        self._trees: list[Tree] = []
        self._told = Places(np.empty((0, count), dtype=np.intp), np.empty((0, count)))

    def learn(self, points: Floats, values: Floats, warped: Warped) -> None:
        """Take in a record that has grown.

        Args:
            points: Points told, in their order, shape (n, d).
            values: Their values, shape (n,).
            warped: What trees are grown on, as a function of the values up to their turn.
        """
        turns = last_turns(len(values), len(self._turns))
        due = turns != self._turns
        cases = Cases.of(points, self._unordered)
        responses = {n: warped(values[:n]) for n in set(map(int, turns[due]))}
        self._trees = [
            Tree(cases.take(slice(n)), responses[n], self._unordered, self._growth, self._rng(t, n))
            if due[t]
            else self._trees[t]
            for t, n in enumerate(map(int, turns))
        ]
        self._turns = turns
        self._told = self._read_told(points, due)

    def count(self, y: Floats) -> "Statistics":
        """Count what was learned in the leaves, at values (n,) that may be warped anew."""
        starts = self._starts()
        return Statistics(
            Places(self._told.leaves + starts[:-1], self._told.trends), y, int(starts[-1])
        )

    def read(self, points: Floats) -> Places:
        """Find the leaves of snapped points, shape (m, d)."""
        found = self._read(points, np.arange(len(self._trees)))
        return Places(found.leaves + self._starts()[:-1], found.trends)

    def _rng(self, tree: int, turn: int) -> np.random.Generator:
        return np.random.default_rng((*self._seed, tree, turn))

    def _starts(self) -> Leaves:
        return np.cumsum([0] + [tree.size for tree in self._trees])

    def _read(self, points: Floats, which: Leaves) -> Places:
        """Leaves, numbered within their tree, and trends of some trees; (m, len(which))."""
        cases = Cases.of(points, self._unordered)
        leaves = np.empty((len(points), len(which)), dtype=np.intp)
        trends = np.zeros(leaves.shape)
        for column, t in enumerate(which):
            leaves[:, column], trends[:, column] = self._trees[t].read(cases)
        return Places(leaves, trends)

    def _read_told(self, points: Floats, due: NDArray[np.bool_]) -> Places:
        """Places of all points told: anew in new trees, and of new points in the others."""
        old = self._told
        known = len(old.leaves)
        leaves = np.empty((len(points), len(due)), dtype=np.intp)
        trends = np.empty(leaves.shape)
        new, kept = np.flatnonzero(due), np.flatnonzero(~due)
        for rows, columns in ((slice(0, None), new), (slice(known, None), kept)):
            found = self._read(points[rows], columns)
            leaves[rows, columns], trends[rows, columns] = found.leaves, found.trends
        leaves[:known, kept], trends[:known, kept] = old.leaves[:, kept], old.trends[:, kept]
        return Places(leaves, trends)


class Statistics:
    """Count, mean and variance of the outcomes and lies in every leaf.

    Attributes:
        y: The values told, shape (n,).
        lies: Running trials counted so far.
        assumed: Variance that a leaf has before its outcomes are counted.
    """

    def __init__(self, told: Places, y: Floats, leaves: int) -> None:
        self.y = y
        self.lies = 0
        at, rest = told.leaves.ravel(), (y[:, None] - told.trends).ravel()
        self._count = np.bincount(at, minlength=leaves).astype(np.float64)
        self._sum = np.bincount(at, weights=rest, minlength=leaves)
        self._squares = np.bincount(at, weights=rest * rest, minlength=leaves)
        self._mean, self._variance = np.empty(leaves), np.empty(leaves)
        within = self._squares - self._sum**2 / np.maximum(self._count, 1)
        freedom = np.maximum(self._count - 1, 0).sum()
        pooled = float(within.sum() / freedom) if freedom else 0.0
        self.assumed = max(POOLED * pooled, FLOOR * (float(y.var()) or 1.0))
        self._settle(np.arange(leaves))

    def predict(self, places: Places) -> tuple[Floats, Floats]:
        """Mean and deviation at m points, by the law of total variance over trees."""
        means = self._mean[places.leaves] + places.trends
        variance = self._variance[places.leaves].mean(axis=1) + means.var(axis=1)
        return means.mean(axis=1), np.sqrt(variance)

    def add(self, places: Places, lie: float | None) -> None:
        """Count running trials, one after the other, at a lie or else at the mean there."""
        for leaves, trends in zip(places.leaves, places.trends, strict=True):
            value = float((self._mean[leaves] + trends).mean()) if lie is None else lie
            rest = value - trends
            self._count[leaves] += 1
            self._sum[leaves] += rest
            self._squares[leaves] += rest * rest
            self._settle(leaves)
        self.lies += len(places.leaves)

    def _settle(self, at: Leaves) -> None:
        count = np.maximum(self._count[at], 1)
        self._mean[at] = self._sum[at] / count
        within = np.maximum(self._squares[at] - self._sum[at] ** 2 / count, 0)
        self._variance[at] = (within + PRIOR * self.assumed) / (count + PRIOR)


def last_turns(n: int, count: int) -> Leaves:
    """The number of outcomes at which each of `count` trees was grown last, for n outcomes.

    After m outcomes, one tree in max(1, m // `ONCE`) is due, at least one.
    """
    turns, trees = np.zeros(count, dtype=np.intp), np.arange(count)
    for m in range(n, 0, -1):
        period = min(max(m // ONCE, 1), count)
        turns[(turns == 0) & (trees % period == m % period)] = m
        if turns.all():
            break
    return turns
