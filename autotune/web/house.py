"""What the routes of one service share."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

from fastapi import Depends, Path, Request
from pydantic import BaseModel

from autotune.store.storage import Storage
from autotune.web.desks import Desks
from autotune.web.feeds import Feeds
from autotune.web.keys import Keys
from autotune.web.problems import Refusal

MOST_CHILDREN = 2


@dataclass(frozen=True, slots=True)
class House:
    """One service.

    Attributes:
        storage: Where the studies are.
        where: What `--storage` was, for the commands that it starts.
        keys: Who may come in.
        allow_submit: Whether anything may be changed: studies, saved fits, jobs.
        feeds: The studies as read.
        desks: The studies that workers work at.
        children: How many commands may run at once.
    """

    storage: Storage
    where: str
    keys: Keys
    allow_submit: bool
    feeds: Feeds
    desks: Desks
    children: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(MOST_CHILDREN))

    @classmethod
    def of(cls, storage: Storage, where: str, keys: Keys, *, allow_submit: bool) -> "House":
        """A service of a storage, with nothing read and no desk open."""
        return cls(storage, where, keys, allow_submit, Feeds(storage), Desks(storage))


def house(request: Request) -> House:
    """The service of a request."""
    found: House = request.app.state.house
    return found


def writable(request: Request) -> House:
    """The service of a request that changes something.

    Raises:
        Refusal: If it was not started with --allow-submit.
    """
    found = house(request)
    if not found.allow_submit:
        raise Refusal(
            403,
            "this service is read-only.",
            "Start it with `autotune serve --allow-submit`.",
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
