"""Configurations to points of the unit cube and back, by parameter name."""

import itertools
import math
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

import numpy as np
from ConfigSpace import ConfigurationSpace
from ConfigSpace.types import NotSet
from numpy.typing import NDArray

from autotune.errors import InputError
from autotune.search.axes import APART, Axis, axis
from autotune.search.prior import Prior
from autotune.search.values import plain
from autotune.types import Config, Floats, Value

Key: TypeAlias = tuple[tuple[str, Value], ...]

INACTIVE = 0.5
STEP = 1e-5  # of the differences that stand for a prior's derivatives


def key(config: Config) -> Key:
    """What makes two configurations the same, whatever the order of their names."""
    return tuple(sorted(config.items()))


class Codec:
    """The unit cube of a ConfigSpace space: one axis per parameter, in the space's order.

    A parameter that a condition switches off is absent from the configuration and sits at
    `INACTIVE` in the cube, so two points that differ only there are one configuration.

    Attributes:
        names: Parameter names, one per axis.
        size: How many points the grid of all values has, conditions aside; None if infinite.
        n_features: Columns that `features` returns, those of a prior aside.
        n_parameters: How many parameters these are of: all that have two values or more.
    """

    def __init__(self, space: ConfigurationSpace, prior: Prior | None = None) -> None:
        self._space = space
        self._prior = prior
        self.names: tuple[str, ...] = tuple(space)
        self._axes: tuple[Axis, ...] = tuple(axis(space[name]) for name in self.names)
        self._widths = [one.features(np.array([0.5])).shape[1] for one in self._axes]
        sizes = [one.size for one in self._axes]
        self.size = None if None in sizes else math.prod(size or 1 for size in sizes)
        self.n_features = len(self.owners)
        self.n_parameters = len(set(self.owners))

    def decode(self, point: Floats) -> dict[str, Value]:
        """Read the configuration at a point, shape (d,), as JSON-plain values."""
        values = {
            name: one.value(float(unit))
            for name, one, unit in zip(self.names, self._axes, point, strict=True)
        }
        if not self._space.conditions:
            return values
        active = self._active(values)
        return {name: value for name, value in values.items() if name in active}

    def encode(self, config: Config) -> Floats:
        """Place a configuration in the cube, shape (d,).

        Raises:
            InputError: If a name or a value is not one of the space's.
        """
        unknown = sorted(set(config) - set(self.names))
        if unknown:
            raise InputError(f"the space has no parameter {unknown[0]!r}")
        if not self._space.conditions and len(config) < len(self.names):
            missing = next(name for name in self.names if name not in config)
            raise InputError(f"the configuration lacks the parameter {missing!r}")
        point = np.full(len(self.names), INACTIVE)
        for i, (name, one) in enumerate(zip(self.names, self._axes, strict=True)):
            if name in config:
                try:
                    point[i] = one.unit(plain(config[name]))
                except InputError as error:
                    raise InputError(f"parameter {name}: {error}") from None
        return point

    def snap(self, points: Floats) -> Floats:
        """Move points, shape (m, d), to the nearest ones that a configuration has."""
        columns = [one.snap(points[:, i]) for i, one in enumerate(self._axes)]
        snapped = np.stack(columns, axis=1)
        if self._space.conditions:
            for row in snapped:
                active = self.decode(row)
                row[[name not in active for name in self.names]] = INACTIVE
        return snapped

    def features(self, points: Floats) -> Floats:
        """What a surrogate sees of snapped points, (m, d): shape (m, n_features + k).

        The last columns are what the k sources of a prior predict there.
        """
        columns = [one.features(points[:, i]) for i, one in enumerate(self._axes)]
        if self._prior is not None:
            columns.append(self._prior(self.columns(points)))
        return np.concatenate(columns, axis=1)

    def columns(self, points: Floats) -> dict[str, NDArray[Any]]:
        """The values at points (m, d) by parameter, shape (m,); not-a-number where inactive."""
        found = {
            name: one.decoded(points[:, i])
            for i, (name, one) in enumerate(zip(self.names, self._axes, strict=True))
        }
        if self._space.conditions:
            active = [self.decode(row) for row in points]
            for name, column in found.items():
                column[[name not in config for config in active]] = np.nan
        return found

    def placed(self, columns: Mapping[str, NDArray[Any]]) -> Floats:
        """Points of another space's values, shape (m, d); not-a-number for what has no place."""
        units = []
        for name, one in zip(self.names, self._axes, strict=True):
            values = columns[name]
            inactive = values != values
            units.append(np.where(inactive, INACTIVE, one.placed(values)))
        return np.stack(units, axis=1)

    def slopes(self, point: Floats) -> Floats:
        """A prior's derivatives along the continuous axes at a point (d,), shape (k, axes)."""
        axes = list(self.continuous)
        if self._prior is None:
            return np.empty((0, len(axes)))
        around = np.tile(point, (2 * len(axes), 1))
        at = np.arange(len(axes))
        around[2 * at, axes] = np.minimum(point[axes] + STEP, 1.0)
        around[2 * at + 1, axes] = np.maximum(point[axes] - STEP, 0.0)
        widths = around[2 * at, axes] - around[2 * at + 1, axes]
        predicted = self._prior(self.columns(around))
        return np.asarray((predicted[::2] - predicted[1::2]).T / widths)

    @property
    def owners(self) -> NDArray[np.intp]:
        """Which of the parameters that have features each feature is of, shape (n_features,)."""
        widths = [width for width in self._widths if width]
        return np.repeat(np.arange(len(widths)), widths)

    @property
    def highest(self) -> Floats:
        """The largest value that each feature takes, shape (n_features,); the least is 0."""
        return np.repeat([1.0 if one.ordered else APART for one in self._axes], self._widths)

    @property
    def ordered(self) -> tuple[bool, ...]:
        """Whether each axis has larger and smaller values, more than one of them."""
        return tuple(one.ordered and one.size != 1 for one in self._axes)

    @property
    def continuous(self) -> dict[int, int]:
        """The axes without a grid, and the feature of each."""
        first = np.cumsum([0, *self._widths])
        return {i: int(first[i]) for i, one in enumerate(self._axes) if one.size is None}

    @property
    def unordered(self) -> dict[int, int]:
        """The axes of two or more values without order, and how many each has."""
        sizes = {i: one.size or 0 for i, one in enumerate(self._axes) if not one.ordered}
        return {i: size for i, size in sizes.items() if size > 1}

    def neighbours(self, point: Floats) -> Floats:
        """A point, shape (d,), and those that differ in one value of a grid, shape (m, d).

        Unordered values are all neighbours; of ordered ones, those one, two, four, ... steps off.
        """
        found = [point]
        for i, one in enumerate(self._axes):
            for unit in one.near(float(point[i])):
                found.append(point.copy())
                found[-1][i] = unit
        return np.array(found)

    def legal(self, config: Config) -> bool:
        """Whether the space's forbidden clauses allow a configuration."""
        clauses = self._space.forbidden_clauses
        if not clauses:
            return True
        if len(config) == len(self.names):
            return not any(clause.is_forbidden_value(dict(config)) for clause in clauses)
        # ConfigSpace's value form of a clause misjudges absent parameters; not-a-number in the
        # vector form is never forbidden, which is what absent means.
        vector = np.full(len(self.names), np.nan)
        for i, name in enumerate(self.names):
            if name in config:
                vector[i] = self._space[name].to_vector(config[name])
        return not any(clause.is_forbidden_vector(vector) for clause in clauses)

    def grid(self) -> Floats:
        """Every point of a finite space, shape (size, d), duplicates by conditions included."""
        return self.snap(np.array(list(itertools.product(*map(_ticks, self._axes)))))

    def configurations(self) -> Iterator[dict[str, Value]]:
        """Every configuration of a finite space, one after the other; some may come twice."""
        columns = [[one.value(float(unit)) for unit in _ticks(one)] for one in self._axes]
        for row in itertools.product(*columns):
            values = dict(zip(self.names, row, strict=True))
            if not self._space.conditions:
                yield values
                continue
            active = self._active(values)
            yield {name: value for name, value in values.items() if name in active}

    def _active(self, values: dict[str, Value]) -> set[str]:
        known: dict[str, object] = {}
        conditions = self._space.parent_conditions_of
        # Parents come before children in a space's order, so one pass settles every parameter.
        for name in self.names:
            on = all(condition.satisfied_by_value(known) for condition in conditions[name])
            known[name] = values[name] if on else NotSet
        return {name for name, value in known.items() if value is not NotSet}


def _ticks(one: Axis) -> Floats:
    """Every position of a finite axis.

    The middle of each of `size` cells is not evenly spaced on a logarithmic axis: positions are
    taken densely enough that no cell is missed, then kept once.
    """
    size = one.size or 0
    return np.unique(one.snap(np.array([0.5]) if size == 1 else np.linspace(0, 1, 64 * size)))
