"""`autotune worker`: evaluate trials that a service hands out over HTTP."""

from pathlib import Path
from typing import Annotated

import typer

EPILOG = """examples:

  autotune worker --url http://127.0.0.1:8765 --problem moe_budget --max-evals 200

  autotune worker --url unix:/home/me/.autotune.sock --problem my/problem.py --workers 4

Any number of workers, on any machines, work at one study. The service proposes and records; a
worker needs the problem and the token file. A worker that vanishes loses its trials to the others
after a minute. A service that is away is waited for, and what was measured is told when it is back.
The first worker decides how the service searches; --max-evals may grow.

exit status: 0 the study is complete; 2 bad input, or the service is away for too long;
130 interrupted
"""


def register(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    app.command("worker", epilog=EPILOG)(worker)


def worker(
    url: Annotated[str, typer.Option("--url", help="The service: http://HOST:PORT, or unix:FILE.")],
    problem: Annotated[
        str, typer.Option("--problem", help="A name of `autotune problems`, or a path.")
    ],
    options: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="Option of the problem; repeatable."),
    ] = None,
    study: Annotated[
        str | None, typer.Option("--study", help="Name of the record.  [default: the problem's]")
    ] = None,
    max_evals: Annotated[
        int, typer.Option("--max-evals", help="Trials the study holds in the end.", min=1)
    ] = 100,
    workers: Annotated[int, typer.Option("--workers", help="Trials at once.", min=1)] = 1,
    trial_timeout: Annotated[
        str | None, typer.Option("--trial-timeout", help="End a trial after this long.")
    ] = None,
    learner: Annotated[
        str, typer.Option("--learner", help="auto, GP, RF, ET, GBRT or random.")
    ] = "auto",
    seed: Annotated[int, typer.Option("--seed", help="Seed of the search.")] = 12345,
    token_file: Annotated[
        Path | None,
        typer.Option(help="Where the token is.  [default: ~/.config/autotune/token]"),
    ] = None,
    patience: Annotated[
        str, typer.Option("--patience", help="How long the service may be away.")
    ] = "10m",
    scratch: Annotated[
        Path | None,
        typer.Option(help="Folder in which trials run.  [default: a temporary one]"),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Evaluate trials that a service hands out, until the study is complete."""
    from autotune.cli import console, worker_run
    from autotune.problem_options import split
    from autotune.quantities import parse_seconds

    job = worker_run.Job(
        url=url,
        problem=problem,
        options=split(options or []),
        study=study,
        max_evals=max_evals,
        workers=workers,
        trial_seconds=parse_seconds(trial_timeout) if trial_timeout else None,
        search={"learner": learner, "seed": seed},
        token_file=token_file,
        patience=parse_seconds(patience),
        scratch=scratch,
    )
    result = worker_run.run(job)
    if json:
        console.emit_json(result.as_json())
    else:
        console.say(result.as_text())
    raise typer.Exit(result.exit_status)
