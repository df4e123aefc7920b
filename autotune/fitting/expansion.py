"""A form around estimates: losses, first derivatives, and sums of second ones."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from autotune.fitting.design import Design
from autotune.types import Floats

Curvature: TypeAlias = Callable[[Floats], Floats]
"""Sums over the runs of second derivatives of the loss, shape (m, k, k), with weights (m, n)."""


@dataclass(frozen=True, slots=True, eq=False)
class Expansion:
    """A form at m estimates and n runs.

    Attributes:
        loss: Predicted losses, shape (m, n).
        slopes: Their derivatives by k coordinates, shape (m, k, n).
        curvature: What sums their second derivatives.
    """

    loss: Floats
    slopes: Floats
    curvature: Curvature


class Calculus(Protocol):
    """What `terms`, `exponents` and `formulas` each offer for the forms they describe.

    Coefficients are arrays of shape (m, 1) by name. A coordinate is a coefficient, or its
    logarithm where the form's structure says so.
    """

    def losses(self, form: str, design: Design, values: Mapping[str, Floats]) -> Floats:
        """Predicted losses (m, n)."""

    def slopes(
        self, form: str, design: Design, values: Mapping[str, Floats], *, free: Sequence[str]
    ) -> tuple[Floats, Floats]:
        """The same, and their derivatives (m, k, n) by the coordinates `free`."""

    def expanded(
        self, form: str, design: Design, values: Mapping[str, Floats], *, free: Sequence[str]
    ) -> Expansion:
        """The same, with second derivatives."""
