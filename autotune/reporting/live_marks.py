"""Each kind of mark as traces and shapes of plotly."""

from collections.abc import Iterable
from functools import singledispatch
from html import escape
from typing import Any

import numpy as np

from autotune.reporting.marks import (
    Band,
    Bars,
    Boxes,
    Contours,
    Labels,
    Line,
    Mark,
    Points,
    Rule,
    Span,
)
from autotune.reporting.palette import CONTOURS, INK, style
from autotune.types import Floats

DIGITS = 7
"""Significant digits of a number: a hundredth of a pixel on any screen."""


def traces(mark: Mark) -> list[dict[str, Any]]:
    """The traces of a mark; an empty name keeps them out of the legend."""
    named = {"name": shown(mark.name), "showlegend": bool(mark.name)}
    return [named | trace for trace in _traces(mark)]


def shapes(mark: Mark) -> list[dict[str, Any]]:
    """The shapes of a mark that is as high or as wide as the panel."""
    if isinstance(mark, Span):
        low, high = mark.limits
        ends = {"x0": low, "x1": high, "y0": 0, "y1": 1, "xref": "x", "yref": "y domain"}
        return [{"type": "rect", "layer": "below", "fillcolor": _clear("#808080", 0.15),
                 "line": {"width": 0}, **ends}]  # fmt: skip
    if isinstance(mark, Rule):
        along = (
            {"x0": mark.at, "x1": mark.at, "y0": 0, "y1": 1, "xref": "x", "yref": "y domain"}
            if mark.upright
            else {"y0": mark.at, "y1": mark.at, "x0": 0, "x1": 1, "yref": "y", "xref": "x domain"}
        )
        return [{"type": "line", "line": {"dash": "dash", "width": 1.2}, **along}]
    return []


def shown(text: str) -> str:
    """A text that plotly shows as it is: it reads tags, and formulas between dollar signs."""
    return escape(text).replace("$", "&#36;")


def values(array: Floats) -> list[float | None]:
    """Numbers as JSON has them, rounded; not-a-number is a gap."""
    return [float(f"{x:.{DIGITS}g}") if np.isfinite(x) else None for x in array.tolist()]


@singledispatch
def _traces(mark: Mark) -> list[dict[str, Any]]:
    raise TypeError(f"no way to draw {type(mark).__name__}")


@_traces.register
def _(mark: Line) -> list[dict[str, Any]]:
    line: dict[str, Any] = _colour(mark.style)
    line |= {"dash": _dash(mark.style), "width": 0.8 if mark.faint else 2}
    line["shape"] = "hv" if mark.step else "linear"
    made = {"type": "scatter", "mode": "lines", "x": values(mark.x), "y": values(mark.y),
            "line": line, "opacity": 0.6 if mark.faint else 1}  # fmt: skip
    if not mark.outlined:
        return [made]
    below = {"color": "white", "width": 5}
    return [made | {"line": below, "showlegend": False, "hoverinfo": "skip"}, made]


@_traces.register
def _(mark: Band) -> list[dict[str, Any]]:
    edge = np.concatenate([mark.x, mark.x[::-1]])
    around = np.concatenate([mark.high, mark.low[::-1]])
    return [{"type": "scatter", "mode": "lines", "x": values(edge), "y": values(around),
             "fill": "toself", "fillcolor": _clear(style(mark.style).colour, 0.2),
             "line": _colour(mark.style) | {"width": 0.8, "dash": _dash(mark.style)},
             "hoverinfo": "skip"}]  # fmt: skip


@_traces.register
def _(mark: Points) -> list[dict[str, Any]]:
    look = style(mark.style)
    marker: dict[str, Any] = _colour(mark.style)
    marker |= {"symbol": look.symbol, "size": 11 if mark.large else 6}
    marker["line"] = {"width": 1 if mark.large else 0}
    made: dict[str, Any] = {"type": "scatter", "mode": "markers", "x": values(mark.x),
                            "y": values(mark.y), "marker": marker}  # fmt: skip
    if mark.text:
        made["text"] = _texts(mark.text)
        made["hovertemplate"] = "%{text}<extra></extra>"
    if mark.low is not None and mark.high is not None:
        made["error_x"] = {
            "type": "data", "symmetric": False, "width": 0,
            "array": values(mark.high - mark.x), "arrayminus": values(mark.x - mark.low),
        }  # fmt: skip
    return [made]


@_traces.register
def _(mark: Labels) -> list[dict[str, Any]]:
    return [{"type": "scatter", "mode": "text", "x": values(mark.x), "y": values(mark.y),
             "text": _texts(mark.text), "textposition": "middle right", "textfont": {"size": 10},
             "hoverinfo": "skip"}]  # fmt: skip


@_traces.register
def _(mark: Span | Rule) -> list[dict[str, Any]]:
    """A trace that is seen in the legend alone; the mark itself is a shape."""
    key: dict[str, Any] = {"type": "scatter", "x": [None], "y": [None]}
    if isinstance(mark, Span):
        legend = {"size": 12, "symbol": "square", "color": _clear("#808080", 0.4)}
        return [key | {"marker": legend, "mode": "markers"}]
    return [key | {"line": {"dash": "dash", "width": 1.2}, "mode": "lines"}]


@_traces.register
def _(mark: Contours) -> list[dict[str, Any]]:
    return [{"type": "contour", "x": values(mark.x), "y": values(mark.y),
             "z": [values(row) for row in mark.z], "colorscale": CONTOURS.capitalize(),
             "ncontours": 14, "showlegend": False, "line": {"width": 0.5, "color": "white"},
             "colorbar": {"title": {"text": shown(mark.name), "side": "right"}, "thickness": 12},
             }]  # fmt: skip


@_traces.register
def _(mark: Bars) -> list[dict[str, Any]]:
    return [{"type": "bar", "x": values(mark.x), "y": values(mark.height),
             "base": values(mark.base), "width": mark.width, "offset": 0,
             "marker": _filled(mark.style)}]  # fmt: skip


@_traces.register
def _(mark: Boxes) -> list[dict[str, Any]]:
    made: dict[str, Any] = {
        "type": "bar", "orientation": "h", "y": values(mark.y), "base": values(mark.start),
        "x": values(mark.end - mark.start), "width": 0.7, "marker": _filled(mark.style),
    }  # fmt: skip
    made["marker"]["line"]["color"] = style(mark.style).colour  # white would hide short trials
    if mark.text:
        made |= {"hovertext": _texts(mark.text), "hoverinfo": "text"}
    return [made]


def _colour(index: int | None) -> dict[str, Any]:
    """The colour of a style; that of the text is left to the page."""
    return {} if style(index) is INK else {"color": style(index).colour}


def _filled(index: int | None) -> dict[str, Any]:
    look = style(index)
    pattern = {"shape": look.shape, "fgcolor": "white", "size": 6}
    pattern["bgcolor"] = look.colour  # plotly leaves it clear
    return {"color": look.colour, "line": {"width": 0.3, "color": "white"}, "pattern": pattern}


def _dash(index: int | None) -> str:
    dash = style(index).dash
    return ",".join(f"{2 * part:g}px" for part in dash) if dash else "solid"


def _clear(colour: str, share: float) -> str:
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},{share:g})"


def _texts(texts: Iterable[str]) -> list[str]:
    return [shown(text) for text in texts]
