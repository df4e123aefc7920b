"""Routes: what happens in a study, as it happens (server-sent events)."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

from fastapi import APIRouter, Request, Response
from starlette.responses import StreamingResponse

from autotune.reporting import numbers
from autotune.store.feed import Feed
from autotune.web import study_view
from autotune.web.house import Here, House, StudyName, failures
from autotune.web.problems import Refusal, finite

router = APIRouter(prefix="/api/studies", tags=["studies"], responses={**failures(404, 409, 429)})
LOOK_SECONDS = 1.0
QUIET_LOOKS = 15  # looks without news after which a comment keeps the connection open
MOST_TRIALS = 100
MOST_LISTENERS = 50


@router.get(
    "/{study}/events",
    summary="Live progress",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}}},
)
async def events(here: Here, request: Request, study: StudyName, limit: int = 0) -> Response:
    """Events `progress` (counts, best) and `trials` (those that are new), as journals grow.

    The first `progress` comes at once. `limit` ends the stream after so many looks; 0 never does.
    """
    if here.listening >= MOST_LISTENERS:
        raise Refusal(
            429,
            f"{MOST_LISTENERS} listen already.",
            "Close some pages.",
            headers={"Retry-After": "60"},
        )
    feed = await asyncio.to_thread(here.feeds.get, study)
    return StreamingResponse(_stream(here, request, feed, limit), media_type="text/event-stream")


async def _stream(here: House, request: Request, feed: Feed, limit: int) -> AsyncIterator[str]:
    here.listen(1)
    try:
        seen, quiet, looks = len(feed.outcomes), 0, 0
        last = _progress(feed)
        yield _event("progress", last, place=seen)
        while looks != limit - 1 and not await request.is_disconnected():
            looks += 1
            await asyncio.sleep(LOOK_SECONDS)
            n = await asyncio.to_thread(feed.refresh)
            now = _progress(feed)
            quiet = quiet + 1 if now == last else 0
            if n > seen:
                rows = [
                    study_view.row(each) for each in feed.outcomes[max(seen, n - MOST_TRIALS) : n]
                ]
                yield _event("trials", rows, place=n)
            if now != last:
                yield _event("progress", now, place=n)
                here.stir()
            elif quiet >= QUIET_LOOKS:
                quiet = 0
                yield ": nothing new\n\n"
            seen, last = n, now
    finally:
        here.listen(-1)


def _progress(feed: Feed) -> dict[str, Any]:
    """The figures of a study, and its best value as pages write it."""
    best, unit = feed.best, feed.header.unit
    text = "" if best is None else numbers.said(best.value, unit, digits=8)
    return study_view.brief(feed) | {"best_text": text}


def _event(name: str, data: Any, *, place: int) -> str:  # noqa: ANN401 - any JSON value
    return f"event: {name}\nid: {place}\ndata: {json.dumps(finite(data), allow_nan=False)}\n\n"
