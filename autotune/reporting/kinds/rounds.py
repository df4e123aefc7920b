"""The history of a closed loop's plan: what each round would train at the target."""

from collections.abc import Sequence

import numpy as np

from autotune.quantities import format_count
from autotune.reporting import numbers
from autotune.reporting.chart import Axis, Cell, Chart, Panel, Scale, Table
from autotune.reporting.marks import Band, Line, Points
from autotune.reporting.records import StudyRecord
from autotune.reporting.words import counted, ends, informed, sizes
from autotune.suggestion.recorded import Decision, Known, decisions
from autotune.suggestion.regret import LEVEL
from autotune.types import Interval


def chart(study: StudyRecord) -> Chart:
    """Size, tokens and loss of the plan with their intervals, by round."""
    rounds = decisions(study.jobs)
    known = [(each, each.known) for each in rounds if each.known is not None]
    informed(study.name, len(known))
    last = known[-1][0]
    views = [view for _, view in known]
    labels = tuple(str(each.number) for each, _ in known)
    panels = (
        _panel(labels, Axis(label=sizes(study), scale=Scale.COUNT, log=True),
               [view.n_active for view in views], [view.band for view in views]),
        _panel(labels, Axis(label="training tokens", scale=Scale.COUNT, log=True),
               [view.tokens for view in views], [_tokens(view, last.target) for view in views]),
        _panel(labels, Axis(label=f"loss ({study.header.unit or 'nats per token'})"),
               [view.loss for view in views], [view.loss_interval for view in views]),
    )  # fmt: skip
    return Chart(
        kind="rounds", subject=study.name, title=f"{study.name}: history of the plan",
        caption=f"What {counted(len(rounds), 'round')} would train with the target of "
        f"{numbers.flops(last.target)}, FLOPs = 6 N_active D, and the loss expected of it; bands "
        f"are {LEVEL:.0%} intervals over draws of all laws. Rounds before laws could be fitted "
        "have no plan.",
        panels=panels, columns=3, table=_table(rounds),
    )  # fmt: skip


def _panel(
    labels: tuple[str, ...], y: Axis, middle: Sequence[float], limits: Sequence[Interval]
) -> Panel:
    at = np.arange(len(labels), dtype=np.float64)
    low, high = np.array(limits).T
    value = np.array(middle)
    marks = (
        Band(name=f"{LEVEL:.0%} interval", x=at, low=low, high=high, style=0),
        Line(name="", x=at, y=value, style=0),
        Points(name="plan", x=at, y=value, style=0, large=True),
    )
    return Panel(x=Axis(label="round", ticks=labels), y=y, marks=marks)


def _tokens(known: Known, target: float) -> Interval:
    """Tokens that the target pays for at the ends of the band."""
    low, high = known.band
    return target / (6 * high), target / (6 * low)


def _table(rounds: Sequence[Decision]) -> Table:
    headers = (
        "round", "losses", "FLOPs spent", "recommended N", "tokens", f"band of N ({LEVEL:.0%})",
        "loss", f"its interval ({LEVEL:.0%})", "expected regret", "runs", "promised", "why", "laws",
    )  # fmt: skip
    return Table(headers=headers, rows=[_row(each) for each in rounds])


def _row(step: Decision) -> tuple[Cell, ...]:
    known = step.known
    own: tuple[Cell, ...] = (None,) * 6
    if known is not None:
        low, high = known.loss_interval
        own = (
            format_count(known.n_active), format_count(known.tokens), ends(known.band),
            f"{known.loss:.4g}", f"{low:.4g} .. {high:.4g}", f"{known.regret:.3g}",
        )  # fmt: skip
    promised = f"{known.regret_promised:.3g}" if known is not None and step.configs else None
    laws = {} if known is None else known.laws
    believed = ", ".join(f"{law} {weight:.0%}" for law, weight in laws.items())
    return (
        step.number, step.trained, numbers.flops(step.spent), *own, len(step.configs), promised,
        step.why, believed or None,
    )  # fmt: skip
