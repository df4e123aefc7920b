"""Each kind of mark as matplotlib draws it."""

from collections.abc import Iterable
from functools import singledispatch

from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.patheffects import withStroke
from matplotlib.text import Text
from matplotlib.ticker import MaxNLocator

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
from autotune.reporting.palette import CONTOURS, style

MANY = 300
"""Points beyond which an SVG holds a picture of them in place of each."""
LEVELS = 14
LIGHT = 0.6
"""Share of the colour map from which on black is read better than white."""
EDGE = 0.03
"""Share of a panel's width or height that half a label may take."""


def draw(axes: Axes, mark: Mark) -> None:
    """Draw a mark; an empty name keeps it out of the legend."""
    _draw(mark, axes)


def _label(name: str) -> str | None:
    return name or None


@singledispatch
def _draw(mark: Mark, axes: Axes) -> None:
    raise TypeError(f"no way to draw {type(mark).__name__} in {axes}")


@_draw.register
def _(mark: Line, axes: Axes) -> None:
    look = style(mark.style)
    axes.plot(
        mark.x, mark.y, color=look.colour, label=_label(mark.name),
        linestyle=(0, look.dash) if look.dash else "-",
        drawstyle="steps-post" if mark.step else "default",
        linewidth=0.7 if mark.faint else 1.6, alpha=0.6 if mark.faint else 1.0,
        rasterized=mark.faint and mark.x.size > 8 * MANY,
        path_effects=[withStroke(linewidth=4, foreground="white")] if mark.outlined else None,
    )  # fmt: skip


@_draw.register
def _(mark: Band, axes: Axes) -> None:
    look = style(mark.style)
    axes.fill_between(
        mark.x, mark.low, mark.high, facecolor=to_rgba(look.colour, 0.2), edgecolor=look.colour,
        linewidth=0.8, linestyle=(0, look.dash) if look.dash else "-", label=_label(mark.name),
    )  # fmt: skip


@_draw.register
def _(mark: Points, axes: Axes) -> None:
    look = style(mark.style)
    if mark.low is not None and mark.high is not None:
        axes.hlines(mark.y, mark.low, mark.high, color=look.colour, linewidth=1.4)
    axes.scatter(
        mark.x, mark.y, s=70 if mark.large else 18, marker=look.marker, color=look.colour,
        edgecolors="black" if mark.large else "none", linewidths=0.8 if mark.large else 0.0,
        label=_label(mark.name), alpha=1.0 if mark.large else 0.8, zorder=3,
        rasterized=mark.x.size > MANY,
    )  # fmt: skip


@_draw.register
def _(mark: Labels, axes: Axes) -> None:
    for x, y, text in zip(mark.x, mark.y, mark.text, strict=True):
        axes.annotate(
            text, (float(x), float(y)), xytext=(2, 2), textcoords="offset points", fontsize=7,
            alpha=0.8, annotation_clip=True, clip_on=True,
        )  # fmt: skip


@_draw.register
def _(mark: Span, axes: Axes) -> None:
    axes.axvspan(*mark.limits, color="0.5", alpha=0.15, linewidth=0, label=_label(mark.name))


@_draw.register
def _(mark: Rule, axes: Axes) -> None:
    line = axes.axvline if mark.upright else axes.axhline
    line(mark.at, color="black", linewidth=1.1, linestyle=(0, (4, 3)), label=_label(mark.name))


@_draw.register
def _(mark: Contours, axes: Axes) -> None:
    ends = float(mark.z.min()), float(mark.z.max())
    levels = [float(level) for level in MaxNLocator(LEVELS).tick_values(*ends)]
    drawn = axes.contourf(mark.x, mark.y, mark.z, levels=levels, cmap=CONTOURS)
    light = levels[0] + LIGHT * (levels[-1] - levels[0])
    inks = ["black" if level > light else "white" for level in levels]
    lines = axes.contour(mark.x, mark.y, mark.z, levels=levels, colors=inks, linewidths=0.5)
    labels = axes.clabel(lines, fontsize=7, fmt=lambda value: f"{value:.4g}")
    _drop_cut(axes, labels)
    bar = axes.figure.colorbar(drawn, ax=axes)
    bar.set_label(mark.name)


@_draw.register
def _(mark: Bars, axes: Axes) -> None:
    look = style(mark.style)
    axes.bar(
        mark.x, mark.height, bottom=mark.base, width=mark.width, color=look.colour, align="edge",
        hatch=look.hatch, edgecolor="white", linewidth=0.3, label=_label(mark.name),
    )  # fmt: skip


@_draw.register
def _(mark: Boxes, axes: Axes) -> None:
    look = style(mark.style)
    axes.barh(
        mark.y, mark.end - mark.start, left=mark.start, height=0.7, color=look.colour,
        hatch=look.hatch, edgecolor="black" if look.hatch else look.colour, linewidth=0.3,
        label=_label(mark.name),
    )  # fmt: skip


def _drop_cut(axes: Axes, labels: Iterable[Text]) -> None:
    """Remove the labels of contours that the edge of the panel cuts."""
    for label in list(labels):
        at = axes.transAxes.inverted().transform(axes.transData.transform(label.get_position()))
        if min(*at, *(1 - at)) < EDGE:
            label.remove()
