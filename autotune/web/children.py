"""Verbs of the command line, each run as a process of its own, with limits, for its document."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any, TypeAlias

from pydantic import Field

from autotune.web.problems import Refusal

SECONDS = 120.0
"""How long a verb may take."""
WAITING_SECONDS = 30.0
CAVEAT = 1
Word: TypeAlias = Annotated[str, Field(max_length=200, pattern=r"^[^/\\\x00-\x1f]*$")]
"""A value that names no path."""
Scalar: TypeAlias = Annotated[float, Field(allow_inf_nan=False)] | Word


def flags(given: Mapping[str, Any]) -> Iterator[str]:
    """Options of a verb, each in one word, so that no value reads as another option."""
    for name, value in given.items():
        flag = f"--{name.replace('_', '-')}"
        for each in value if isinstance(value, list | tuple) else [value]:
            if each is True:
                yield flag
            elif each is not None and each is not False:
                yield f"{flag}={each!r}" if isinstance(each, float) else f"{flag}={each}"


class Children:
    """Runs verbs, a few at once."""

    def __init__(
        self,
        most: int,
        *,
        seconds: float = SECONDS,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """Run none yet.

        Args:
            most: How many run at once.
            seconds: How long each may take.
            environment: Variables that they have beside those of this process.
        """
        self._seconds = seconds
        self._environment = environment or {}
        self._room = asyncio.Semaphore(most)

    async def document(self, verb: Sequence[str], *, folder: Path) -> dict[str, Any]:
        """What `autotune VERB... --json` prints, with what it says beside.

        Args:
            verb: Its words.
            folder: The folder in which it runs.

        Raises:
            Refusal: If it refuses, finds nothing usable, takes too long, or too many run.
        """
        try:
            async with asyncio.timeout(WAITING_SECONDS):
                await self._room.acquire()
        except TimeoutError:
            raise Refusal(
                429, "others are being computed.", "Ask again later.", headers={"Retry-After": "10"}
            ) from None
        try:
            status, out, said = await self._run(verb, folder)
        finally:
            self._room.release()
        notes = said.strip().splitlines()
        if status not in (0, CAVEAT):
            raise _refusal(verb[0], notes)
        try:
            answer = json.loads(out)
        except ValueError:
            raise _refusal(verb[0], notes) from None
        return {"answer": answer, "caveat": status == CAVEAT, "notes": notes}

    async def _run(self, verb: Sequence[str], folder: Path) -> tuple[int, str, str]:
        child = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "autotune",
            *verb,
            "--json",
            cwd=folder,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
            env={**os.environ, **self._environment},
        )
        try:
            async with asyncio.timeout(self._seconds):
                out, said = await child.communicate()
        except TimeoutError:
            raise Refusal(
                422,
                f"autotune {verb[0]} took more than {self._seconds:g} s.",
                "Ask for less, or run it on the command line.",
            ) from None
        finally:
            if child.returncode is None:  # too slow, or nobody waits for it any more
                with suppress(ProcessLookupError):
                    os.killpg(child.pid, signal.SIGKILL)
                await child.wait()
        return child.returncode or 0, out.decode(errors="replace"), said.decode(errors="replace")


def _refusal(verb: str, notes: Sequence[str]) -> Refusal:
    """What a verb said when it refused: its last line, that of the error."""
    last = notes[-1] if notes else "it ended without a word."
    said = last.removeprefix(f"autotune {verb}: ")
    detail, _, hint = said.rpartition(". ")
    return Refusal(422, said, hint if detail else f"`autotune {verb} --help` explains the options.")
