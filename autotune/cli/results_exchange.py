"""`autotune results export` and `import`: studies to and from other tools' files."""

import os
import sys
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from autotune.cli import console, storage_option

if TYPE_CHECKING:
    from autotune.store.storage import Storage
    from autotune.store.study import Header, Study
    from autotune.store.table import Known

EXPORT_EPILOG = """examples:

  autotune results export moe_budget > trials.csv

  autotune results export moe_budget --csv trials.csv

  autotune results export moe_budget --style ytopt --out exported/

  autotune results export moe_budget --style optuna --out sqlite:///optuna.db

The CSV has the columns trial, status, objective, seconds, worker, submitted_at, finished_at,
p:NAME for each parameter, m:NAME for each metric, and error. Failed trials have no objective.
"""
IMPORT_EPILOG = """examples:

  autotune results import results.csv --study old_runs

  autotune results import results.csv --study moe_budget --problem moe_budget --set flops=1e21

FILE is a results.csv of ytopt or DeepHyper, told apart by its columns. DeepHyper maximises: its
objective changes sign. With --problem, values are checked against its space, and
`autotune tune` with the same problem and study continues from them.
"""
STYLES = ("csv", "ytopt", "optuna")


def register(app: typer.Typer) -> None:
    """Add the two to the verb."""
    app.command("export", epilog=EXPORT_EPILOG)(export)
    app.command("import", epilog=IMPORT_EPILOG)(import_)


def open_study(storage: str, name: str) -> "Study":
    """Read a study by name, and talk about what is odd about its record.

    Raises:
        InputError: If there is none of that name; the message names the nearest.
        StoreError: If its record is damaged.
    """
    with storage_option.opened(storage) as opened:
        return read_study(opened, name)


def read_study(storage: "Storage", name: str) -> "Study":
    """As `open_study`, of a storage that is open."""
    from autotune.store.storage import read

    study = read(storage, name)
    for note in study.notes:
        console.talk(f"note: {note}")
    return study


def export(
    study: Annotated[str, typer.Argument(help="A study's name.")],
    csv: Annotated[
        Path | None, typer.Option(help="Write a CSV there; without it, to stdout.")
    ] = None,
    style: Annotated[str, typer.Option(help="csv, ytopt or optuna.")] = "csv",
    out: Annotated[
        str | None, typer.Option(help="ytopt: a folder; optuna: a storage URL or a journal file.")
    ] = None,
    storage: Annotated[str, typer.Option(help=storage_option.HELP)] = storage_option.DEFAULT,
    json: Annotated[bool, typer.Option("--json", help="Say what was written as JSON.")] = False,
) -> None:
    """Export a study: as CSV, as ytopt's result files, or into an Optuna storage."""
    from autotune import checks
    from autotune.errors import InputError

    checks.one_of("style", style, STYLES)
    if style != "csv" and (out is None or csv is not None):
        raise InputError(f"--style {style} needs --out, and takes no --csv.")
    if style == "csv" and (out is not None or (json and csv is None)):
        raise InputError("a CSV goes to --csv FILE, or to stdout without --json.")
    record = open_study(storage, study)
    try:
        written = _write(record, csv, style, out or "")
    except OSError as error:
        raise InputError(f"cannot write {out or csv}: {error.strerror}.") from error
    if json:
        place = str(csv) if out is None else out
        console.emit_json({"study": record.name, "style": style, "out": place, "trials": written})
    elif out is not None or csv is not None:
        console.talk(f"{written} trials written to {out or csv}")


