"""`autotune results`: what was recorded, and the best of it."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from autotune.cli import (
    best_view,
    console,
    phase_view,
    results_exchange,
    results_plot,
    sparkline,
    storage_option,
    tune_prior,
)
from autotune.cli.fidelity_view import fidelity_view
from autotune.cli.pareto_view import pareto_view

if TYPE_CHECKING:
    from autotune.problem import Reference
    from autotune.store.study import Study
    from autotune.trials import Completed, Failed

LIST_EPILOG = """examples:

  autotune results list

  autotune results list --storage /scratch/me/results --json

  autotune results list --storage postgresql://me@db.example.org/autotune
"""
SHOW_EPILOG = """examples:

  autotune results show moe_budget

  autotune results show moe_budget --watch --every 10s

  autotune results show moe_budget --json

Exit status: 0; 2 if there is no such study, or its record is damaged.
"""
BEST_EPILOG = """examples:

  autotune results best moe_budget

  autotune results best moe_budget --top 5 --json

The best are the least objectives of completed trials; a failed trial is never one of them.
Where the latest job knew the noise (`tune --noise`), they are the configurations of least mean.
With two objectives the Pareto front follows.
Exit status: 0; 2 if there is no such study; 3 if no trial has completed.
"""
FAILURES_EPILOG = """examples:

  autotune results failures moe_budget

  autotune results failures moe_budget --json
"""

app = typer.Typer(
    help="Browse, draw, export and import recorded studies.",
    epilog="examples:\n\n  autotune results list\n\n  autotune results show moe_budget\n\n"
    "  autotune results export moe_budget --csv trials.csv",
    no_args_is_help=True,
)
results_exchange.register(app)
results_plot.register(app)

StudyName = Annotated[str, typer.Argument(help="A study's name, see `autotune results list`.")]
Storage = Annotated[str, typer.Option(help=storage_option.HELP)]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
HERE = storage_option.DEFAULT


def register(parent: typer.Typer) -> None:
    """Add the verb to the command line."""
    parent.add_typer(app, name="results")


@app.command("list", epilog=LIST_EPILOG)
def list_(storage: Storage = HERE, json: Json = False) -> None:
    """List the studies of a storage: their problem, trials and best value."""
    from autotune.store.storage import read

    with storage_option.opened(storage) as opened:
        found, where = [read(opened, name) for name in opened.names()], opened.where
    if json:
        console.emit_json({"storage": where, "studies": [_brief(each) for each in found]})
        return
    if not found:
        console.talk(f"no studies in {where}")
        return
    rows = [
        (
            study.name,
            study.header.problem,
            str(len(study.outcomes)),
            str(len(study.outcomes) - len(study.completed)),
            f"{study.best.value:.6g}" if study.best else "",
            study.header.unit,
            study.header.created_at[:10],
        )
        for study in found
    ]
    headers = ["study", "problem", "trials", "failed", "best", "unit", "created"]
    console.say(console.table(headers, rows, left=(0, 1, 5, 6)))


@app.command(epilog=SHOW_EPILOG)
def show(
    study: StudyName,
    storage: Storage = HERE,
    watch: Annotated[
        bool, typer.Option("--watch", help="Look again until it no longer runs.")
    ] = False,
    every: Annotated[
        str, typer.Option("--every", help="How often, with --watch: 10s, 1m.")
    ] = "30s",
    json: Json = False,
) -> None:
    """Show a study: trials, failures by kind, and the best found beside the best known."""
    from autotune.cli import screen
    from autotune.quantities import parse_seconds

    pause = parse_seconds(every)

    def look() -> bool:
        record = results_exchange.open_study(storage, study)
        _show(record, json=json)
        return bool(record.running)

    screen.watch(look, pause, again=watch, clear=not json)


def _show(record: "Study", *, json: bool) -> None:
    known, why_not = _best_known(record)
    gap = best_view.gap_percent(record.best, known)
    if json:
        console.emit_json(
            _brief(record)
            | {
                "options": record.header.options,
                "prior": record.header.prior,
                "best": None if record.best is None else _completed(record.best),
                "best_known": None if known is None else asdict(known),
                "best_known_note": why_not,
                "gap_percent": gap,
                "pareto": _pareto(record),
                "phases": phase_view.record(record),
                "fidelity": None if (at := fidelity_view(record)) is None else at.as_json(),
                "units": record.header.units,
                "jobs": record.jobs,
                "versions": record.header.versions,
            }
        )
        return
    console.say(_heading(record))
    if (fidelity := fidelity_view(record)) is not None:
        console.say(fidelity.as_text())
    if record.best:
        console.say(sparkline.best_so_far(record))
        console.say()
        console.say(_table(record, [record.best]))
        console.say()
        console.say(best_view.against_known(record.best, known, why_not=why_not))
        for line in best_view.without_search(known):
            console.say(line)
    _say_front(record)


@app.command(epilog=BEST_EPILOG)
def best(
    study: StudyName,
    top: Annotated[int, typer.Option(help="How many.", min=1)] = 1,
    storage: Storage = HERE,
    json: Json = False,
) -> None:
    """Show the best feasible trials: parameters and metrics by name, with units."""
    from autotune.cli.ranking import ranking

    record = results_exchange.open_study(storage, study)
    found = ranking(record, top)
    if json:
        header = record.header
        console.emit_json(
            {
                "study": record.name,
                "unit": header.unit,
                "units": header.units,
                "best": found.as_json(),
                "pareto": _pareto(record),
            }
        )
    elif found.found:
        console.say(found.as_text())
        _say_front(record)
    if not found.found:
        where = " at the target" if record.completed else ""
        failed = len(record.outcomes) - len(record.completed)
        console.talk(f"no trial of {record.name} has completed{where} ({failed} failed)")
        raise typer.Exit(3)


@app.command(epilog=FAILURES_EPILOG)
def failures(study: StudyName, storage: Storage = HERE, json: Json = False) -> None:
    """Show the failed trials: kind, detail, and where the log lies."""
    record = results_exchange.open_study(storage, study)
    failed = _failed(record)
    if json:
        console.emit_json(
            {
                "study": record.name,
                "trials": len(record.outcomes),
                "failures": dict(_kinds(record)),
                "failed": [_failure(record, each) for each in failed],
            }
        )
        return
    if not failed:
        console.say(f"none of {len(record.outcomes)} trials failed")
        return
    rows = [
        (
            each.trial.id,
            each.kind.value,
            f"{each.timing.seconds:.3g}",
            each.detail,
            _log(record, each),
        )
        for each in failed
    ]
    console.say(
        console.table(["trial", "kind", "seconds", "detail", "log"], rows, left=(0, 1, 3, 4))
    )
    console.say(f"\n{len(failed)} of {len(record.outcomes)} trials failed: {_kinds_text(record)}")


def _best_known(study: "Study") -> "tuple[Reference | None, str]":
    """What the study's problem says is best, or why it says nothing."""
    from autotune import problem_file
    from autotune.errors import AutotuneError

    if not study.header.file:
        return None, "the study was imported without a problem"
    options = {name: str(value) for name, value in study.header.options.items()}
    try:
        known = problem_file.load(study.header.file, options).best_known()
    except AutotuneError as error:
        return None, f"its problem cannot be loaded: {error}"
    return known, "" if known else "its problem knows none"


