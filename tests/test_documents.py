"""Every command in the README and the guides works, and prints what is shown."""

import doctest
import os
import shlex
import subprocess
import sys
from pathlib import Path

import cli_run
import pytest
from commands import commands

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = [
    ROOT / "README.md",
    *sorted(path for path in (ROOT / "docs").glob("*.md") if path.name != "cli.md"),
]
SET_UP = ("git clone", "cd autotune", "make ", "pip install", "export ", "mpiexec ")
"""Lines that tests/test_installation.py runs in a clone, or tests/evaluators/test_mpi.py."""
OPTIONS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


SHELL = set("|&;<>$`*?#~")
"""Characters of lines that a shell has to read."""


@pytest.fixture
def environment(monkeypatch):
    """This interpreter's scripts first on PATH, and one BLAS thread."""
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent), prepend=os.pathsep)
    for name, value in (("NO_COLOR", "1"), ("COLUMNS", "100"), ("OMP_NUM_THREADS", "1")):
        monkeypatch.setenv(name, value)


def run(line, folder):
    """A line as a shell runs it; of the command alone in this process, which loads it once."""
    if line.startswith("autotune ") and not SHELL & set(line):
        return cli_run.run(*shlex.split(line.replace("\\\n", " "))[1:], cwd=folder)
    return subprocess.run(
        ["bash", "-c", line], cwd=folder, capture_output=True, text=True, timeout=300, check=False
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    "document",
    [
        pytest.param(path, marks=[pytest.mark.long] * (path.name == "guide.md"), id=path.name)
        for path in DOCUMENTS
    ],
)
@pytest.mark.usefixtures("environment")
def test_the_commands_of_a_document_work_in_order_and_print_what_it_shows(document, tmp_path):
    ran = 0
    for command in commands(document.read_text()):
        if command.line.startswith(SET_UP):
            continue
        done = run(command.line, tmp_path)
        assert done.returncode in (0, 1), f"{command.line}\n{done.stdout}{done.stderr}"
        assert "Traceback" not in done.stderr, done.stderr
        if command.shown.strip():
            printed = done.stdout  # talk on stderr is left out of the documents
            ok = doctest.OutputChecker().check_output(command.shown, printed, OPTIONS)
            assert ok, f"$ {command.line}\nshown:\n{command.shown}\nprinted:\n{printed}"
        ran += 1
    assert ran, f"{document.name} shows no command"