def _write(study: "Study", csv: Path | None, style: str, out: str) -> int:
    n = len(study.outcomes)
    if style == "ytopt":
        from autotune.interop import ytopt
        from autotune.store import table

        parameters, _ = table.columns(study)
        left_out = ytopt.export(study.outcomes, parameters, Path(out))
        if left_out:
            console.talk(f"{left_out} failed trials are left out: ytopt has no word for them")
        return n - left_out
    if style == "optuna":
        from autotune.interop import optuna

        return optuna.export(study.outcomes, study.header.space, name=study.name, storage=out)
    from autotune.store import table

    known = _phase_of(study)
    if csv is None:
        try:
            table.write_csv(study, sys.stdout, known=known)
            sys.stdout.flush()
        except BrokenPipeError:  # the reader, `head` perhaps, has seen enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    else:
        with csv.open("w", newline="", encoding="utf-8") as file:
            table.write_csv(study, file, known=known)
    return n


def _phase_of(study: "Study") -> "Known":
    """The phase of failed trials, which their problem knows; nothing where none has any."""
    from autotune import problem_file
    from autotune.errors import AutotuneError
    from autotune.phase import METRIC

    completed = study.completed
    phased = any(METRIC in outcome.metrics for outcome in completed)
    if not phased or len(completed) == len(study.outcomes):
        return lambda _: {}
    try:
        options = {name: str(value) for name, value in study.header.options.items()}
        problem = problem_file.load(study.header.file, options)
    except AutotuneError as error:
        console.talk(f"failed trials have no phase: their problem cannot be loaded: {error}")
        return lambda _: {}
    return lambda config: {METRIC: problem.phase(config) + 1.0}


def import_(
    file: Annotated[Path, typer.Argument(help="A results.csv of ytopt or DeepHyper.")],
    study: Annotated[str, typer.Option(help="The study to add the outcomes to.")],
    problem: Annotated[
        str | None, typer.Option(help="The problem they are of: a name or a path.")
    ] = None,
    options: Annotated[
        list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="Its options.")
    ] = None,
    storage: Annotated[str, typer.Option(help=storage_option.HELP)] = storage_option.DEFAULT,
    json: Annotated[bool, typer.Option("--json", help="Say what was read as JSON.")] = False,
) -> None:
    """Import finished trials from another tool's results.csv into a study."""
    from autotune.interop import ytopt
    from autotune.store.storage import read
    from autotune.trials import Completed

    with storage_option.opened(storage) as kept:
        folder = kept.folder_of(study)
        known = read(kept, study) if study in kept.names() else None
        header = _header(known, study, problem, options or [])
        outcomes = ytopt.read_results(file, header.space)
        source = _not_twice(file, known)
        with kept.join(study, header, start=source, label="import") as store:
            named = [replace(each, trial=store.trial(each.trial.config)) for each in outcomes]
            store.append(*named)
            writer = store.writer
        place = str(folder or f"{study} at {kept.where}")
    completed = sum(isinstance(outcome, Completed) for outcome in outcomes)
    failed = len(outcomes) - completed
    if json:
        console.emit_json(
            {"study": study, "writer": writer, "completed": completed, "failed": failed}
        )
    else:
        console.talk(f"{completed} completed and {failed} failed trials imported to {place}")


def _header(known: "Study | None", name: str, problem: str | None, options: list[str]) -> "Header":
    """What the imported trials are of: a problem, or whatever the study is of already."""
    from autotune.errors import InputError
    from autotune.store.study import Header

    if problem is None:
        if options:
            raise InputError("--set is for the options of a --problem.")
        return Header(problem=name) if known is None else known.header
    from autotune import problem_file, problem_options

    loaded = problem_file.read(problem)
    return Header.of(loaded.build(problem_options.split(options)), loaded.origin)


def _not_twice(file: Path, known: "Study | None") -> dict[str, str]:
    """Where imported trials come from, unless the study has them already."""
    from autotune.errors import InputError

    source = {"imported": str(file.resolve()), "sha256": sha256(file.read_bytes()).hexdigest()}
    if known is None:
        return source
    for job in known.jobs:
        if job.get("search", {}).get("sha256") == source["sha256"]:
            raise InputError(f"{file} was imported into {known.place} already.")
    return source
