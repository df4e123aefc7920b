"""A warp of the inputs: along each parameter, its values are pulled apart or together."""

from dataclasses import dataclass

import numpy as np

from autotune.search.native.replicates import Ints
from autotune.types import Floats

EDGE = 1e-6  # from the ends of a range, where slopes may be infinite


@dataclass(frozen=True, slots=True)
class InputWarp:
    """The distribution function of Kumaraswamy, 1 - (1 - x^a)^b, along some features.

    Attributes:
        axes: The features, each from 0 to 1, shape (k,).
        a: One per axis, > 0; below 1 what lies near 0 is pulled apart, shape (k,).
        b: The same near 1, shape (k,).

    References:
        Snoek et al. (2014), arXiv:1402.0929, there with the distribution function of Beta.
    """

    axes: Ints
    a: Floats
    b: Floats

    @staticmethod
    def of(axes: Ints, logs: Floats) -> "InputWarp":
        """From log a, then log b, shape (2 k,)."""
        a, b = np.exp(logs).reshape(2, -1)
        return InputWarp(axes, a, b)

    def __call__(self, x: Floats) -> Floats:
        """Features (..., d) after the warp."""
        warped = np.array(x)
        warped[..., self.axes] = 1 - (1 - self._inner(x) ** self.a) ** self.b
        return warped

    def slope(self, x: Floats) -> Floats:
        """Derivatives at (..., d), each by its own feature."""
        slope, inner = np.ones_like(x), self._inner(x)
        rest = 1 - inner**self.a
        slope[..., self.axes] = self.a * self.b * inner ** (self.a - 1) * rest ** (self.b - 1)
        return slope

    def by_logs(self, x: Floats) -> tuple[Floats, Floats]:
        """Derivatives of the warped axes by log a and by log b, shape (..., k) each."""
        inner = self._inner(x)
        power = inner**self.a
        rest = 1 - power
        by_a = self.a * self.b * rest ** (self.b - 1) * power * np.log(inner)
        return by_a, -self.b * rest**self.b * np.log(rest)

    def _inner(self, x: Floats) -> Floats:
        return np.minimum(np.maximum(x[..., self.axes], EDGE), 1 - EDGE)  # clip takes far longer
