"""`autotune report`: studies, plans and fits as one HTML file that needs no network."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from autotune.cli import console, storage_option

if TYPE_CHECKING:
    from autotune.cli.subjects import Subjects
    from autotune.store.storage import Storage

EPILOG = """examples:

  autotune report report.html

  autotune report report.html --study moe_budget --trial 0001-0007 --trial 0001-0012

  autotune plan --flops 1e22 --law abnar2025 --sparsity 0.9 --json > plan.json

  autotune report report.html --plan plan.json --fit my-fit --runs runs.csv

Without --study, --fit and --plan, every study and fit of the storage is in it. The file is under
6 MB, asks for nothing over a network, and shows pictures where scripts do not run.

exit status: 0; 2 bad input, or too much for one file
"""


def register(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    app.command("report", epilog=EPILOG)(report)


def report(
    out: Annotated[Path, typer.Argument(help="The HTML file to write.")],
    study: Annotated[list[str] | None, typer.Option(help="A study's name; repeatable.")] = None,
    fit: Annotated[
        list[str] | None, typer.Option(help="A saved fit, by name or file; repeatable.")
    ] = None,
    plan: Annotated[
        list[Path] | None, typer.Option(help="What `plan --json` printed; repeatable.")
    ] = None,
    trial: Annotated[
        list[str] | None,
        typer.Option(help="Id of a trial to show beside the best and failed ones; repeatable."),
    ] = None,
    runs: Annotated[
        str | None, typer.Option(help="The table of runs that the fit was fitted to.")
    ] = None,
    where: Annotated[str, typer.Option(help="Rows of it that were fitted.")] = "",
    storage: Annotated[str, typer.Option(help=storage_option.HELP)] = storage_option.DEFAULT,
    linked: Annotated[bool, typer.Option("--linked", hidden=True)] = False,
    json: Annotated[bool, typer.Option("--json", help="Say what was written as JSON.")] = False,
) -> None:
    """Write studies, plans and fits as one HTML file that needs no network."""
    from autotune.cli import reporting_extra
    from autotune.errors import InputError

    reporting_extra.need("jinja2", "plotly", "matplotlib")
    if runs is not None and len(fit or ()) != 1:
        raise InputError("--runs belongs to one fit. Name it with --fit.")
    with storage_option.opened(storage) as opened:
        found = _named(study or [], fit or [], plan or [], storage=opened, runs=(runs, where))
    page = _page(found, trial or [], linked=linked)
    try:
        out.write_text(page, encoding="utf-8")
    except OSError as error:
        raise InputError(f"cannot write {out}: {error.strerror}. Name another.") from error
    size = len(page.encode())
    if json:
        console.emit_json({"report": str(out), "bytes": size})
    else:
        console.say(f"{out} ({size / 1e6:.1f} MB)")


def _named(
    studies: list[str], fits: list[str], plans: list[Path], *, storage: "Storage",
    runs: tuple[str | None, str],
) -> "Subjects":  # fmt: skip
    """What was named, or everything in the storage if nothing was."""
    from autotune.cli import plan_file, results_exchange, subjects
    from autotune.fits import files
    from autotune.fits.saved import SavedFit
    from autotune.store.storage import FolderStorage

    folder = storage_option.fits_of(storage)
    if not (studies or fits or plans):
        studies = storage.names()
        own = files.names(folder) if isinstance(storage, FolderStorage) else []
        fits = [
            name for name in own
            if isinstance(files.load_any(files.path_of(name, folder)), SavedFit)
        ]  # fmt: skip
    return subjects.Subjects(
        [results_exchange.read_study(storage, name) for name in studies],
        [subjects.fit(name, folder, runs=runs[0], where=runs[1]) for name in fits],
        [case for path in plans for case in plan_file.cases(path)],
    )


def _page(found: "Subjects", trials: list[str], *, linked: bool) -> str:
    """The page; a linked one is for the service, which has its style and scripts."""
    import shlex
    import sys
    from datetime import UTC, datetime

    from autotune.reporting.pages.report import Contents, build
    from autotune.store.storage import without_password

    by_name = {study.name: study for study in found.studies}
    return build(
        Contents(
            studies=found.studies, fits=found.fits, cases=found.cases,
            trials=list(dict.fromkeys(trials)),
            log=lambda study, trial: _log(by_name[study].log_file(trial)),
            command=shlex.join(["autotune", *map(without_password, sys.argv[1:])]),
            made_at=datetime.now(UTC).isoformat(" ", "seconds"), linked=linked,
        )
    )  # fmt: skip


def _log(path: Path | None) -> str:
    """The end of a trial's log, empty if there is none."""
    from autotune.reporting.pages.trial_view import TAIL

    if path is None:
        return ""
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - 4 * TAIL))
            return file.read().decode(errors="replace")
    except OSError:
        return ""
