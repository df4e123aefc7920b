"""Charts drawn by matplotlib: PNG, SVG and PDF for papers, slides and pages without scripts."""

import io
from textwrap import fill
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator

from autotune.reporting import numbers
from autotune.reporting.chart import Axis, Chart, Panel, Scale
from autotune.reporting.static_marks import draw

FORMATS = ("png", "svg", "pdf")
WIDE, HIGH = 7.2, 4.3
"""Inches of a panel that stands alone; panels side by side are narrower."""
NARROW, LOW = 4.2, 3.1
GAP = 0.01
ROW = 0.18
"""Inches of a row of the legend."""
TICKS, FEW_TICKS = 6, 4
"""Intervals between ticks at most, alone and side by side."""
LETTERS = 90  # of a title in one line
SETTINGS: Any = {
    "text.parse_math": False,  # names of studies and parameters may hold a $
    "font.size": 10,
    "axes.grid": True,
    "grid.alpha": 0.3,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "svg.fonttype": "none",
    "svg.hashsalt": "autotune",  # the same chart gives the same file
    "pdf.fonttype": 42,
    "legend.frameon": False,
    "hatch.linewidth": 0.5,
}


def render(chart: Chart, format_: str, *, titled: bool = True) -> bytes:
    """Draw a chart as a file of one format, the same bytes for the same chart.

    Args:
        chart: What to draw.
        format_: One of `FORMATS`.
        titled: Whether title and caption are part of it, as they must be where it stands alone.
    """
    undated = {"png": {}, "svg": {"Date": None}, "pdf": {"CreationDate": None}}
    with mpl.rc_context(SETTINGS):
        figure = Figure(figsize=_size(chart), layout="constrained")
        _fill(figure, chart, titled=titled)
        out = io.BytesIO()
        figure.savefig(
            out, format=format_, dpi=150, bbox_inches="tight", pad_inches=0.15,
            metadata=undated[format_],
        )  # fmt: skip
    return out.getvalue()


def _size(chart: Chart) -> tuple[float, float]:
    rows = -(-len(chart.panels) // chart.columns)
    if chart.columns == 1:
        tall = sum(
            max(HIGH if i == 0 else 0.65 * HIGH, _rows(p)) for i, p in enumerate(chart.panels)
        )
        return WIDE, tall
    tall = max((_rows(panel) for panel in chart.panels), default=0.0)
    return NARROW * chart.columns, max(LOW, tall) * rows


def _rows(panel: Panel) -> float:
    """Inches that names on the y axis need."""
    return 1.2 + 0.22 * len(panel.y.ticks)


def _fill(figure: Figure, chart: Chart, *, titled: bool) -> None:
    columns = chart.columns
    rows = -(-len(chart.panels) // columns)
    axes = figure.subplots(rows, columns, squeeze=False)
    for i, axis in enumerate(axes.flat):
        if i >= len(chart.panels):
            axis.remove()
            continue
        _panel(axis, chart.panels[i], ticks=TICKS if columns == 1 else FEW_TICKS)
    below = _legend(figure, columns)
    letters = LETTERS if columns == 1 else int(LETTERS * columns * NARROW / WIDE)
    if titled:
        figure.suptitle(fill(chart.title, letters - 10), fontsize=12, fontweight="bold")
        figure.text(0.01, -below, fill(chart.caption, letters + 8), fontsize=8, va="top")


def _panel(axes: Axes, panel: Panel, *, ticks: int) -> None:
    axes.set_xscale("log" if panel.x.log else "linear")
    axes.set_yscale("log" if panel.y.log else "linear")
    for mark in panel.marks:
        draw(axes, mark)
    _axis(axes, "x", panel.x, most=ticks)
    _axis(axes, "y", panel.y, most=TICKS)
    if panel.title:
        axes.set_title(fill(panel.title, 44), fontsize=10)


def _legend(figure: Figure, columns: int) -> float:
    """One legend for all panels: inside one, it would hide something for some data.

    It stands under the figure's own edge, and what is saved grows to hold it.

    Returns:
        Its height as a share of the figure's.
    """
    entries: dict[str, Any] = {}
    for axes in figure.axes:
        for handle, label in zip(*axes.get_legend_handles_labels(), strict=True):
            entries.setdefault(fill(label, 60), handle)
    if not entries:
        return GAP
    across = min(len(entries), 2 * columns)
    figure.legend(
        list(entries.values()), list(entries), fontsize=8, loc="upper center",
        bbox_to_anchor=(0.5, 0.0), ncols=across,
    )  # fmt: skip
    rows = -(-len(entries) // across) * max(label.count("\n") + 1 for label in entries)
    return GAP + (ROW * rows + 0.15) / figure.get_figheight()


def _axis(axes: Axes, which: str, axis: Axis, *, most: int) -> None:
    side = axes.xaxis if which == "x" else axes.yaxis
    set_label = axes.set_xlabel if which == "x" else axes.set_ylabel
    set_label(fill(axis.label, 60 if which == "x" else 34))
    if axis.ticks:
        labels = [fill(name, 28) for name in axis.ticks]
        side.set_ticks(range(len(axis.ticks)), labels=labels, fontsize=8)
        if which == "x":
            _slant(axes, axis)
    if axis.limits is not None:
        (axes.set_xlim if which == "x" else axes.set_ylim)(*axis.limits)
    if axis.scale is Scale.ROWS and which == "y":
        axes.set_ylim(len(axis.ticks) - 0.5, -0.5)
    if axis.ticks:
        return
    if axis.log:
        low, high = axes.get_xlim() if which == "x" else axes.get_ylim()
        subs = (1.0, 2.0, 5.0) if high / low < 1e3 else (1.0,)
        side.set_major_locator(LogLocator(subs=subs, numticks=8))
        side.set_minor_locator(NullLocator())
    else:
        side.set_major_locator(MaxNLocator(most, steps=[1, 2, 2.5, 5, 10]))
    side.set_major_formatter(FuncFormatter(lambda value, _: numbers.tick(value, axis.scale)))


def _slant(axes: Axes, axis: Axis) -> None:
    """Turn names that would run into each other."""
    if sum(map(len, axis.ticks)) > 60:
        for label in axes.get_xticklabels():
            label.set(rotation=30, ha="right", rotation_mode="anchor")
