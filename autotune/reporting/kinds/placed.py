"""The runs of a closed loop on the IsoFLOP map: size against tokens, round by round."""

from collections.abc import Iterator, Sequence

import numpy as np

from autotune.errors import InputError
from autotune.quantities import format_count
from autotune.reporting import numbers
from autotune.reporting.chart import Axis, Cell, Chart, Panel, Scale, Table
from autotune.reporting.marks import Labels, Line, Mark, Points
from autotune.reporting.palette import FAILED
from autotune.reporting.records import StudyRecord
from autotune.reporting.words import LISTED, counted, sizes
from autotune.suggestion.recorded import Decision, PlacedLoss, decisions, placed
from autotune.suggestion.regret import LEVEL
from autotune.types import Floats, Interval

STYLES = (0, 2, 3, 4, 5)
"""Of groups of rounds, the first runs first; failed runs have a style of their own."""
MARGIN = 1.6
"""Factor by which the map reaches beyond everything on it."""
INSIDE = 0.08
"""How far along a line its label stands, clear of the edge."""
LABEL = (0.15, 0.05)
"""Of the map's width and height, what a label takes with clear space around it."""
DECADES = np.arange(0, 41)


def chart(study: StudyRecord) -> Chart:
    """Every loss at its size and tokens, iso-compute lines, the target, and the plan on it."""
    rounds = decisions(study.jobs)
    found = placed(rounds, study.outcomes)
    if not found:
        raise InputError(f"{study.name} has no trial that one of its rounds asked for.")
    target = rounds[-1].target
    plan = next((each for each in reversed(rounds) if each.known is not None), None)
    x, y = _window(found, plan, target)
    marks: list[Mark] = [*_isoflops(x, y, most=target), *_runs(found), *_target(plan, target, x)]
    trials = len({each.outcome.trial.id for each in found})
    left = len(study.outcomes) - trials
    other = f" Left out: {counted(left, 'trial')} that no round asked for." if left else ""
    band = (
        f" Its coloured part holds the best size with {LEVEL:.0%}; the circle on it is the plan."
        if plan
        else ""
    )
    return Chart(
        kind="placed", subject=study.name, title=f"{study.name}: runs on the IsoFLOP map",
        caption=f"Losses of {counted(trials, 'trial')} by the round that asked for them. Faint "
        f"lines spend the FLOPs that stand at them, 6 N_active D, and the heavy one the target."
        f"{band}{other}",
        panels=(Panel(
            x=Axis(label=sizes(study), scale=Scale.COUNT, log=True, limits=x),
            y=Axis(label="training tokens", scale=Scale.COUNT, log=True, limits=y),
            marks=tuple(marks),
        ),),
        table=_table(found),
    )  # fmt: skip


def _window(
    found: Sequence[PlacedLoss], plan: Decision | None, target: float
) -> tuple[Interval, Interval]:
    """Limits of the map: all runs, and the plan with its band."""
    n = [each.place.n_active for each in found]
    tokens = [each.place.tokens for each in found]
    if plan is not None and plan.known is not None:
        n += plan.known.band
        tokens += [target / (6 * size) for size in plan.known.band]
    return (min(n) / MARGIN, max(n) * MARGIN), (min(tokens) / MARGIN, max(tokens) * MARGIN)


def _isoflops(x: Interval, y: Interval, *, most: float) -> Iterator[Mark]:
    """A line for each power of ten of FLOPs that crosses the map below the target."""
    low, high = 6 * x[0] * y[0], min(6 * x[1] * y[1], most / 1.01)
    budgets = [10.0**k for k in DECADES if low * 3 < 10.0**k < high]
    ends = []
    for flops in budgets:
        n, tokens = _along(flops, x, y)
        yield Line(name="", x=n, y=tokens, style=None, faint=True)
        at = float(n[0] ** (1 - INSIDE) * n[1] ** INSIDE)
        ends.append((at, flops / (6 * at)))
    if ends:
        kept = _apart(ends, x, y)
        at_n, at_tokens = np.array(ends)[kept].T
        names = tuple(numbers.flops(budgets[i]) for i in kept)
        yield Labels(x=at_n, y=at_tokens, text=names)


def _apart(ends: Sequence[tuple[float, float]], x: Interval, y: Interval) -> list[int]:
    """The labels that none before them would cover, as indices."""
    sides = np.log([x, y])
    at = (np.log(ends) - sides[:, 0]) / (sides[:, 1] - sides[:, 0])
    kept: list[int] = []
    for i, place in enumerate(at):
        if all((np.abs(place - at[k]) >= LABEL).any() for k in kept):
            kept.append(i)
    return kept


def _along(flops: float, x: Interval, y: Interval) -> tuple[Floats, Floats]:
    """Both ends of the line of one budget inside the map."""
    n = np.array([max(x[0], flops / (6 * y[1])), min(x[1], flops / (6 * y[0]))])
    return n, flops / (6 * n)


def _runs(found: Sequence[PlacedLoss]) -> Iterator[Mark]:
    trained = [each for each in found if each.loss is not None]
    asked = sorted({each.number for each in trained})
    for style, group in zip(STYLES, np.array_split(asked, len(STYLES)), strict=True):
        own = [each for each in trained if each.number in group]
        if own:
            first, last = int(min(group)), int(max(group))
            name = f"round {first}" if first == last else f"rounds {first} to {last}"
            yield _points(name, own, style=style)
    lost = [each for each in found if each.loss is None]
    if lost:
        yield _points("failed", lost, style=FAILED)


def _points(name: str, own: Sequence[PlacedLoss], *, style: int) -> Points:
    x, y = np.array([(each.place.n_active, each.place.tokens) for each in own]).T
    return Points(name=name, x=x, y=y, style=style, text=tuple(map(_text, own)), large=True)


def _text(one: PlacedLoss) -> str:
    loss = "failed" if one.loss is None else f"loss {one.loss:.5g}"
    size, tokens = format_count(one.place.n_active), format_count(one.place.tokens)
    return f"round {one.number}, trial {one.outcome.trial.id}: {size} on {tokens} tokens, {loss}"


def _target(plan: Decision | None, target: float, x: Interval) -> Iterator[Mark]:
    n = np.array(x)
    yield Line(name=f"target, {numbers.flops(target)}", x=n, y=target / (6 * n), style=None)
    if plan is not None and plan.known is not None:
        n = np.array(plan.known.band)
        name = f"best size, {LEVEL:.0%}"
        yield Line(name=name, x=n, y=target / (6 * n), style=0, outlined=True)
        best, tokens = np.array([plan.known.n_active]), np.array([plan.known.tokens])
        text = f"{format_count(best[0])} on {format_count(tokens[0])} tokens"
        yield Points(name="recommended", x=best, y=tokens, style=None, large=True, text=(text,))


def _table(found: Sequence[PlacedLoss]) -> Table:
    rows: list[tuple[Cell, ...]] = [
        (
            each.number, each.outcome.trial.id, format_count(each.place.n_active),
            format_count(each.place.tokens), numbers.flops(each.place.flops),
            None if each.loss is None else f"{each.loss:.5g}",
        )
        for each in found[-LISTED:]
    ]  # fmt: skip
    left = len(found) - LISTED
    note = f"The first {counted(left, 'row')} are left out." if left > 0 else ""
    headers = ("round", "trial", "active parameters", "tokens", "FLOPs", "loss")
    return Table(headers=headers, rows=rows, note=note)
