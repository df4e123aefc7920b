"""The `autotune` command: its verbs, and the one place where errors become exit codes."""

import sys

import typer

from autotune.cli import (
    compare,
    data,
    doctor,
    fit,
    laws,
    plan,
    predict,
    problems,
    results,
    status,
    submit,
    tune,
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
    plan, laws, predict, fit, tune, submit, status, results, problems, doctor, data, compare,
)  # fmt: skip
for verb in VERBS:
    verb.register(app)


def main() -> None:
    """Run the command line; errors raised on purpose end in one line and their exit status."""
    try:
        app()
    except AutotuneError as error:
        verb = sys.argv[1] if len(sys.argv) > 1 else ""
        print(f"autotune {verb}: {error}", file=sys.stderr)
        raise SystemExit(error.exit_status) from None
