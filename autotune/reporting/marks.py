"""What a panel is made of: lines, bands, points, labels, bars, boxes, contours.

Every array of one mark has one shape, (n,), but for `Contours.z`. Not-a-number ends a line.
`style` picks colour, dashes and marker together, so that two marks differ without colour too;
None is the colour of the text.
"""

from dataclasses import dataclass
from typing import TypeAlias

from autotune.types import Floats, Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A curve, or steps that keep a value until the next; `outlined` where it crosses contours."""

    name: str
    x: Floats
    y: Floats
    style: int | None = 0
    step: bool = False
    faint: bool = False
    outlined: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """The area between two curves over x."""

    name: str
    x: Floats
    low: Floats
    high: Floats
    style: int | None = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Points:
    """Single points, with limits along x where there are some, and a text for each."""

    name: str
    x: Floats
    y: Floats
    style: int | None = 0
    low: Floats | None = None
    high: Floats | None = None
    text: tuple[str, ...] = ()
    large: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels:
    """Words at points, to the right of each and only inside the panel."""

    x: Floats
    y: Floats
    text: tuple[str, ...]
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A shaded part of the x axis over the whole height."""

    name: str
    limits: Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A straight line across the panel, at one x or one y."""

    name: str
    at: float
    upright: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Contours:
    """Filled contours of z over a grid: x of shape (n,), y of shape (m,), z of shape (m, n)."""

    name: str
    x: Floats
    y: Floats
    z: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Bars:
    """Upright bars at x from `base` to `base + height`, `width` wide."""

    name: str
    x: Floats
    height: Floats
    base: Floats
    width: float
    style: int | None = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Boxes:
    """Lying boxes in rows: from `start` to `end` at the row `y`, with a text for each."""

    name: str
    start: Floats
    end: Floats
    y: Floats
    style: int | None = 0
    text: tuple[str, ...] = ()


Mark: TypeAlias = Line | Band | Points | Labels | Span | Rule | Contours | Bars | Boxes
