"""Numbers as charts and tables write them."""

import math
from collections.abc import Mapping

from autotune.quantities import format_bytes, format_count, format_seconds
from autotune.reporting.chart import Cell, Scale

_PREFIXES = (
    (1e30, "Q"), (1e27, "R"), (1e24, "Y"), (1e21, "Z"), (1e18, "E"), (1e15, "P"), (1e12, "T"),
    (1e9, "G"), (1e6, "M"), (1e3, "k"),
)  # fmt: skip
COUNTED = ("parameters", "tokens")
FLOPS = ("FLOP", "FLOPs")
SECONDS = ("s", "seconds")
CONVENTIONS = {
    "n_active": "parameters", "n_total": "parameters", "tokens": "tokens", "flops": "FLOPs",
    "seconds": "s", "max_total": "parameters", "max_active": "parameters", "max_tokens": "tokens",
    "unique_tokens": "tokens", "inference_tokens": "tokens",
}  # fmt: skip
"""Units of names that mean one thing everywhere."""
LONG = 1e4
"""From here on, a tick without a unit has a prefix: digits would run into its neighbour's."""


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
    plain = si(value, digits=digits).strip() if abs(value) >= LONG else f"{value:.{digits}g}"
    return plain.replace("-", "−")


def cell(value: Cell, *, digits: int = 6) -> str:
    """A cell of a table."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "–"
    if isinstance(value, float):
        return f"{value:.{digits}g}"
    return str(value)


def in_unit(value: Cell, unit: str, *, digits: int = 6) -> str:
    """A value of a unit as people write it: 980.4M, 576 ZFLOP, 3.1 min, 70.27 kB.

    Args:
        value: The value.
        unit: What it is in; only FLOPs, seconds and bytes are said with the number.
        digits: Of a number in a unit that has no letters of its own.
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return cell(value, digits=digits)
    if unit.startswith(COUNTED):
        return format_count(value)
    if unit.partition(" ")[0] in FLOPS:
        return f"{si(value, digits=4)}FLOP"
    if unit in SECONDS and value >= 0:
        return format_seconds(value)
    if unit == "bytes" and value >= 0:
        return format_bytes(value)
    return cell(value, digits=digits)


def said(value: float, unit: str, *, digits: int = 6) -> str:
    """A value with its unit, for a sentence."""
    shown, (first, _, rest) = in_unit(value, unit, digits=digits), unit.partition(" ")
    if first in FLOPS:
        return f"{shown} {rest}".rstrip()
    return shown if unit in (*SECONDS, "bytes") else f"{shown} {unit}".rstrip()


def named(name: str, value: Cell, units: Mapping[str, str]) -> str:
    """A value of a parameter, metric or option, in its unit if that is known."""
    return in_unit(value, units.get(name) or CONVENTIONS.get(name, ""))


def options(given: Mapping[str, Cell], units: Mapping[str, str]) -> str:
    """Options in one line."""
    return ", ".join(f"{name}={named(name, value, units)}" for name, value in given.items())


def time_unit(seconds: float) -> tuple[str, float]:
    """The unit in which a span of time is written, and its seconds."""
    for name, size in (("d", 86400.0), ("h", 3600.0), ("min", 60.0)):
        if seconds >= 3 * size:
            return name, size
    return "s", 1.0
