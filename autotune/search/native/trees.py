"""One regression tree over points of the unit cube, and the leaf that a point falls into."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray
from sklearn.tree import DecisionTreeRegressor, ExtraTreeRegressor

from autotune.types import Floats

Leaves: TypeAlias = NDArray[np.intp]
"""Numbers of leaves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """How a tree is grown.

    Attributes:
        random: Split each parameter tried at a random threshold; otherwise at the best, moved
            at random in the gap between the values on both sides.
        share: Share of the parameters tried at a split.
        stages: Shallow trees by gradient boosting, whose sum the tree is grown on the rest of.
    """

    random: bool
    share: float
    stages: int = 0
    bootstrap: bool = False
    fewest: int = 1


GROWTHS = {
    "RF": Growth(random=False, share=0.5),
    "ET": Growth(random=True, share=0.5),
    "GBRT": Growth(random=True, share=0.5, stages=10),
}
RATE, DEPTH = 0.3, 3  # of the shallow trees: what each takes off, and how deep it is


@dataclass(frozen=True, slots=True)
class Cases:
    """Points as trees see them.

    Attributes:
        units: The points in single precision, shape (m, d).
        categories: Index of the value per unordered parameter, each of shape (m,).
    """

    units: NDArray[np.float32]
    categories: dict[int, Leaves]

    @classmethod
    def of(cls, points: Floats, unordered: Mapping[int, int]) -> Self:
        """Read snapped points, shape (m, d).

        Args:
            points: Of the unit cube.
            unordered: Parameters whose values have no order, and how many values each has.
        """
        found = {
            axis: np.minimum((points[:, axis] * count).astype(np.intp), count - 1)
            for axis, count in unordered.items()
        }
        return cls(points.astype(np.float32), found)

    def first(self, n: int) -> "Cases":
        """The first n points."""
        return Cases(self.units[:n], {axis: at[:n] for axis, at in self.categories.items()})

    def ordered(self, orders: Mapping[int, NDArray[np.float32]]) -> NDArray[np.float32]:
        """The points with each category at its place in an order, shape (m, d)."""
        if not orders:
            return self.units
        units = self.units.copy()
        for axis, order in orders.items():
            units[:, axis] = order[self.categories[axis]]
        return units


class Tree:
    """Leaves of few points each, grown on values or on what shallow trees leave of them.

    Categories are put in the order of their mean value, which is where the best split in two sets
    lies (Fisher 1958); rare ones move at random, and unseen ones are anywhere, in each tree anew.

    Attributes:
        size: Nodes, leaves included.
    """

    def __init__(
        self,
        cases: Cases,
        y: Floats,
        unordered: Mapping[int, int],
        growth: Growth,
        rng: np.random.Generator,
    ) -> None:
        if growth.bootstrap:
            rows = rng.integers(len(y), size=len(y))
            cases = Cases(cases.units[rows], {a: i[rows] for a, i in cases.categories.items()}); y = y[rows]
        self._orders = {
            axis: _order(cases.categories[axis], y, count, rng)
            for axis, count in unordered.items()
        }
        units = cases.ordered(self._orders)
        self._stages: list[tuple[Any, Floats]] = []
        left = y
        for _ in range(growth.stages):
            stage = _fitted(units, left, growth, rng, depth=DEPTH)
            step = RATE * stage.value[:, 0, 0]
            left = left - step[stage.apply(units)]
            self._stages.append((stage, step))
        self._tree = _fitted(units, left, growth, rng)
        self.size = int(self._tree.node_count)

    def read(self, cases: Cases) -> tuple[Leaves, Floats | float]:
        """The leaf of each point, and the sum of the shallow trees there; of shape (m,)."""
        units = cases.ordered(self._orders)
        trend = sum(step[stage.apply(units)] for stage, step in self._stages)
        return self._tree.apply(units), trend


def _order(at: Leaves, y: Floats, count: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """Positions of categories in (0, 1), by their mean value drawn towards that of all."""
    weight = 1.0 + np.bincount(at, minlength=count)
    total = np.bincount(at, weights=y - y.mean(), minlength=count)
    mean = (total + y.std() * rng.standard_normal(count)) / weight
    order = np.empty(count, dtype=np.float32)
    order[np.argsort(mean, kind="stable")] = (np.arange(count) + 0.5) / count
    return order


def _fitted(
    units: NDArray[np.float32],
    y: Floats,
    growth: Growth,
    rng: np.random.Generator,
    depth: int | None = None,
) -> Any:  # noqa: ANN401 - sklearn is untyped
    kind = ExtraTreeRegressor if growth.random else DecisionTreeRegressor
    seed = int(rng.integers(2**31))
    model = kind(max_features=growth.share, max_depth=depth, min_samples_leaf=growth.fewest, random_state=seed)
    tree = model.fit(units, y, check_input=False).tree_
    if not growth.random:
        _move_thresholds(tree, units, rng)
    return tree


def _move_thresholds(tree: Any, units: NDArray[np.float32], rng: np.random.Generator) -> None:  # noqa: ANN401
    """Draw each threshold between the values on both sides (Hutter et al. 2014, section 4.3.1).

    The mean over many trees then changes gradually from one point told to the next.
    """
    inner = np.flatnonzero(tree.children_left >= 0)
    if not len(inner):
        return
    passed = tree.decision_path(units).tocsc()[:, inner]
    node = np.repeat(inner, np.diff(passed.indptr))
    value, threshold = units[passed.indices, tree.feature[node]], tree.threshold[node]
    starts = passed.indptr[:-1]
    low = np.maximum.reduceat(np.where(value <= threshold, value, -np.inf), starts)
    high = np.minimum.reduceat(np.where(value > threshold, value, np.inf), starts)
    tree.threshold[inner] = low + (high - low) * rng.random(len(inner))
