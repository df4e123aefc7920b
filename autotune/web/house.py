"""What the routes of one service share."""

import time
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import Depends, Path, Request
from pydantic import BaseModel

from autotune.store.storage import FolderStorage, Storage
from autotune.web.children import Children
from autotune.web.desks import Desks
from autotune.web.feeds import Feeds
from autotune.web.keys import Keys
from autotune.web.problems import Refusal

MOST_CHILDREN = 2
MOST_DRAWN = 16


class House:
    """One service.

    Attributes:
        storage: Where the studies are.
        folder: The same if it is a folder, absolute; saved fits and jobs lie there.
        keys: Who may come in.
        allow_submit: Whether anything may be changed: studies, saved fits, jobs.
        feeds: The studies as read.
        desks: The studies that workers work at.
        children: What runs verbs of the command line.
        drawn: The last pages with figures, by what they show.
        listening: Streams of events that are open.
        stirred: When something last happened, on the monotonic clock.
    """

    def __init__(self, storage: Storage, keys: Keys, *, allow_submit: bool) -> None:
        """Begin with nothing read and no desk open."""
        self.storage, self.keys, self.allow_submit = storage, keys, allow_submit
        self.folder = storage.folder.absolute() if isinstance(storage, FolderStorage) else None
        self.feeds, self.desks = Feeds(storage), Desks(storage)
        self.children = Children(MOST_CHILDREN, environment=storage.environment)
        self.drawn: dict[str, str] = {}
        self.listening = 0
        self.stir()

    def stir(self) -> None:
        """Note that something happened."""
        self.stirred = time.monotonic()

    def keep(self, key: str, page: str) -> None:
        """Keep a page with figures, in place of the one kept for longest."""
        while len(self.drawn) >= MOST_DRAWN:
            del self.drawn[next(iter(self.drawn))]
        self.drawn[key] = page

    def listen(self, more: int) -> None:
        """Note that a stream was opened, +1, or closed, -1."""
        self.listening += more


def house(request: Request) -> House:
    """The service of a request."""
    found: House = request.app.state.house
    return found


def writable(request: Request) -> House:
    """The service of a request that changes something.

    Raises:
        Refusal: If it was not started with --allow-submit.
    """
    return must_be_writable(house(request))


def must_be_writable(found: House) -> House:
    """Return a service that may change something.

    Raises:
        Refusal: If it was not started with --allow-submit.
    """
    if not found.allow_submit:
        raise Refusal(
            403, "this service is read-only.", "Start it with `autotune serve --allow-submit`."
        )
    return found


Here = Annotated[House, Depends(house)]
Writable = Annotated[House, Depends(writable)]
StudyName = Annotated[str, Path(max_length=200, description="A study's name.")]


class ProblemModel(BaseModel):
    """Why a request failed (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    hint: str = ""


def failures(*statuses: int) -> Mapping[int | str, dict[str, Any]]:
    """The answers of a route other than success, for OpenAPI."""
    always = (400, 401, 408, 413, 422)
    content = {"application/problem+json": {"schema": ProblemModel.model_json_schema()}}
    return {
        status: {"description": "Refused.", "content": content}
        for status in sorted({*always, *statuses})
    }
