"""One trial: its configuration, how it ended, its log, and the command that repeats it."""

import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from autotune.quantities import format_seconds
from autotune.reporting import numbers
from autotune.reporting.pages.table_view import TableView
from autotune.reporting.records import StudyRecord
from autotune.trials import Completed, Outcome
from autotune.types import Value

TAIL = 4000
"""Characters of a log that are shown, the last."""


@dataclass(frozen=True, slots=True)
class TrialView:
    """A trial on a page.

    Attributes:
        id: Its name.
        why: Why it is shown.
        ending: How it ended, in a sentence.
        values: Its parameters and metrics.
        log: The end of what it printed, empty if nothing is known.
        command: A shell command that evaluates the configuration again; empty if none can.
    """

    id: str
    why: str
    ending: str
    values: TableView
    log: str
    command: str


def view(study: StudyRecord, outcome: Outcome, *, why: str, log: str = "") -> TrialView:
    """A trial of a study.

    Args:
        study: The study.
        outcome: The trial.
        why: Why it is shown.
        log: What it printed, for a trial whose outcome does not hold it.
    """
    own = log if isinstance(outcome, Completed) else outcome.log or log
    return TrialView(
        id=outcome.trial.id, why=why, ending=_ending(study, outcome),
        values=_values(study, outcome), log=own[-TAIL:], command=command(study, outcome),
    )  # fmt: skip


def command(study: StudyRecord, outcome: Outcome) -> str:
    """A shell line that evaluates a trial's configuration once more, and records nothing."""
    header = study.header
    if not header.file:
        return ""
    options = {name: str(value) for name, value in header.options.items()}
    problem = f"problem_file.load({literal(header.file)}, {literals(options)})"
    config = literals(outcome.trial.config)
    code = f"from autotune import problem_file; print({problem}.evaluate({config}))"
    return f"python -c {shlex.quote(code)}"


def when(seconds: float) -> str:
    """A time as UTC."""
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    except (OverflowError, ValueError, OSError):
        return "at an unknown time"


def moment(text: str) -> str:
    """A time in ISO 8601 as UTC; as it is where it is no time."""
    try:
        return when(datetime.fromisoformat(text).timestamp())
    except ValueError:
        return text


def _ending(study: StudyRecord, outcome: Outcome) -> str:
    timing = outcome.timing
    took = f"took {format_seconds(timing.seconds)} on {timing.worker or 'an unnamed worker'}"
    ended = f"{took} and ended {when(timing.finished_at)}"
    if isinstance(outcome, Completed):
        value = numbers.said(outcome.value, study.header.unit, digits=8)
        return f"Completed with {value}; it {ended}."
    return f"Failed ({outcome.kind.value}): {outcome.detail or 'no detail'}. It {ended}."


def _values(study: StudyRecord, outcome: Outcome) -> TableView:
    units = study.header.units
    metrics = dict(outcome.metrics) if isinstance(outcome, Completed) else {}
    rows = [
        (name, numbers.named(name, value, units), units.get(name, ""), what)
        for what, found in (("parameter", outcome.trial.config), ("metric", metrics))
        for name, value in found.items()
    ]  # fmt: skip
    return TableView(("name", "value", "unit", "kind"), tuple(rows))


def literals(values: Mapping[str, Value]) -> str:
    """Values by name as Python reads them, with double quotes: single ones are the shell's."""
    return "{" + ", ".join(f"{literal(k)}: {literal(v)}" for k, v in values.items()) + "}"


def literal(value: Value) -> str:
    """A value as Python reads it."""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value)
