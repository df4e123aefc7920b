"""What a command prints: results on stdout, talk on stderr, one JSON document with --json."""

import json
import math
import os
import sys
from collections.abc import Iterable, Sequence
from typing import Any

INTERRUPTED = 130
"""Exit status of a command that a signal ended, with everything saved."""


def emit_json(document: Any) -> None:  # noqa: ANN401 - any JSON value
    """Print one JSON document on stdout, with full precision; not-a-number becomes null."""
    print(json.dumps(_plain(document), indent=2, allow_nan=False))


def say(text: str = "") -> None:
    """Print a result on stdout."""
    print(text)


def talk(text: str) -> None:
    """Print talk (progress, hints, warnings) on stderr."""
    print(text, file=sys.stderr)


def table(
    headers: Sequence[str], rows: Iterable[Sequence[str]], *, left: Sequence[int] = (0,)
) -> str:
    """Lay rows of text out in columns; columns in `left` are flush left, the others right."""
    body = [list(map(str, row)) for row in rows]
    cells = [list(headers), *body]
    widths = [max(len(row[i]) for row in cells) for i in range(len(headers))]

    def line(row: Sequence[str]) -> str:
        parts = (
            text.ljust(width) if i in left else text.rjust(width)
            for i, (text, width) in enumerate(zip(row, widths, strict=True))
        )
        return "  ".join(parts).rstrip()

    return "\n".join([line(headers), "  ".join("─" * width for width in widths), *map(line, body)])


def short(value: object) -> str:
    """Write a value for people: six significant digits for real numbers."""
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def colour() -> bool:
    """Whether stderr may be coloured: a terminal, and NO_COLOR unset."""
    return sys.stderr.isatty() and not os.environ.get("NO_COLOR")


def _plain(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if hasattr(value, "tolist"):  # a numpy array or scalar, without importing numpy here
        return _plain(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
