"""The arguments of a verb as a job will pass them on: read, checked, made absolute."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import typer
import typer.main
from typer.exceptions import TyperException

from autotune import problem_file
from autotune.cli import storage_option, study, study_run, tune
from autotune.cli.option import stated
from autotune.cli.tune_run import Aims, Place
from autotune.errors import InputError
from autotune.problem import Problem
from autotune.problem_options import split
from autotune.store import study as studies
from autotune.store.storage import FolderStorage
from autotune.store.study import Header
from autotune.suggestion.offer import as_runs

VERBS = {"tune": tune, "study": study}


@dataclass(frozen=True, slots=True)
class JobArguments:
    """A command line that was read.

    Attributes:
        verb: `tune` or `study`.
        words: The arguments, the storage made absolute.
        folder: The study's folder.
        given: Every parameter by name, defaults filled in.
        said: Names of the parameters that the user gave.
    """

    verb: str
    words: tuple[str, ...]
    folder: Path
    given: dict[str, Any]
    said: frozenset[str]

    def with_option(self, flag: str, value: str) -> "JobArguments":
        """The same with one more option."""
        return replace(self, words=(*self.words, flag, value))


def read(verb: str, arguments: Sequence[str]) -> JobArguments:
    """Read the arguments of a verb as that command would, without running it.

    What can be seen to fail is refused here, before a job waits for hours to say so: unknown flags
    and values, a problem that cannot be loaded, a study that is of another problem.

    Raises:
        InputError, ProblemError, StoreError: As the verb would.
    """
    app = typer.Typer()
    VERBS[verb].register(app)
    try:
        context = typer.main.get_command(app).make_context(verb, list(arguments))
    except TyperException as error:
        raise InputError(f"{verb}: {error.format_message()}") from None
    given = dict(context.params)
    said = stated(cast(typer.Context, context))  # typer's own, which it does not say
    file = problem_file.read(given["problem"])
    problem = file.build(split(given["options"] or []))
    if verb == "tune":
        aims = Aims(given["and_minimize"], given["fidelity"], given["cost"], given["noise"])
        problem, name = aims.of(problem), given["study"]
    else:
        _must_train(problem, given)
        name = given["name"]
    storage = storage_option.folder(Path(given["storage"])).absolute()
    kept = FolderStorage(storage)
    folder = kept.folder_of(Place(kept, name).name(problem))
    recorded = studies.read_header(folder)
    if recorded is not None:
        studies.must_agree(folder, recorded, Header.of(problem, file.origin))
    words = (*_without(arguments, "--storage"), "--storage", str(storage))
    return JobArguments(verb, words, folder, given, said)


def _must_train(problem: Problem, given: Mapping[str, Any]) -> None:
    """Refuse what `autotune study` would: an aim that cannot be read, a problem without runs."""
    study_run.aim({key: value for key, value in given.items() if value is not None})
    as_runs(problem, [problem.defaults])


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
