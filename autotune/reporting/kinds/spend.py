"""What a closed loop learned for what it spent: expected regret, and the band of best sizes."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from autotune.quantities import format_count
from autotune.reporting import numbers
from autotune.reporting.chart import Axis, Cell, Chart, Panel, Scale, Table
from autotune.reporting.marks import Band, Line, Mark, Points, Rule
from autotune.reporting.records import StudyRecord
from autotune.reporting.words import counted, ends, informed, sizes
from autotune.suggestion.recorded import Decision, Known, decisions
from autotune.suggestion.regret import LEVEL
from autotune.types import Floats

PROMISED = 4
"""The style of what the round before expected."""
DECADE = 10.0
"""Ratio of regrets from which on their axis is logarithmic."""


class _Step(NamedTuple):
    """A round that knew something, what it knew, and what the one before had promised."""

    round: Decision
    known: Known
    promised: Known | None


def chart(study: StudyRecord) -> Chart:
    """Regret and band after each round, beside what the round before promised."""
    rounds = decisions(study.jobs)
    steps = _steps(rounds)
    informed(study.name, len(steps))
    last = steps[-1].round
    return Chart(
        kind="spend", subject=study.name, title=f"{study.name}: spend against band",
        caption=f"What is expected at the target of {numbers.flops(last.target)} after each of "
        f"{counted(len(rounds), 'round')}, against the FLOPs of all runs so far: the loss that is "
        "lost by training what looks best instead of what is best, and the limits of the best size "
        f"({LEVEL:.0%}). Diamonds are what the round before promised.",
        panels=(_regret(steps), _band(steps, sizes(study))), columns=2,
        table=Table(
            headers=("round", "FLOPs spent", "expected regret (nats per token)", "promised before",
                     f"band of best sizes ({LEVEL:.0%})", "promised before", "recommended"),
            rows=[_row(step) for step in steps],
        ),
    )  # fmt: skip


def _steps(rounds: Sequence[Decision]) -> list[_Step]:
    found: list[_Step] = []
    for each in rounds:
        if each.known is not None:
            found.append(_Step(each, each.known, found[-1].known if found else None))
    return found


def _regret(steps: Sequence[_Step]) -> Panel:
    spent = _spent(steps)
    found = np.array([step.known.regret for step in steps])
    marks: list[Mark] = [
        Line(name="", x=spent, y=found, style=0),
        Points(name="after the round", x=spent, y=found, style=0, large=True, text=_texts(steps)),
    ]
    later = [step for step in steps if step.promised is not None]
    promised = np.array([step.promised.regret_promised for step in later if step.promised])
    if later:
        marks.append(
            Points(name="promised", x=_spent(later), y=promised, style=PROMISED, large=True)
        )
    settle = steps[-1].round.settle
    if settle > 0:
        marks.append(Rule(name="settled below", at=settle, upright=False))
    every = np.concatenate([found, promised])
    log = bool(every.min() > 0 and every.max() > DECADE * every.min())
    return Panel(x=_x(), y=Axis(label="expected regret (nats per token)", log=log),
                 marks=tuple(marks))  # fmt: skip


def _band(steps: Sequence[_Step], label: str) -> Panel:
    spent = _spent(steps)
    low, high = np.array([step.known.band for step in steps]).T
    best = np.array([step.known.n_active for step in steps])
    marks: list[Mark] = [
        Band(name=f"best size, {LEVEL:.0%}", x=spent, low=low, high=high, style=0),
        Line(name="", x=spent, y=best, style=None),
        Points(name="recommended", x=spent, y=best, style=None),
    ]
    promised = [
        (step.round.spent, end)
        for step in steps
        if step.promised is not None
        for end in step.promised.band_promised
    ]
    if promised:
        x, y = np.array(promised).T
        marks.append(Points(name="ends that were promised", x=x, y=y, style=PROMISED, large=True))
    return Panel(x=_x(), y=Axis(label=label, scale=Scale.COUNT, log=True), marks=tuple(marks))


def _x() -> Axis:
    return Axis(label="spent (FLOP)", scale=Scale.FLOPS)


def _spent(steps: Sequence[_Step]) -> Floats:
    return np.array([step.round.spent for step in steps])


def _texts(steps: Sequence[_Step]) -> tuple[str, ...]:
    return tuple(
        f"round {step.round.number}: {numbers.flops(step.round.spent)}, {step.known.regret:.3g}"
        for step in steps
    )


def _row(step: _Step) -> tuple[Cell, ...]:
    before = step.promised
    return (
        step.round.number, numbers.flops(step.round.spent), f"{step.known.regret:.3g}",
        None if before is None else f"{before.regret_promised:.3g}", ends(step.known.band),
        None if before is None else ends(before.band_promised),
        format_count(step.known.n_active),
    )  # fmt: skip
