"""A study on a page: its numbers, its charts, and the trials worth looking at."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from autotune.reporting import catalogue, changes, numbers
from autotune.reporting.pages.chart_view import Charts, charts
from autotune.reporting.pages.table_view import TableView
from autotune.reporting.pages.trial_view import TrialView, moment, view, when
from autotune.reporting.records import StudyRecord
from autotune.reporting.words import counted, objective
from autotune.suggestion.recorded import decisions
from autotune.trials import Completed, Failed, Outcome

LISTED = 20
FAILURES = 3
"""Failed trials that are shown, the latest of so many kinds."""


@dataclass(frozen=True, slots=True)
class StudyView:
    """A study on a page.

    Attributes:
        name: The study's name.
        anchor: Its anchor.
        facts: Labels and values.
        decisions: Of a closed loop, what changed its plan, one sentence for each round.
        charts: What is drawn.
        best: The best trials.
        trials: Those shown in full.
        notes: What is odd about the record.
    """

    name: str
    anchor: str
    facts: tuple[tuple[str, str], ...]
    decisions: tuple[str, ...]
    charts: Charts
    best: TableView
    trials: tuple[TrialView, ...]
    notes: tuple[str, ...]


def of(
    study: StudyRecord, anchor: str, *, log: Callable[[str], str], wanted: Sequence[str] = ()
) -> StudyView:
    """A study with its charts drawn.

    Args:
        study: The study.
        anchor: What ids begin with.
        log: What a trial printed, by its id; empty if that is not known.
        wanted: Ids of trials to show beside the best and failed ones; others are left out.
    """
    drawn = Charts((), ())
    if study.outcomes:
        drawn = charts(catalogue.of_study(study), study, anchor=anchor)
    return StudyView(
        name=study.name, anchor=anchor, facts=facts(study),
        decisions=changes.sentences(decisions(study.jobs)), charts=drawn, best=best(study),
        trials=tuple(
            view(study, each, why=why, log=log(each.trial.id))
            for why, each in _shown(study, wanted)
        ),
        notes=tuple(study.notes),
    )  # fmt: skip


def overview(studies: Sequence[StudyRecord]) -> TableView:
    """One row for each study."""
    rows = tuple(
        (
            s.name, s.header.problem, str(len(s.outcomes)),
            str(len(s.outcomes) - len(s.completed)),
            "–" if s.best is None else numbers.in_unit(s.best.value, s.header.unit), s.header.unit,
            moment(s.header.created_at)[:10],
        )
        for s in studies
    )  # fmt: skip
    return TableView(("study", "problem", "trials", "failed", "best", "unit", "created"), rows)


def facts(study: StudyRecord) -> tuple[tuple[str, str], ...]:
    """What a study is, in labels and values."""
    header, n = study.header, len(study.outcomes)
    kinds = Counter(o.kind.value for o in study.outcomes if isinstance(o, Failed))
    failed = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items())) or "none"
    top, found = study.best, "no completed trial"
    if top is not None:
        found = f"{numbers.in_unit(top.value, header.unit, digits=8)} (trial {top.trial.id})"
    ends = [o.timing.finished_at for o in study.outcomes]
    return (
        ("problem", header.problem),
        ("options", numbers.options(header.options, header.units) or "none"),
        ("trials", f"{n}, of which {len(study.completed)} completed"),
        ("failed", failed),
        (f"best {objective(study)}", found),
        ("jobs", counted(len(study.jobs), "job")),
        ("created", moment(header.created_at)),
        ("latest outcome", when(max(ends)) if ends else "none"),
        ("recorded in", study.place),
    )


def best(study: StudyRecord, most: int = LISTED) -> TableView:
    """The best trials with their parameters."""
    found = sorted(study.at_target, key=lambda outcome: outcome.value)[:most]
    names = tuple(dict.fromkeys(name for o in found for name in o.trial.config))
    units = study.header.units
    headers = tuple(f"{name} ({units[name]})" if units.get(name) else name for name in names)
    rows = tuple(
        (o.trial.id, numbers.in_unit(o.value, study.header.unit, digits=8),
         *(numbers.named(name, o.trial.config.get(name), units) for name in names))
        for o in found
    )  # fmt: skip
    return TableView(("trial", objective(study), *headers), rows)


def _shown(study: StudyRecord, wanted: Sequence[str]) -> list[tuple[str, Outcome]]:
    """The best trial, the latest failure of each of the most frequent kinds, and what is wanted."""
    found: list[tuple[str, Outcome]] = []
    if study.best is not None:
        found.append(("the best", study.best))
    latest = {o.kind: o for o in study.outcomes if not isinstance(o, Completed)}
    kinds = Counter(o.kind for o in study.outcomes if not isinstance(o, Completed))
    for kind, count in kinds.most_common(FAILURES):
        found.append((f"the latest of {count} that failed with: {kind.value}", latest[kind]))
    shown = {each.trial.id for _, each in found}
    n, left = len(study.outcomes), set(wanted) - shown
    found += [
        (f"number {place} of {n}", each)
        for place, each in enumerate(study.outcomes, 1)
        if each.trial.id in left
    ]
    return found
