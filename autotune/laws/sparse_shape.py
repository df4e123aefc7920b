"""Power laws of the best shape of a sparse model: M/N_a, N/N_a and hidden size over compute."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType
from typing import TypeAlias

import numpy as np

from autotune import checks
from autotune.laws.allocation import ALLOCATIONS
from autotune.laws.source import Source
from autotune.types import Floats, FloatsLike


class Origin(StrEnum):
    """Where a number of a design comes from."""

    PAPER = "paper"
    REFIT = "re-fit"
    STAND_IN = "stand-in"
    ALGEBRA = "algebra"
    OURS = "our rule"
    SCAN = "scan"
    GIVEN = "given"
    FIT = "fit"


@dataclass(frozen=True, slots=True, kw_only=True)
class RaisedPower:
    """`floor + c C^p`.

    Attributes:
        c: Scale.
        p: Exponent.
        floor: A value that is never passed.
    """

    c: float
    p: float
    floor: float = 0.0

    def value(self, flops: Floats) -> Floats:
        """Evaluate it at budgets in FLOPs."""
        return self.raised(self.c * flops**self.p)

    def raised(self, power: Floats) -> Floats:
        """The number at which the power law in it has this value."""
        return np.asarray(self.floor + power)

    def power(self, value: Floats) -> Floats:
        """Undo `raised`; not above 0 where the floor is reached."""
        return np.asarray(value - self.floor)

    def __str__(self) -> str:
        return (f"{self.floor:g} + " if self.floor else "") + f"{self.c:g} C^{self.p:g}"


@dataclass(frozen=True, slots=True, kw_only=True)
class BoundedPower:
    """x between two bounds, with `(x - low)/(high - x) = c C^p`.

    Attributes:
        c: Scale.
        p: Exponent.
        low: Lower bound, never reached.
        high: Upper bound, never reached.
    """

    c: float
    p: float
    low: float
    high: float

    def value(self, flops: Floats) -> Floats:
        """Evaluate it at budgets in FLOPs."""
        return self.raised(self.c * flops**self.p)

    def raised(self, power: Floats) -> Floats:
        """The number at which the power law in it has this value."""
        share = 1 / (1 + power)
        return np.asarray(self.low * share + self.high * (1 - share))

    def power(self, value: Floats) -> Floats:
        """Undo `raised`; not above 0 outside the bounds."""
        return np.asarray((value - self.low) / (self.high - value))

    def __str__(self) -> str:
        return f"x with (x - {self.low:g})/({self.high:.4g} - x) = {self.c:g} C^{self.p:g}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClampedLogarithm:
    """`slope log10 C + intercept`, kept in an interval."""

    slope: float
    intercept: float
    low: float
    high: float

    def value(self, flops: Floats) -> Floats:
        """Evaluate it at budgets in FLOPs."""
        return np.clip(self.slope * np.log10(flops) + self.intercept, self.low, self.high)

    def __str__(self) -> str:
        return (
            f"{self.slope:g} log10 C - {-self.intercept:g}, kept in {self.low:g} to {self.high:g}"
        )


Powered: TypeAlias = RaisedPower | BoundedPower
Formula: TypeAlias = Powered | ClampedLogarithm


@dataclass(frozen=True, slots=True, kw_only=True)
class ShapeLaw:
    """One number of the best shape over a compute budget C.

    Attributes:
        formula: What it says.
        origin: Whether the paper prints the coefficients, or they stand in for it.
        source: Where they come from, and the range of budgets.
    """

    formula: Formula
    origin: Origin
    source: Source

    def value(self, flops: FloatsLike) -> Floats:
        """Evaluate it at budgets in FLOPs, any shape.

        Raises:
            InputError: If a budget is not > 0.
        """
        return self.formula.value(
            checks.positive("flops", flops, hint="A budget is in FLOPs, not FLOP/s.")
        )


PAPER_EXPANSION_LIMIT = 289 / 9
"""Upper bound of N/N_a for 8 of 288 experts and a shared one, at which its law was read."""
FLAT_EXPANSION = (18.0, 25.0)
"""N/N_a between which the loss changes by less than 1 % (arXiv:2603.21862, section 5.3)."""
WIDTH_RATIO = 3.25
"""(K + shared) d_m / d: a stand-in, the middle of the best values of appendix E, 3.0 to 3.5."""
FLAT_WIDTH_RATIO = (3.0, 5.0)
"""(K + shared) d_m / d over which the loss varies by less than 0.5 % (appendix E)."""

_WAN = ALLOCATIONS["wan2026-allocation"].source
_DENSITY = replace(
    _WAN,
    where="re-fitted: log(M/N_a - 6) over log C, medians of the rows of tables 16 to 21",
    caveat="The paper shows its own coefficients in figure 5b only. About 2 % off its rows.",
)
_EXPANSION = replace(
    _WAN,
    where="re-fitted: the best N/N_a of each scale over log C, within 0.4 of them",
    caveat="The paper fits no law. Flat from 18 to 25: the loss changes by less than 1 %.",
)
_WIDTH = replace(
    _WAN,
    where="the middle of the hidden sizes that the paper swept, tables 16 to 21",
    caveat="Not the paper's law, whose coefficients are in figure 6b only. The sweeps reach 28 to "
    "44 % to either side.",
)

SHAPE_LAWS: Mapping[str, ShapeLaw] = MappingProxyType(
    {
        "density": ShapeLaw(
            formula=RaisedPower(c=1348.1, p=-0.13722, floor=6.0),
            origin=Origin.REFIT,
            source=_DENSITY,
        ),
        "expansion": ShapeLaw(
            formula=ClampedLogarithm(
                slope=1.159, intercept=-1.731, low=FLAT_EXPANSION[0], high=FLAT_EXPANSION[1]
            ),
            origin=Origin.REFIT,
            source=_EXPANSION,
        ),
        "width": ShapeLaw(
            formula=RaisedPower(c=0.0995, p=0.2086), origin=Origin.STAND_IN, source=_WIDTH
        ),
    }
)


@dataclass(frozen=True, slots=True)
class Scale:
    """A budget of runs, and the heads that they had there; those of the paper are below."""

    flops: float
    n_heads: int
    head_dim: int
    queries_per_kv: int = 2


SCALES = (
    Scale(1e18, 4, 64), Scale(3e18, 8, 64), Scale(1e19, 8, 64), Scale(3e19, 8, 128),
    Scale(1e20, 8, 128), Scale(3e20, 16, 128),
)  # fmt: skip


def nearest_scale(flops: float, scales: Sequence[Scale] = SCALES) -> Scale:
    """The scale that is nearest in log C, of the paper's or of others."""
    return min(scales, key=lambda scale: abs(math.log(scale.flops / flops)))
