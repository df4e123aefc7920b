"""A call of the command line in this process, as a shell would see it."""

import io
import sys
from contextlib import chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass

import pytest

from autotune.cli.main import main


@dataclass(frozen=True)
class Done:
    """How a call ended."""

    returncode: int
    stdout: str
    stderr: str


def run(*arguments, stdin="", cwd="."):
    """Call it with text on its standard input, in a folder."""
    out, err, before = io.StringIO(), io.StringIO(), (sys.argv, sys.stdin)
    sys.argv, sys.stdin = ["autotune", *map(str, arguments)], io.StringIO(stdin)
    try:
        with (
            redirect_stdout(out), redirect_stderr(err), chdir(cwd),
            pytest.raises(SystemExit) as ended,
        ):  # fmt: skip
            main()
    finally:
        sys.argv, sys.stdin = before
    return Done(ended.value.code or 0, out.getvalue(), err.getvalue())
