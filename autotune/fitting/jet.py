"""Functions of a few coefficients with first and second derivatives, for many estimates at once.

Forward differentiation to second order (Griewank and Walther 2008, chapter 13). What a function
does not depend on has no entry. The functions of this module take arrays too, and then give values.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from autotune.types import Floats

Pair: TypeAlias = tuple[str, str]
Key = TypeVar("Key", str, Pair)


@dataclass(frozen=True, slots=True, eq=False)
class Jet:
    """A function at m estimates and n runs: arrays that broadcast to shape (m, n).

    Attributes:
        value: The function.
        first: Its derivative by each coordinate it depends on.
        second: Its second derivatives, by two coordinates in alphabetic order.
    """

    value: Floats
    first: Mapping[str, Floats]
    second: Mapping[Pair, Floats]

    __array_ufunc__ = None  # an array times a jet is a jet, not an array of jets

    def __add__(self, other: "Jet | Floats | float") -> "Jet":
        if not isinstance(other, Jet):
            return Jet(self.value + other, self.first, self.second)
        return Jet(
            self.value + other.value,
            _sum(self.first, other.first),
            _sum(self.second, other.second),
        )

    def __mul__(self, other: "Jet | Floats | float") -> "Jet":
        if not isinstance(other, Jet):
            return Jet(self.value * other, _times(self.first, other), _times(self.second, other))
        f, g = self, other
        second = _sum(_times(f.second, g.value), _times(g.second, f.value))
        for one, by_one in f.first.items():
            for two, by_two in g.first.items():
                product = by_one * by_two
                second = _sum(second, {_pair(one, two): 2 * product if one == two else product})
        first = _sum(_times(f.first, g.value), _times(g.first, f.value))
        return Jet(f.value * g.value, first, second)

    __radd__ = __add__
    __rmul__ = __mul__

    def __neg__(self) -> "Jet":
        return self * -1.0

    def through(self, value: Floats, slope: Floats, bend: Floats) -> "Jet":
        """A function of this one, from its value and its derivatives by this one."""
        by = self.first
        curved = {
            (one, two): bend * by[one] * by[two] for one in by for two in by if one <= two
        }  # fmt: skip
        return Jet(value, _times(by, slope), _sum(_times(self.second, slope), curved))

    def take(self, at: NDArray[np.int64]) -> "Jet":
        """At the runs, from the different inputs of which each has one."""
        return Jet(
            _taken(self.value, at),
            {name: _taken(slope, at) for name, slope in self.first.items()},
            {pair: _taken(bend, at) for pair, bend in self.second.items()},
        )


Curve: TypeAlias = Jet | Floats
"""A function with its derivatives, or its values alone."""


def coordinate(name: str, value: Floats, *, is_log: bool) -> Jet:
    """A coefficient as a function of its coordinate, which may be its logarithm."""
    if is_log:
        return Jet(value, {name: value}, {(name, name): value})
    return Jet(value, {name: np.ones_like(value)}, {})


def inverse(x: Curve) -> Curve:
    """1/x."""
    if not isinstance(x, Jet):
        return 1 / x
    value = 1 / x.value
    return x.through(value, -(value**2), 2 * value**3)


def log(x: Curve) -> Curve:
    """The natural logarithm."""
    if not isinstance(x, Jet):
        return np.log(x)
    slope = 1 / x.value
    return x.through(np.log(x.value), slope, -(slope**2))


def exp(x: Curve) -> Curve:
    """The exponential."""
    if not isinstance(x, Jet):
        return np.exp(x)
    value = np.exp(x.value)
    return x.through(value, value, value)


def expm1(x: Curve) -> Curve:
    """exp(x) - 1."""
    if not isinstance(x, Jet):
        return np.expm1(x)
    slope = np.exp(x.value)
    return x.through(np.expm1(x.value), slope, slope)


def log_saturating(x: Curve) -> Curve:
    """ln(1 - exp(-x))."""
    if not isinstance(x, Jet):
        return np.log(-np.expm1(-x))
    slope = 1 / np.expm1(x.value)
    return x.through(np.log(-np.expm1(-x.value)), slope, -slope * (1 + slope))


def where(mask: NDArray[np.bool_], x: Floats, other: Curve) -> Curve:
    """Values without derivatives where the mask is true, another function elsewhere."""
    if not isinstance(other, Jet):
        return np.where(mask, x, other)
    return Jet(
        np.where(mask, x, other.value),
        {name: np.where(mask, 0.0, slope) for name, slope in other.first.items()},
        {pair: np.where(mask, 0.0, bend) for pair, bend in other.second.items()},
    )


def value(x: Curve) -> Floats:
    """Without derivatives."""
    return x.value if isinstance(x, Jet) else x


def take(x: Curve, at: NDArray[np.int64] | None) -> Curve:
    """From different inputs to the runs; None where each run has its own."""
    if at is None:
        return x
    return x.take(at) if isinstance(x, Jet) else _taken(x, at)


def _taken(values: Floats, at: NDArray[np.int64]) -> Floats:
    return np.take(values, at, axis=1) if values.shape[1] > 1 else values


def _pair(one: str, two: str) -> Pair:
    return (one, two) if one <= two else (two, one)


def _times(parts: Mapping[Key, Floats], factor: Floats | float) -> dict[Key, Floats]:
    return {key: part * factor for key, part in parts.items()}


def _sum(parts: Mapping[Key, Floats], others: Mapping[Key, Floats]) -> dict[Key, Floats]:
    more = {key: parts[key] + other if key in parts else other for key, other in others.items()}
    return {**parts, **more}
