"""Rows of numbers that are added to one by one and read as an array, without a copy."""

import numpy as np

from autotune.types import Floats, FloatsLike

ROOM = 64  # rows at first; doubled whenever they are full


class Growing:
    """An array of shape (n, d) that grows: a row costs the same however many there are."""

    def __init__(self, width: int) -> None:
        self._buffer = np.empty((ROOM, width))
        self._size = 0

    def append(self, row: FloatsLike) -> None:
        """Add a row, shape (d,)."""
        if self._size == len(self._buffer):
            self._buffer = np.concatenate([self._buffer, np.empty_like(self._buffer)])
        self._buffer[self._size] = row
        self._size += 1

    @property
    def rows(self) -> Floats:
        """The rows so far, shape (n, d); not to be written to."""
        view = self._buffer[: self._size]
        view.flags.writeable = False
        return view
