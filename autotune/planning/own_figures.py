"""Numbers of a design by laws that a team fitted to its own runs, with intervals and bands."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TypeAlias

import numpy as np

from autotune.laws.fitted_shape import LABELS, Banded, ShapeNumber, interval
from autotune.laws.sparse_shape import Origin
from autotune.planning.design_question import DesignQuestion, Figure, OwnLaws
from autotune.planning.head_schedule import Schedule
from autotune.types import Floats, Interval

VARIED = 1 + 1e-9
"""Ratio of the ends of a band from which it is one: a setting that was never varied has none."""
Move: TypeAlias = Callable[[Floats], Floats]


def law(question: DesignQuestion, number: ShapeNumber) -> tuple[OwnLaws, Banded] | None:
    """The fit and its law of a number, None where there is none."""
    own = question.own
    if own is None or number not in own.shape.laws:
        return None
    return own, own.shape.laws[number]


def figure(question: DesignQuestion, number: ShapeNumber) -> Figure | None:
    """A number by its law, None where there is none."""
    found = law(question, number)
    if found is None:
        return None
    own, banded = found
    low, high = banded.band(question.flops)
    limits = interval(banded.best.drawn(question.flops), own.shape.level)
    value, varied = banded.best.value(question.flops), high > low * VARIED
    return Figure(
        name=LABELS[number], value=value, best=value if varied else None,
        rule=str(banded.best.formula), origin=own.origin, source=own.source,
        interval=limits,
        band=(low, high) if varied else None,
    )  # fmt: skip


def tokens(question: DesignQuestion, m: Figure) -> Figure:
    """D = C/M; more FLOPs per token are fewer tokens."""
    c = question.flops

    def turned(ends: Interval | None) -> Interval | None:
        return None if ends is None else (c / ends[1], c / ends[0])

    return replace(
        m, name="D", value=c / m.value, rule="C over M", interval=turned(m.interval),
        band=turned(m.band), best=None if m.best is None else c / m.best,
    )  # fmt: skip


def moved(figure: Figure, move: Move, *, rule: str) -> Figure:
    """A figure with value, interval and band moved by an increasing function: a stand-in then."""

    def ends(pair: Interval | None) -> Interval | None:
        if pair is None:
            return None
        low, high = move(np.array(pair))
        return float(low), float(high)

    return replace(
        figure, value=float(move(np.asarray(figure.value))), rule=rule, origin=Origin.STAND_IN,
        interval=ends(figure.interval), band=ends(figure.band),
        best=None if figure.best is None else float(move(np.asarray(figure.best))),
    )  # fmt: skip


def sizes_intervals(
    question: DesignQuestion, figures: Mapping[ShapeNumber, Figure], moves: Mapping[str, Move]
) -> tuple[Interval | None, Interval | None]:
    """Limits of N_a and N, whose factors are drawn together.

    Args:
        question: What is designed.
        figures: M, M/N_a and N/N_a; one without an interval counts as known.
        moves: What the law's own value was moved by, by number.
    """
    if question.own is None or all(each.interval is None for each in figures.values()):
        return None, None

    def drawn(number: ShapeNumber) -> Floats:
        found = law(question, number)
        if found is None or figures[number].interval is None:
            return np.array([figures[number].value])
        return moves[number](found[1].best.drawn(question.flops))

    n_active = drawn("M") / drawn("density")
    level = question.own.shape.level
    return interval(n_active, level), interval(n_active * drawn("expansion"), level)


def schedule(question: DesignQuestion) -> Schedule:
    """The heads of the runs of a fit, or the paper's."""
    own = question.own
    if own is None:
        return Schedule(sharing=question.sharing)
    return Schedule(
        scales=own.shape.scales, whose=f"those of {own.name}", origin=own.origin,
        sharing=question.sharing,
    )  # fmt: skip
