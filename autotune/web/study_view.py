"""Studies and trials as the HTTP API shows them."""

from collections.abc import Sequence
from typing import Any, Literal

from pydantic import Field

from autotune.store.feed import Feed
from autotune.trials import Completed, Outcome, to_json
from autotune.web.problems import Refusal
from autotune.web.strict import Strict

COMPLETED = "completed"
FAILED = "failed"


class Wanted(Strict):
    """Which trials of a study, and in which order."""

    status: str = Field("", max_length=40, description="completed, failed, or a kind of failure.")
    worker: str = Field("", max_length=200, description="Who ran them.")
    order: Literal["recorded", "value"] = Field(
        "recorded", description="By value, failed trials are left out."
    )
    descending: bool = Field(default=False, description="The last first.")
    limit: int = Field(100, ge=1, le=1000, description="How many at most.")
    offset: int = Field(0, ge=0, le=10_000_000, description="How many to leave out first.")


def brief(feed: Feed) -> dict[str, Any]:
    """A study in a few figures."""
    n, best, header = len(feed.outcomes), feed.best, feed.header
    return {
        "study": feed.name,
        "problem": header.problem,
        "created_at": header.created_at,
        "unit": header.unit,
        "trials": {
            "total": n,
            "completed": feed.n_completed,
            "failed": n - feed.n_completed,
            "open": feed.n_open,
        },
        "failures": dict(feed.failures),
        "best_value": None if best is None else best.value,
        "best_trial": None if best is None else best.trial.id,
    }


def whole(feed: Feed) -> dict[str, Any]:
    """A study: what it tunes, its figures, its jobs, and what is odd about its record."""
    study, header = feed.study(), feed.header
    return brief(feed) | {
        "options": dict(header.options),
        "space": dict(header.space),
        "units": dict(header.units),
        "prior": dict(header.prior),
        "and_minimize": header.and_minimize,
        "fidelity": header.fidelity,
        "versions": dict(header.versions),
        "best": None if feed.best is None else row(feed.best),
        "running": [trial.id for trial in study.running],
        "interrupted": [trial.id for trial in study.interrupted],
        "jobs": [dict(job) for job in study.jobs],
        "notes": list(study.notes),
    }


def row(outcome: Outcome) -> dict[str, Any]:
    """A trial without what it printed."""
    record = to_json(outcome)
    record.pop("log", None)
    status = COMPLETED if isinstance(outcome, Completed) else FAILED
    return {"trial": record.pop("trial"), "status": status} | record


def page(feed: Feed, wanted: Wanted) -> tuple[list[dict[str, Any]], int]:
    """A page of trials, and how many match in all."""
    some, total = chosen(feed, wanted)
    return [row(each) for each in some], total


def chosen(feed: Feed, wanted: Wanted) -> tuple[Sequence[Outcome], int]:
    """The outcomes of a page, and how many match in all."""
    of_all: Sequence[Outcome] = feed.ranked() if wanted.order == "value" else feed.outcomes
    if wanted.status or wanted.worker:
        of_all = [each for each in list(of_all) if _matches(each, wanted)]
    n, begin, end = len(of_all), wanted.offset, wanted.offset + wanted.limit
    if wanted.descending:
        return of_all[max(0, n - end) : max(0, n - begin)][::-1], n
    return of_all[begin:end], n


def outcome(feed: Feed, trial: str) -> Outcome:
    """The outcome of a trial.

    Raises:
        Refusal: If it has none.
    """
    place = feed.places.get(trial)
    if place is None:
        raise Refusal(
            404,
            f"the study {feed.name!r} has no outcome of a trial {trial!r}.",
            f"GET /api/studies/{feed.name}/trials lists them.",
        )
    return feed.outcomes[place]


def _matches(outcome: Outcome, wanted: Wanted) -> bool:
    """Whether an outcome has the wanted status and worker."""
    if wanted.worker and outcome.timing.worker != wanted.worker:
        return False
    return not wanted.status or wanted.status in _statuses(outcome)


def _statuses(outcome: Outcome) -> tuple[str, ...]:
    return (COMPLETED,) if isinstance(outcome, Completed) else (FAILED, outcome.kind.value)
