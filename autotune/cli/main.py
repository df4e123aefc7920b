"""The `autotune` command: its verbs, and the one place where errors become exit codes."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import typer

from autotune.cli import (
    compare,
    count,
    data,
    design,
    doctor,
    fit,
    ladder,
    laws,
    plan,
    predict,
    problems,
    report,
    results,
    serve,
    status,
    study,
    submit,
    suggest,
    train,
    tune,
    tune_evaluator,
    worker,
)
from autotune.errors import AutotuneError

app = typer.Typer(
    name="autotune",
    help="Plan and autotune the pre-training of dense and sparse language models.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
VERBS = (
    plan, laws, predict, count, design, fit, compare, suggest, study, train, ladder, tune, submit,
    status, results, report, serve, worker, problems, data, doctor,
)  # fmt: skip
for verb in VERBS:
    verb.register(app)


def main() -> None:
    """Run the command line, on rank 0 if MPI started several processes to run trials.

    Errors raised on purpose end in one line and their exit status.
    """
    verb = sys.argv[1] if len(sys.argv) > 1 else ""
    with _errors(verb):
        world = tune_evaluator.world() if verb in ("tune", "study") else None
    if world is None:
        _run(verb, None)
    else:
        tune_evaluator.run_on_ranks(world, lambda: _run(verb, world))


def _run(verb: str, world: object) -> None:
    with _errors(verb):
        app(obj=world)


@contextmanager
def _errors(verb: str) -> Iterator[None]:
    try:
        yield
    except AutotuneError as error:
        print(f"autotune {verb}: {error}", file=sys.stderr)
        raise SystemExit(error.exit_status) from None
