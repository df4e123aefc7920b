"""A PostgreSQL server of the tests' own, from the machine's package."""

import os
import pwd
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path

import pytest


def _program(name):
    found = shutil.which(name)
    places = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return found or (str(places[-1]) if places else None)


def _user():
    """Who may run a server: not root."""
    if os.getuid() != 0:
        return pwd.getpwuid(os.getuid()).pw_name
    try:
        return pwd.getpwnam("postgres").pw_name
    except KeyError:
        return None


@contextmanager
def postgres(*settings):
    """Yield the address of a server that is gone afterwards; skip the test without the package."""
    pytest.importorskip("sqlalchemy")
    pytest.importorskip("psycopg")
    initdb, control, user = _program("initdb"), _program("pg_ctl"), _user()
    if initdb is None or control is None or user is None:
        pytest.skip("no PostgreSQL server here: Debian's package is postgresql")
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    try:
        shutil.chown(folder, user)
        data, said = folder / "data", {"check": True, "capture_output": True, "user": user}
        make = [initdb, "-D", data, "-U", "tester", "-A", "trust", "--no-sync", "-E", "UTF8"]
        subprocess.run(make, cwd=folder, **said)
        options = f"-c listen_addresses= -k {folder} {' '.join(settings)}"
        begin = [control, "-D", data, "-w", "-l", folder / "log", "-o", options, "start"]
        subprocess.run(begin, cwd=folder, **said)
        try:
            yield f"postgresql://tester@/postgres?host={folder}"
        finally:
            stop = [control, "-D", data, "-m", "immediate", "-w", "stop"]
            subprocess.run(stop, cwd=folder, **said)
    finally:
        shutil.rmtree(folder)
