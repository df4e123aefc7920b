"""A trial's own folder: emptied before, kept afterwards only if there is something in it."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

TRIAL_DIR = "AUTOTUNE_TRIAL_DIR"
LOG = "log.txt"
TAIL_BYTES = 4000


def folder_of(study: Path, trial_id: str) -> Path:
    """Where a trial of a study may write."""
    return study / "trials" / trial_id


@contextmanager
def scratch(folder: Path) -> Iterator[Path]:
    """Give a trial an emptied folder, named to it in the environment; yield its log's path.

    The working directory is left alone, and set back if the trial changes it.

    A folder with nothing but an empty log is removed again: most objectives write nothing,
    and ten thousand empty folders are a burden to a parallel file system.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    log = folder / LOG
    before, home = os.environ.get(TRIAL_DIR), Path.cwd()
    os.environ[TRIAL_DIR] = str(folder.resolve())
    try:
        yield log
    finally:
        os.chdir(home)
        if before is None:
            del os.environ[TRIAL_DIR]
        else:
            os.environ[TRIAL_DIR] = before
        with suppress(OSError):
            if log.stat().st_size == 0:
                log.unlink()
        with suppress(OSError):  # not empty: the trial left something
            folder.rmdir()


def tail(log: Path) -> str:
    """The end of a trial's log; empty if it has none."""
    try:
        with log.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - TAIL_BYTES))
            return file.read().decode(errors="replace")
    except OSError:
        return ""
