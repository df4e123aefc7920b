"""Quantities as people write them: `96B`, `1.74T`, `2.1e24`, `30d`, `6h`."""

import math
import re

from autotune.errors import InputError

COUNT_SUFFIXES = {"": 1.0, "K": 1e3, "M": 1e6, "B": 1e9, "G": 1e9, "T": 1e12}
BYTE_SUFFIXES = {
    "B": 1.0, "KB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12,
    "KIB": 2.0**10, "MIB": 2.0**20, "GIB": 2.0**30, "TIB": 2.0**40,
}  # fmt: skip
SECONDS = {"s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
_NUMBER = r"\s*([-+]?(?:\d+(?:_\d+)*\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*"
_COUNT = re.compile(_NUMBER + r"([A-Za-z]*)\s*$")
_CLOCK = re.compile(r"\s*(?:(\d+)-)?(\d+):(\d{2}):(\d{2})\s*$")


def parse_count(text: str) -> float:
    """Read a count such as `7e9`, `96B` or `1.74T`.

    Raises:
        InputError: If the text is not a finite number with a known suffix.
    """
    match = _COUNT.match(text)
    suffix = match[2].upper() if match else ""
    if not match or suffix not in COUNT_SUFFIXES:
        raise InputError(f"cannot read {text!r} as a count. Write it as 7e9, 96B or 1.74T.")
    scale = COUNT_SUFFIXES[suffix]
    if "e" in match[1].lower():
        value = float(match[1]) * scale
    else:
        value = float(f"{match[1]}e{round(math.log10(scale))}")  # 16.4 * 1e9 is not 16.4e9
    if not math.isfinite(value):
        raise InputError(f"{text!r} is not a finite count.")
    return value


def parse_bytes(text: str) -> float:
    """Read a size of memory such as `80GB` or `141GiB`, in bytes.

    Raises:
        InputError: If the text is not a positive size with its unit.
    """
    match = _COUNT.match(text)
    unit = match[2].upper() if match else ""
    if not match or unit not in BYTE_SUFFIXES:
        raise InputError(f"cannot read {text!r} as a size of memory. Write it as 80GB or 75GiB.")
    value = float(match[1]) * BYTE_SUFFIXES[unit]
    if not 0 < value < math.inf:
        raise InputError(f"a size of memory must be > 0 and finite, not {text!r}.")
    return value


def parse_seconds(text: str) -> float:
    """Read a duration such as `90`, `90s`, `30m`, `6h`, `30d` or `1-12:00:00`, in seconds.

    Raises:
        InputError: If the text is not a positive duration.
    """
    clock = _CLOCK.match(text)
    if clock:
        days, hours, minutes, seconds = (int(part or 0) for part in clock.groups())
        return ((days * 24.0 + hours) * 60 + minutes) * 60 + seconds
    match = _COUNT.match(text)
    if not match or (match[2] and match[2] not in SECONDS):
        raise InputError(f"cannot read {text!r} as a duration. Write it as 90s, 30m, 6h or 30d.")
    value = float(match[1]) * SECONDS[match[2] or "s"]
    if not 0 < value < math.inf:
        raise InputError(f"a duration must be > 0 and finite, not {text!r}.")
    return value


def format_count(value: float, *, digits: int = 4) -> str:
    """Write a count with an SI-like suffix: 1.824B, 91.36B, 3.286e+24."""
    if not math.isfinite(value) or value == 0:
        return f"{value:g}"
    value = float(f"{value:.{digits}g}")  # round first, or 999,999,999.9 becomes 1000M
    for suffix in ("T", "B", "M", "K"):
        scale = COUNT_SUFFIXES[suffix]
        if scale <= abs(value) < scale * 1e4:
            return f"{value / scale:.{digits}g}{suffix}"
    return f"{value:.{digits}g}"


def format_bytes(size: float) -> str:
    """Write a size of memory in decimal units: 70.27 kB, 575.7 MB, 10.92 TB."""
    for unit, scale in (("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size >= scale:
            return f"{size / scale:.4g} {unit}"
    return f"{size:g} B"


def format_seconds(seconds: float) -> str:
    """Write a duration in its largest useful unit: 0.25 s, 3.1 min, 6.0 h, 30.0 d."""
    for unit, size in (("d", 86400.0), ("h", 3600.0), ("min", 60.0)):
        if seconds >= 2 * size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.3g} s"
