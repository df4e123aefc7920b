"""The `autotune` command: its verbs, and the one place where errors become exit codes."""

import signal
import sys
from types import FrameType

import typer

from autotune.cli import (
    compare,
    console,
    data,
    doctor,
    fit,
    laws,
    plan,
    predict,
    problems,
    results,
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
for verb in (plan, laws, predict, fit, tune, results, problems, doctor, data, compare):
    verb.register(app)


def main() -> None:
    """Run the command line; errors raised on purpose end in one line and their exit status."""
    signal.signal(signal.SIGINT, _interrupted)
    try:
        app()
    except AutotuneError as error:
        verb = sys.argv[1] if len(sys.argv) > 1 else ""
        print(f"autotune {verb}: {error}", file=sys.stderr)
        raise SystemExit(error.exit_status) from None


def _interrupted(number: int, frame: FrameType | None) -> None:
    """End with the status of an interrupt; Typer would make a KeyboardInterrupt status 1."""
    del number, frame
    raise SystemExit(console.INTERRUPTED)
