"""Routes: studies and their trials."""

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response
from starlette.responses import HTMLResponse

from autotune.store.feed import Feed
from autotune.trials import Failed
from autotune.web import study_view, verbs
from autotune.web.house import Here, StudyName, failures
from autotune.web.problems import JsonResponse
from autotune.web.study_view import Wanted

router = APIRouter(prefix="/api/studies", tags=["studies"], responses={**failures(404, 409)})

Limit = Annotated[int, Query(ge=1, le=1000, description="How many at most.")]
Offset = Annotated[int, Query(ge=0, le=10_000_000, description="How many to leave out first.")]


@router.get("", summary="Studies of the storage, by name")
def listing(here: Here, limit: Limit = 100, offset: Offset = 0) -> Response:
    """Each with its counts and its best value; `error` where one cannot be read."""
    names = here.feeds.names()
    some = here.feeds.some(names[offset : offset + limit])
    rows = [
        study_view.brief(found) if isinstance(found, Feed) else {"study": name, "error": found}
        for name, found in some
    ]
    return JsonResponse({"storage": here.storage.where, "total": len(names), "studies": rows})


@router.get("/{study}", summary="One study")
def show(here: Here, study: StudyName) -> Response:
    """What it tunes, its figures, its jobs, and what is odd about its record."""
    return JsonResponse(study_view.whole(here.feeds.get(study)))


@router.get("/{study}/trials", summary="A page of trials")
def trials(here: Here, study: StudyName, wanted: Annotated[Wanted, Query()]) -> Response:
    """Trials in the order in which they were recorded, or by value."""
    rows, total = study_view.page(here.feeds.get(study), wanted)
    return JsonResponse({"study": study, "total": total, "offset": wanted.offset, "trials": rows})


@router.get(
    "/{study}/report",
    summary="A report as one file",
    response_class=HTMLResponse,
    responses={**failures(404, 409, 429)},
)
async def report(here: Here, study: StudyName) -> Response:
    """What `autotune report --study STUDY` writes: one HTML file that needs no network."""
    await asyncio.to_thread(here.feeds.get, study)
    text = await verbs.report(here, f"--study={study}")
    kept = {"Content-Disposition": 'attachment; filename="report.html"'}
    return HTMLResponse(text, headers=kept)


@router.get("/{study}/trials/{trial}", summary="One trial")
def trial(here: Here, study: StudyName, trial: Annotated[str, Path(max_length=200)]) -> Response:
    """Its configuration and outcome, with the end of what it printed if it failed."""
    feed = here.feeds.get(study)
    outcome = study_view.outcome(feed, trial)
    shown: dict[str, Any] = study_view.row(outcome) | {
        "place": feed.places[trial],
        "unit": feed.header.unit,
    }
    return JsonResponse(shown | ({"log": outcome.log} if isinstance(outcome, Failed) else {}))
