"""Verbs of the command line as the routes ask for them."""

import asyncio
import json
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from autotune.web.house import House

PAGE, PLAN = "page.html", "plan.json"


async def answer(
    here: House, verb: str, *words: str, files: Mapping[str, bytes] | None = None
) -> dict[str, Any]:
    """What a verb says of laws and fits, in a folder that holds the given files and nothing else.

    So no other name is a file's.
    """
    async with scratch() as folder:
        for name, content in (files or {}).items():
            await asyncio.to_thread((folder / name).write_bytes, content)
        words = (verb, *words, *_folder(here))
        return await here.children.document(words, folder=folder)


async def report(here: House, *words: str, plan: Sequence[str] = (), linked: bool = False) -> str:
    """A page that `autotune report` writes.

    Args:
        here: The service.
        words: What it is of.
        plan: Options of `autotune plan`, for a page of what it finds.
        linked: Whether the page takes its style and scripts from this service.

    Raises:
        Refusal: If a verb refuses.
    """
    more = ("--linked",) if linked else ()
    async with scratch() as folder:
        if plan:
            asked = ("plan", *plan, *_folder(here))
            document = await here.children.document(asked, folder=folder)
            await asyncio.to_thread((folder / PLAN).write_text, json.dumps(document["answer"]))
            words = (*words, f"--plan={PLAN}")
        asked = ("report", PAGE, *words, *more, f"--storage={here.storage.address}")
        await here.children.document(asked, folder=folder)
        return await asyncio.to_thread((folder / PAGE).read_text, "utf-8")


@asynccontextmanager
async def scratch() -> AsyncIterator[Path]:
    """An empty folder to run a verb in."""
    made: Any = await asyncio.to_thread(tempfile.TemporaryDirectory, prefix="autotune-serve-")
    try:
        yield Path(made.name)
    finally:
        await asyncio.to_thread(made.cleanup)


def _folder(here: House) -> tuple[str, ...]:
    """The folder of saved fits, for a verb of laws; a server keeps none."""
    return () if here.folder is None else (f"--storage={here.folder}",)
