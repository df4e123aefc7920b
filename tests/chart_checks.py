"""What holds of every chart, for tests of what is drawn."""

import json

import numpy as np
from made_studies import NASTY

from autotune.reporting import catalogue, live
from autotune.reporting.chart import Chart
from autotune.reporting.marks import Contours


def made(kinds, subject):
    return [each for each in catalogue.charts(kinds, subject) if isinstance(each, Chart)]


def check(chart):
    """What holds of every chart."""
    assert chart.caption.endswith(".")
    assert chart.panels
    assert all(len(row) == len(chart.table.headers) for row in chart.table.rows)
    assert chart.table.rows or chart.table.note
    for panel in chart.panels:
        for mark in panel.marks:
            shapes = {np.shape(v) for v in (getattr(mark, n, None) for n in "xy") if v is not None}
            assert len(shapes) <= 1 or isinstance(mark, Contours)
    figures = live.figures(chart)
    text = json.dumps(figures, allow_nan=False)
    assert NASTY not in text  # plotly reads tags in text
    assert sum(len(each["data"]) for each in figures) >= chart.n_marks
