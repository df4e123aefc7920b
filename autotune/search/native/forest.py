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
FLOOR = 1e-3  # least variance assumed of a leaf, in units of that of the values

Warped: TypeAlias = Callable[[Floats], Floats]
"""From the values of a record to those that trees are grown on, shape (n,)."""


@dataclass(frozen=True, slots=True)
class Places:
    """Where points lie in each of T trees.

    Attributes:
        leaves: Leaves, numbered through all trees, shape (T, m).
        trends: What is known of the values before the leaves, shape (T, m).
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
        self._told = Places(np.empty((count, 0), dtype=np.intp), np.empty((count, 0)))

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
        places = Places(self._told.leaves + starts[:-1, None], self._told.trends)
        return Statistics(places, y, int(starts[-1]))

    def read(self, points: Floats) -> Places:
        """Find the leaves of snapped points, shape (m, d)."""
        return self.numbered(self._read(points, np.arange(len(self._trees))))

    def read_on(self, points: Floats, known: "Reading | None") -> "Reading":
        """Find the leaves of snapped points, shape (m, d), in trees grown since `known` alone."""
        if known is None or known.forest is not self:
            everywhere = np.arange(len(self._trees))
            return Reading(self, self._turns, self._read(points, everywhere))
        due = np.flatnonzero(known.turns != self._turns)
        leaves, trends = known.within.leaves.copy(), known.within.trends.copy()
        found = self._read(points, due)
        leaves[due], trends[due] = found.leaves, found.trends
        return Reading(self, self._turns, Places(leaves, trends))

    def numbered(self, within: Places) -> Places:
        """Places whose leaves are numbered through all trees, from numbers within each tree."""
        return Places(within.leaves + self._starts()[:-1, None], within.trends)

    def _rng(self, tree: int, turn: int) -> np.random.Generator:
        return np.random.default_rng((*self._seed, tree, turn))

    def _starts(self) -> Leaves:
        return np.cumsum([0] + [tree.size for tree in self._trees])

    def _read(self, points: Floats, which: Leaves) -> Places:
        """Leaves, numbered within their tree, and trends of some trees; (len(which), m)."""
        cases = Cases.of(points, self._unordered)
        leaves = np.empty((len(which), len(points)), dtype=np.intp)
        trends = np.zeros(leaves.shape)
        for row, t in enumerate(which):
            leaves[row], trends[row] = self._trees[t].read(cases)
        return Places(leaves, trends)

    def _read_told(self, points: Floats, due: NDArray[np.bool_]) -> Places:
        """Places of all points told: anew in new trees, and of new points in the others."""
        old, known = self._told, self._told.leaves.shape[1]
        leaves = np.empty((len(due), len(points)), dtype=np.intp)
        trends = np.empty(leaves.shape)
        leaves[:, :known], trends[:, :known] = old.leaves, old.trends
        for trees, since in ((np.flatnonzero(due), 0), (np.flatnonzero(~due), known)):
            found = self._read(points[since:], trees)
            leaves[trees, since:], trends[trees, since:] = found.leaves, found.trends
        return Places(leaves, trends)


@dataclass(frozen=True, slots=True)
class Reading:
    """Where points lie in the trees of a forest as they were once.

    Attributes:
        forest: The forest.
        turns: When its trees were grown, shape (T,).
        within: Leaves, numbered within each tree.
    """

    forest: Forest
    turns: Leaves
    within: Places


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
        at, rest = told.leaves.ravel(), (y - told.trends).ravel()
        self._count = np.bincount(at, minlength=leaves).astype(np.float64)
        self._sum = np.bincount(at, weights=rest, minlength=leaves)
        squares = np.bincount(at, weights=rest * rest, minlength=leaves)
        self._mean = self._sum / np.maximum(self._count, 1)
        self._within = np.maximum(squares - self._sum * self._mean, 0)
        freedom = np.maximum(self._count - 1, 0).sum()
        pooled = float(self._within.sum() / freedom) if freedom else 0.0
        self.assumed = max(pooled, FLOOR * (float(y.var()) or 1.0))
        self._variance = self._spread(np.arange(leaves))

    def predict(self, places: Places) -> tuple[Floats, Floats]:
        """Mean and deviation at m points, by the law of total variance over trees."""
        means = self._mean.take(places.leaves) + places.trends
        within = self._variance.take(places.leaves).mean(axis=0)
        return means.mean(axis=0), np.sqrt(within + means.var(axis=0))

    def add(self, places: Places, lie: float | None) -> None:
        """Count running trials, one after the other, at a lie or else at the mean there.

        The squares within a leaf stay: a lie is no evidence of spread.
        """
        for leaves, trends in zip(places.leaves.T, places.trends.T, strict=True):
            value = float((self._mean[leaves] + trends).mean()) if lie is None else lie
            self._count[leaves] += 1
            self._sum[leaves] += value - trends
            self._mean[leaves] = self._sum[leaves] / self._count[leaves]
            self._variance[leaves] = self._spread(leaves)
        self.lies += places.leaves.shape[1]

    def _spread(self, at: Leaves) -> Floats:
        """Variance in leaves, drawn towards the assumed one."""
        return np.asarray((self._within[at] + PRIOR * self.assumed) / (self._count[at] + PRIOR))


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
