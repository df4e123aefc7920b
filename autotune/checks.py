"""Checks at the public boundary: each returns a float64 array or says what is wrong."""

from collections.abc import Iterable
from difflib import get_close_matches

import numpy as np
from numpy.typing import NDArray

from autotune.errors import InputError
from autotune.types import Floats, FloatsLike


def positive(name: str, values: FloatsLike, *, hint: str) -> Floats:
    """Return `values` as float64, or say which entries are not finite and > 0."""
    array = np.asarray(values, dtype=np.float64)
    if array.size and not (array.min() > 0 and array.max() < np.inf):
        _refuse(name, array, ~(np.isfinite(array) & (array > 0)), "finite and > 0", hint)
    return array


def fraction(name: str, values: FloatsLike, *, hint: str) -> Floats:
    """Return `values` as float64, or say which entries lie outside [0, 1)."""
    array = np.asarray(values, dtype=np.float64)
    if array.size and not (array.min() >= 0 and array.max() < 1):
        _refuse(name, array, ~((array >= 0) & (array < 1)), "in [0, 1)", hint)
    return array


def at_least(name: str, values: FloatsLike, low: float, *, hint: str) -> Floats:
    """Return `values` as float64, or say which entries are not finite and >= `low`."""
    array = np.asarray(values, dtype=np.float64)
    if array.size and not (array.min() >= low and array.max() < np.inf):
        _refuse(name, array, ~(np.isfinite(array) & (array >= low)), f"finite and >= {low:g}", hint)
    return array


def one_of(what: str, name: str, legal: Iterable[str]) -> str:
    """Return `name` if it is legal, or name the nearest legal one."""
    names = list(legal)
    if name in names:
        return name
    near = get_close_matches(name, names, n=1, cutoff=0.6)
    meant = f" Did you mean {near[0]!r}?" if near else ""
    raise InputError(f"unknown {what} {name!r}.{meant} Known: {', '.join(names)}.")


def _refuse(name: str, array: Floats, bad: NDArray[np.bool_], must: str, hint: str) -> None:
    at = tuple(int(i) for i in np.argwhere(bad)[0])
    where = f"{name}[{', '.join(map(str, at))}]" if at else name
    count = f"{int(bad.sum())} of {array.size} values are not" if at else "it is not"
    raise InputError(f"{name} must be {must}, but {count} (first: {where} = {array[at]:g}). {hint}")
