"""`autotune status` and `autotune cancel`: a study's jobs, and how far it is."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from autotune.cli import console, storage_option
from autotune.cli.results import Json

if TYPE_CHECKING:
    from autotune.cli.status_view import StatusView
    from autotune.store.storage import Storage

Folder = Annotated[
    Path, typer.Option(help="The folder that holds the studies.", callback=storage_option.folder)
]
HERE = Path(storage_option.DEFAULT)
STATUS_EPILOG = """examples:

  autotune status

  autotune status moe_budget --watch

  autotune status moe_budget --json

The scheduler is asked first (squeue, then sacct, then scontrol; qstat), and the journals of the
study tell the rest: what ran is known even when no scheduler answers. On a server, the record
alone tells.
exit status: 0; 2 if there is no such study
"""
CANCEL_EPILOG = """examples:

  autotune cancel moe_budget

Running trials are lost, recorded ones are not: submit the study again to continue it.
exit status: 0 cancelled, or nothing was left to cancel; 2 no such study, or the scheduler refused
"""


def register(app: typer.Typer) -> None:
    """Add the verbs to the command line."""
    app.command("status", epilog=STATUS_EPILOG)(status)
    app.command("cancel", epilog=CANCEL_EPILOG)(cancel)


def status(
    study: Annotated[
        str | None, typer.Argument(help="A study's name; without one, every study is listed.")
    ] = None,
    storage: Annotated[str, typer.Option(help=storage_option.HELP)] = storage_option.DEFAULT,
    watch: Annotated[
        bool, typer.Option("--watch", help="Look again until no job is left.")
    ] = False,
    every: Annotated[
        str, typer.Option("--every", help="How often, with --watch: 10s, 1m.")
    ] = "30s",
    json: Json = False,
) -> None:
    """Show a study's jobs and trials: state, nodes, best, rate, utilisation, expected end."""
    from autotune.cli import screen
    from autotune.quantities import parse_seconds

    def look() -> bool:
        with storage_option.opened(storage) as opened:
            views, where = _views(opened, study), opened.where
        _print(views, where, alone=study is not None, json=json)
        return any(view.live for view in views)

    screen.watch(look, parse_seconds(every), again=watch, clear=not json)


def cancel(
    study: Annotated[str, typer.Argument(help="A study's name.")],
    storage: Folder = HERE,
    json: Json = False,
) -> None:
    """End every job of a study that is queued or runs."""
    from autotune.cli.status_view import view
    from autotune.launching import record
    from autotune.launching.factory import scheduler
    from autotune.launching.states import whole

    folder = _folder(storage, study)
    seen = view(folder)
    live = {whole(job.id) for job in seen.jobs if job.state.live}
    ended: list[str] = []
    for sent in record.submissions(folder):
        names = [name for name in sent.ids if whole(name) in live]
        if names:
            scheduler(sent.scheduler, folder).cancel(names)
            ended += names
    if json:
        console.emit_json({"study": study, "cancelled": ended, "notes": list(seen.notes)})
        return
    for note in seen.notes:
        console.talk(f"note: {note}")
    console.say(f"cancelled {', '.join(ended)}" if ended else f"no job of {study} is left to end")


def _views(storage: "Storage", study: str | None) -> "list[StatusView]":
    """One study or all; on a server, where nothing is submitted, by their records alone."""
    from autotune.cli.status_view import view, view_of
    from autotune.store.storage import FolderStorage, read

    if not isinstance(storage, FolderStorage):
        names = storage.names() if study is None else [study]
        return [view_of(read(storage, name)) for name in names]
    if study is not None:
        return [view(_folder(storage.folder, study))]
    return [view(folder) for folder in _folders(storage.folder)]


def _print(views: "list[StatusView]", storage: str, *, alone: bool, json: bool) -> None:
    if json:
        documents = [view.as_json() for view in views]
        many = {"storage": storage, "studies": documents}
        console.emit_json(documents[0] if alone else many)
    elif alone:
        console.say(views[0].as_text())
    elif not views:
        console.talk(f"no studies in {storage}")
    else:
        console.say(_table(views))


def _table(views: "list[StatusView]") -> str:
    rows = []
    for view in views:
        live = sum(job.tasks for job in view.jobs if job.state.live)
        wanted = "" if view.wanted is None else str(view.wanted)
        best = "" if view.best is None else f"{view.best.value:.6g}"
        rows.append(
            (
                view.folder.name, view.state, str(live), str(view.n_nodes), str(view.n_trials),
                wanted, str(view.n_failed), best,
            )
        )  # fmt: skip
    headers = ["study", "state", "jobs", "nodes", "trials", "of", "failed", "best"]
    return console.table(headers, rows, left=(0, 1))


def _folder(storage: Path, study: str) -> Path:
    """The folder of a study that has a record or jobs.

    Raises:
        InputError: If it has neither.
    """
    from autotune import checks

    known = [folder.name for folder in _folders(storage)]
    checks.one_of(f"study in {storage}:", study, known)
    return (storage / study).absolute()


def _folders(storage: Path) -> list[Path]:
    """The folders of all studies that have a record or jobs."""
    from autotune.store import study as studies

    submitted = {path.parent for path in storage.glob("*/jobs") if path.is_dir()}
    return sorted(submitted | set(studies.listing(storage)))
