"""Numbers as charts and tables write them."""

import math

from autotune.quantities import format_count
from autotune.reporting.chart import Cell, Scale

_PREFIXES = (
    (1e30, "Q"), (1e27, "R"), (1e24, "Y"), (1e21, "Z"), (1e18, "E"), (1e15, "P"), (1e12, "T"),
    (1e9, "G"), (1e6, "M"), (1e3, "k"),
)  # fmt: skip
COUNTED = ("parameters", "tokens")


def si(value: float, *, digits: int = 3) -> str:
    """A number with its SI prefix: 5.76 Y, 100 Z."""
    if not math.isfinite(value) or value == 0:
        return f"{value:g} "
    value = float(f"{value:.{digits}g}")
    for scale, prefix in _PREFIXES:
        if abs(value) >= scale:
            shown = f"{value / scale:.{digits}g}"
            return f"{float(shown):g} {prefix}"
    return f"{value:.{digits}g} "


def flops(value: float) -> str:
    """A budget: 5.76 YFLOP."""
    return f"{si(value)}FLOP"


def tick(value: float, scale: Scale, *, digits: int = 6) -> str:
    """The label of a tick."""
    if scale is Scale.COUNT:
        return format_count(value, digits=digits)
    if scale is Scale.FLOPS:
        return si(value, digits=digits).strip()
    if scale is Scale.PERCENT:
        return f"{100 * value:.{digits}g} %"
    return f"{value:.{digits}g}".replace("-", "−")


def cell(value: Cell) -> str:
    """A cell of a table."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "–"
    if isinstance(value, float):
        return f"{value:.6g}"
    return str(value)


def with_unit(value: Cell, unit: str) -> str:
    """A value of a unit: counts as people write them."""
    if unit in COUNTED and isinstance(value, int | float) and math.isfinite(value):
        return format_count(value)
    return cell(value)


def time_unit(seconds: float) -> tuple[str, float]:
    """The unit in which a span of time is written, and its seconds."""
    for name, size in (("d", 86400.0), ("h", 3600.0), ("min", 60.0)):
        if seconds >= 3 * size:
            return name, size
    return "s", 1.0
