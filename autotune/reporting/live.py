"""Charts as plotly figures: plain data for `Plotly.newPlot`, one figure for each panel.

Names come from users and machines, and plotly reads tags in text: every text is escaped.
Colours of text and grid are left to the page, which knows whether it is light or dark.
"""

from typing import Any

from autotune.reporting.chart import Axis, Chart, Panel, Scale
from autotune.reporting.live_marks import shapes, shown, traces

MARGIN = {"l": 60, "r": 15, "t": 30, "b": 50}
EXPONENTS = {Scale.COUNT: "B", Scale.FLOPS: "SI extended"}


def figures(chart: Chart) -> list[dict[str, Any]]:
    """The panels of a chart as `{data, layout}`, in their order."""
    return [_figure(panel) for panel in chart.panels]


def script() -> str:
    """The JavaScript that draws them, from the installed plotly."""
    from plotly.offline import get_plotlyjs

    return str(get_plotlyjs())


def _figure(panel: Panel) -> dict[str, Any]:
    layout: dict[str, Any] = {
        "xaxis": _axis(panel.x, "x"),
        "yaxis": _axis(panel.y, "y"),
        "margin": MARGIN,
        "height": max(380, 110 + 24 * len(panel.y.ticks)),
        "barmode": "overlay",
        "hovermode": "closest",
        "legend": {"orientation": "h", "y": -0.25, "yanchor": "top", "x": 0},
        "shapes": [shape for mark in panel.marks for shape in shapes(mark)],
    }
    if panel.title:
        layout["title"] = {"text": shown(panel.title), "font": {"size": 13}}
    return {"data": [trace for mark in panel.marks for trace in traces(mark)], "layout": layout}


def _axis(axis: Axis, which: str) -> dict[str, Any]:
    made: dict[str, Any] = {
        "title": {"text": shown(axis.label), "standoff": 10},
        "automargin": True,
        "zeroline": False,
    }
    if axis.log:
        made |= {"type": "log", "dtick": 1, "minor": {"ticks": "outside", "dtick": "D1"}}
        made["exponentformat"] = "e"  # 1e-5, where plotly would write 10µ
    if axis.scale in EXPONENTS:
        made["exponentformat"] = EXPONENTS[axis.scale]
    if axis.scale is Scale.PERCENT:
        made["tickformat"] = ".0%"
    if axis.limits is not None:
        made["range"] = [_at(axis, end) for end in axis.limits]
    if axis.ticks:
        made |= {
            "tickmode": "array",
            "tickvals": list(range(len(axis.ticks))),
            "ticktext": [_short(name) for name in axis.ticks],
        }
    if axis.scale is Scale.ROWS and which == "y":
        made["range"] = [len(axis.ticks) - 0.5, -0.5]
    return made


def _at(axis: Axis, value: float) -> float:
    from math import log10

    return log10(value) if axis.log else value


def _short(name: str, most: int = 28) -> str:
    return shown(name if len(name) <= most else name[: most - 1] + "…")
