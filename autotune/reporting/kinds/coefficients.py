"""Coefficients of a fit beside the published ones of the same form."""

import math

import numpy as np

from autotune.laws.base import ScalingLaw
from autotune.laws.catalogue import PRESETS
from autotune.reporting.chart import Axis, Cell, Chart, Panel, Scale, Table
from autotune.reporting.marks import Points
from autotune.reporting.records import FitRecord
from autotune.types import Interval

NORMAL = 1.959964
"""Standard errors from the estimate to the end of a 95 % interval."""


def chart(fit: FitRecord) -> Chart:
    """A panel for each coefficient, a row for each law."""
    own = fit.result.law
    laws = {name: law for name, law in PRESETS.items() if law.form == own.form}
    names = (fit.id, *laws)
    limits = {fit.id: dict(fit.result.interval)} | {n: _published(law) for n, law in laws.items()}
    values = {fit.id: own.coefficients} | {n: law.coefficients for n, law in laws.items()}
    panels = tuple(
        _panel(coefficient, names, values=values, limits=limits) for coefficient in own.coefficients
    )
    level = 100 * fit.result.settings.level
    return Chart(
        kind="coefficients", subject=fit.id, title=f"{fit.id}: coefficients of {own.form}",
        caption=f"{own.formula}. The fit with its {level:g} % intervals, and the published laws of "
        "this form with 95 % intervals where standard errors are published. Coefficients of "
        "different data, tokenizers and N are not estimates of one number.",
        panels=panels, columns=min(3, len(panels)),
        table=Table(
            headers=("law", "coefficient", "estimate", "low", "high"),
            rows=[_row(n, c, values[n], limits[n]) for c in own.coefficients for n in names],
        ),
    )  # fmt: skip


def _published(law: ScalingLaw) -> dict[str, Interval]:
    value = law.coefficients
    return {
        name: (value[name] - NORMAL * error, value[name] + NORMAL * error)
        for name, error in law.source.standard_errors.items()
    }


def _panel(
    coefficient: str, names: tuple[str, ...], *,
    values: dict[str, dict[str, float]], limits: dict[str, dict[str, Interval]],
) -> Panel:  # fmt: skip
    x = np.array([values[name][coefficient] for name in names])
    ends = [_finite(limits[n].get(coefficient), v) for n, v in zip(names, x.tolist(), strict=True)]
    low, high = np.array(ends).T
    log = bool((low > 0).all() and high.max() / low.min() > 20)
    rows = np.arange(len(names), dtype=np.float64)
    fit, rest = slice(0, 1), slice(1, None)
    marks = tuple(
        Points(name=name, x=x[at], y=rows[at], low=low[at], high=high[at], style=style, large=True)
        for name, at, style in (("this fit", fit, 1), ("published", rest, 0))
        if x[at].size
    )
    return Panel(
        x=Axis(label=coefficient, log=log), y=Axis(label="", scale=Scale.ROWS, ticks=names),
        marks=marks,
    )  # fmt: skip


def _finite(limits: Interval | None, value: float) -> Interval:
    """Limits that can be drawn; an end without a limit is drawn at the estimate."""
    low, high = limits or (value, value)
    return low if math.isfinite(low) else value, high if math.isfinite(high) else value


def _row(
    law: str, coefficient: str, values: dict[str, float], limits: dict[str, Interval]
) -> tuple[Cell, ...]:
    low, high = limits.get(coefficient, (None, None))
    return law, coefficient, values[coefficient], low, high
