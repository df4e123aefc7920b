"""One regression tree over points of the unit cube, and the leaf that a point falls into."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

from autotune.types import Floats

Leaves: TypeAlias = NDArray[np.intp]
"""Numbers of leaves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """How a tree is grown.

    Attributes:
        bootstrap: Grow on as many outcomes drawn with replacement; otherwise on all.
        stages: Shallow trees by gradient boosting, on the rest of which the tree is grown.
    """

    bootstrap: bool = False
    stages: int = 0


GROWTHS = {"RF": Growth(bootstrap=True), "ET": Growth(), "GBRT": Growth(stages=5)}
SHARE = 0.5  # of the parameters, tried at a split
RATE, DEPTH = 0.2, 2  # of the shallow trees: what each takes off, and how deep it is


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

    def take(self, rows: Leaves | slice) -> "Cases":
        """Some of the points."""
        return Cases(self.units[rows], {axis: at[rows] for axis, at in self.categories.items()})

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
            cases, y = cases.take(rows), y[rows]
        self._orders = {
            axis: _order(cases.categories[axis], y, count, rng) for axis, count in unordered.items()
        }
        units = cases.ordered(self._orders)
        self._stages: list[tuple[Any, Floats]] = []
        left = y
        for _ in range(growth.stages):
            stage = _fitted(units, left, rng, DEPTH)
            step = RATE * stage.value[:, 0, 0]
            left = left - step[stage.apply(units)]
            self._stages.append((stage, step))
        self._tree = _fitted(units, left, rng)
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
    units: NDArray[np.float32], y: Floats, rng: np.random.Generator, depth: int | None = None
) -> Any:  # noqa: ANN401 - sklearn is untyped
    """Grow a tree; with random thresholds the mean over many trees changes gradually."""
    from sklearn import config_context  # a third of a second to load, and most searches need none
    from sklearn.tree import ExtraTreeRegressor

    seed = int(rng.integers(2**31))
    model = ExtraTreeRegressor(max_features=SHARE, max_depth=depth, random_state=seed)
    with config_context(assume_finite=True, skip_parameter_validation=True):  # a third of the time
        return model.fit(units, y, check_input=False).tree_
