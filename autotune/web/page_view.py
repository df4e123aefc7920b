"""What the service's pages show of studies, as data for templates."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from autotune.quantities import format_seconds
from autotune.reporting import numbers
from autotune.reporting.pages.trial_view import moment, when
from autotune.store.feed import Feed
from autotune.store.study import Header
from autotune.trials import Completed, Outcome
from autotune.web import study_view
from autotune.web.study_view import Wanted

LISTED = 20


@dataclass(frozen=True, slots=True)
class LinkedTable:
    """A table whose rows lead somewhere: the place, empty for none, and the cells of each."""

    headers: tuple[str, ...]
    rows: tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True)
class Turn:
    """Where a page stands among others, and the addresses of its neighbours, empty for none."""

    said: str
    before: str = ""
    after: str = ""


def study_path(name: str) -> str:
    """The address of a study's page."""
    return f"/studies/{quote(name, safe='')}"


def studies(found: Sequence[tuple[str, Feed | str]]) -> LinkedTable:
    """One row for each study, or why it cannot be read."""
    headers = ("study", "problem", "trials", "failed", "best", "unit", "created")
    return LinkedTable(headers, tuple((study_path(name), _row(name, one)) for name, one in found))


def facts(feed: Feed) -> tuple[tuple[str, str], ...]:
    """A study in labels and values."""
    header, best, n = feed.header, feed.best, len(feed.outcomes)
    options = numbers.options(header.options, header.units)
    failed = ", ".join(f"{count} {kind}" for kind, count in sorted(feed.failures.items()))
    found = "none yet" if best is None else numbers.said(best.value, header.unit, digits=8)
    return (
        ("problem", header.problem),
        ("options", options or "none"),
        ("trials", f"{n}, of which {feed.n_completed} completed"),
        ("failed", failed or "none"),
        ("begun and not ended", str(feed.n_open)),
        ("best", found if best is None else f"{found} (trial {best.trial.id})"),
        ("created", moment(header.created_at)),
        ("latest outcome", when(feed.outcomes[-1].timing.finished_at) if n else "none"),
    )


def best(feed: Feed) -> LinkedTable:
    """The trials of least value at the target, with their parameters."""
    header = feed.header
    at_target = (each for each in feed.ranked() if header.reaches_target(each))
    return trials(feed, [each for each, _ in zip(at_target, range(LISTED), strict=False)])


def latest(feed: Feed) -> LinkedTable:
    """The trials that were recorded last, the newest first."""
    return trials(feed, feed.outcomes[: -LISTED - 1 : -1])


def trials(feed: Feed, some: Sequence[Outcome]) -> LinkedTable:
    """One row for each trial."""
    header, units = feed.header, feed.header.units
    names = dict.fromkeys(name for each in some for name in each.trial.config)
    titles = (f"{name} ({units[name]})" if units.get(name) else name for name in names)
    what = f"objective ({header.unit})" if header.unit else "objective"
    rows = tuple(
        (
            f"{study_path(feed.name)}/trials/{quote(each.trial.id, safe='')}",
            (
                each.trial.id,
                _value(each.value, header) if isinstance(each, Completed) else each.kind.value,
                format_seconds(each.timing.seconds),
                each.timing.worker,
                *(numbers.named(name, each.trial.config.get(name), units) for name in names),
            ),
        )
        for each in some
    )
    return LinkedTable(("trial", what, "took", "worker", *titles), rows)


def turn(wanted: Wanted, *, n: int, total: int) -> Turn:
    """Where a page of trials stands, with the same filters on its neighbours."""
    given = wanted.model_dump(exclude={"offset"}, exclude_defaults=True)
    given = {name: str(value).lower() if value is True else value for name, value in given.items()}

    def at(offset: int) -> str:
        return "?" + urlencode({**given, "offset": offset})

    return steps(at, offset=wanted.offset, limit=wanted.limit, n=n, total=total)


def steps(at: Callable[[int], str], *, offset: int, limit: int, n: int, total: int) -> Turn:
    """Where a page stands; `at` gives the address of the one that begins at an offset."""
    said = f"{offset + 1} to {offset + n} of {total}" if n else f"None of {total}"
    before = at(max(0, offset - limit)) if offset else ""
    return Turn(said, before, at(offset + limit) if offset + n < total else "")


def _row(name: str, one: Feed | str) -> tuple[str, ...]:
    if isinstance(one, str):
        return (name, one, "", "", "", "", "")
    brief, header = study_view.brief(one), one.header
    value = brief["best_value"]
    return (
        name,
        header.problem,
        str(brief["trials"]["total"]),
        str(brief["trials"]["failed"]),
        "" if value is None else numbers.in_unit(value, header.unit),
        header.unit,
        header.created_at[:10],
    )


def _value(value: float, header: Header) -> str:
    return numbers.in_unit(value, header.unit, digits=8)
