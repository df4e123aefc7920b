"""The arguments of `autotune tune` as a job will pass them on: read, checked, made absolute."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer
import typer.main
from typer.exceptions import TyperException

from autotune import problem_file
from autotune.cli import storage_option, tune
from autotune.cli.tune_run import Aims, Place
from autotune.errors import InputError
from autotune.problem_options import split
from autotune.store import study as studies
from autotune.store.storage import FolderStorage
from autotune.store.study import Header


@dataclass(frozen=True, slots=True)
class TuneArguments:
    """A command line of `autotune tune` that was read.

    Attributes:
        words: The arguments, the storage made absolute.
        folder: The study's folder.
        given: Every parameter by name, defaults filled in.
        said: Names of the parameters that the user gave.
    """

    words: tuple[str, ...]
    folder: Path
    given: dict[str, Any]
    said: frozenset[str]

    def with_option(self, flag: str, value: str) -> "TuneArguments":
        """The same with one more option."""
        return TuneArguments((*self.words, flag, value), self.folder, self.given, self.said)


def read(arguments: Sequence[str]) -> TuneArguments:
    """Read the arguments of `autotune tune` as that command would, without running it.

    What can be seen to fail is refused here, before a job waits for hours to say so: unknown flags
    and values, a problem that cannot be loaded, a study that is of another problem.

    Raises:
        InputError, ProblemError, StoreError: As `autotune tune` would.
    """
    app = typer.Typer()
    tune.register(app)
    try:
        context = typer.main.get_command(app).make_context("tune", list(arguments))
    except TyperException as error:
        raise InputError(f"tune: {error.format_message()}") from None
    given = dict(context.params)
    said = frozenset(
        name
        for name in given
        if getattr(context.get_parameter_source(name), "name", "") == "COMMANDLINE"
    )
    file = problem_file.read(given["problem"])
    problem = Aims(given["and_minimize"], given["fidelity"], given["cost"], given["noise"]).of(
        file.build(split(given["options"] or []))
    )
    storage = storage_option.folder(Path(given["storage"])).absolute()
    kept = FolderStorage(storage)
    folder = kept.folder_of(Place(kept, given["study"]).name(problem))
    recorded = studies.read_header(folder)
    if recorded is not None:
        studies.must_agree(folder, recorded, Header.of(problem, file.origin))
    words = (*_without(arguments, "--storage"), "--storage", str(storage))
    return TuneArguments(words, folder, given, said)


def _without(arguments: Sequence[str], flag: str) -> list[str]:
    """The arguments without an option that takes a value."""
    kept: list[str] = []
    skip = False
    for word in arguments:
        if skip:
            skip = False
        elif word == flag:
            skip = True
        elif not word.startswith(f"{flag}="):
            kept.append(word)
    return kept