def _heading(study: "Study") -> str:
    header = study.header
    options = ", ".join(f"{name}={console.short(v)}" for name, v in header.options.items())
    n, failed = len(study.outcomes), len(_failed(study))
    lines = [
        f"{study.name}: {header.problem}" + (f" with {options}" if options else ""),
        *([f"began with {tune_prior.text(header.prior)}"] if header.prior else []),
        f"{n} trials, {n - failed} completed, {failed} failed"
        + (f" ({_kinds_text(study)})" if failed else ""),
        *_unfinished(study),
        *filter(None, [phase_view.line(study)]),
        f"{len(study.jobs)} job{'' if len(study.jobs) == 1 else 's'} since {header.created_at}, "
        f"recorded in {study.place}",
    ]
    return "\n".join(lines)


def _unfinished(study: "Study") -> list[str]:
    """What is begun and has no outcome, and which trials ran more than once; if there is any."""
    again = sum(outcome.trial.attempt > 1 for outcome in study.outcomes)
    said = [
        f"{len(study.running)} running" if study.running else "",
        f"{len(study.interrupted)} interrupted, to run again" if study.interrupted else "",
        f"{again} completed or failed after an interruption" if again else "",
    ]
    return [", ".join(filter(None, said))] if any(said) else []


def _pareto(study: "Study") -> dict[str, Any] | None:
    view = pareto_view(study)
    return None if view is None else view.as_json()


def _say_front(study: "Study") -> None:
    if (view := pareto_view(study)) is not None:
        console.say(f"\n{view.as_text()}")


def _table(study: "Study", found: "list[Completed]") -> str:
    return best_view.table(found, study.header.unit, study.header.units)


def _brief(study: "Study") -> dict[str, Any]:
    return {
        "study": study.name,
        "folder": None if study.server else str(study.folder),
        "place": study.place,
        "problem": study.header.problem,
        "created_at": study.header.created_at,
        "unit": study.header.unit,
        "trials": {
            "total": len(study.outcomes),
            "completed": len(study.completed),
            "failed": len(study.outcomes) - len(study.completed),
        },
        "running": [trial.id for trial in study.running],
        "interrupted": [trial.id for trial in study.interrupted],
        "failures": dict(_kinds(study)),
        "best_value": study.best.value if study.best else None,
        "notes": list(study.notes),
    }


def _completed(outcome: "Completed") -> dict[str, Any]:
    from autotune.trials import to_json

    return to_json(outcome)


def _failure(study: "Study", outcome: "Failed") -> dict[str, Any]:
    from autotune.trials import to_json

    return to_json(outcome) | {"log_file": _log(study, outcome)}


def _failed(study: "Study") -> "list[Failed]":
    from autotune.trials import Failed

    return [outcome for outcome in study.outcomes if isinstance(outcome, Failed)]


def _kinds(study: "Study") -> Mapping[str, int]:
    return Counter(outcome.kind.value for outcome in _failed(study))


def _kinds_text(study: "Study") -> str:
    return ", ".join(f"{n} {kind}" for kind, n in sorted(_kinds(study).items()))


def _log(study: "Study", outcome: "Failed") -> str:
    return str(study.log_file(outcome.trial.id) or "")
