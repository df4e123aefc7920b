"""Colours, dashes and markers that are told apart by colour-blind readers and in grey.

Colours: Okabe and Ito (2008), "Color Universal Design"; contours: cividis (Nuñez et al. 2018,
doi:10.1371/journal.pone.0199239).
"""

from dataclasses import dataclass

CONTOURS = "cividis"
FAILED = 1
"""The style of whatever failed, in every chart."""


@dataclass(frozen=True, slots=True)
class Style:
    """How a mark looks.

    Attributes:
        colour: As `#rrggbb`.
        dash: Lengths of dashes and gaps in points, empty for a whole line.
        marker: By matplotlib's name.
        symbol: The same by plotly's name.
        hatch: By matplotlib's name, for bars and boxes.
        shape: The same by plotly's name.
    """

    colour: str
    dash: tuple[float, ...]
    marker: str
    symbol: str
    hatch: str = ""
    shape: str = ""


STYLES = (
    Style("#0072B2", (), "o", "circle"),
    Style("#D55E00", (5, 2), "X", "x", "xx", "x"),
    Style("#009E73", (1, 1.5), "^", "triangle-up", "..", "."),
    Style("#CC79A7", (7, 2, 1, 2), "s", "square", "//", "/"),
    Style("#E69F00", (3, 1, 1, 1, 1, 1), "D", "diamond", "\\\\", "\\"),
    Style("#56B4E9", (9, 3), "v", "triangle-down", "--", "-"),
)
INK = Style("#000000", (), "o", "circle")


def style(index: int | None) -> Style:
    """The style of a mark; indices beyond the last begin again."""
    return INK if index is None else STYLES[index % len(STYLES)]
