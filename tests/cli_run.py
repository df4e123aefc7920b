"""A call of the command line in this process, as a shell would see it."""

import io
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass

import pytest

from autotune.cli.main import main


@dataclass(frozen=True)
class Done:
    """How a call ended."""

    returncode: int
    stdout: str
    stderr: str


def run(*arguments):
    out, err, argv = io.StringIO(), io.StringIO(), sys.argv
    sys.argv = ["autotune", *map(str, arguments)]
    try:
        with redirect_stdout(out), redirect_stderr(err), pytest.raises(SystemExit) as ended:
            main()
    finally:
        sys.argv = argv
    return Done(ended.value.code or 0, out.getvalue(), err.getvalue())
