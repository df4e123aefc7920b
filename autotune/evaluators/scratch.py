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


def spare_of(study: Path, pid: int) -> str:
    """Where a worker keeps an empty folder for its next trial; unique among hosts."""
    return str(study / "trials" / f".spare-{os.uname().nodename}-{pid}")


@contextmanager
def scratch(folder: str, *, spare: str | None = None) -> Iterator[str]:
    """Give a trial an emptied folder, named to it in the environment; yield its log's path.

    The working directory is left alone, and set back if the trial changes it.

    A folder with nothing but an empty log does not stay: most objectives write nothing, and ten
    thousand empty folders are a burden to a parallel file system. It is removed, or kept at
    `spare` for the next trial: to rename a folder takes a tenth of the time of making and
    removing one, and a hundredth on some file systems. Paths are text, for pathlib took half of
    what a trial costs.
    """
    path = os.path.abspath(folder)  # noqa: PTH100
    _provide(path, spare)
    before, home = os.environ.get(TRIAL_DIR), os.getcwd()  # noqa: PTH109
    os.environ[TRIAL_DIR] = path
    try:
        yield f"{path}/{LOG}"
    finally:
        os.chdir(home)
        if before is None:
            del os.environ[TRIAL_DIR]
        else:
            os.environ[TRIAL_DIR] = before
        _put_away(path, spare)


def _provide(folder: str, spare: str | None) -> None:
    """Make an empty folder, or take the spare one."""
    if spare is not None:
        with suppress(OSError):  # no spare yet, or something is in the way
            os.rename(spare, folder)  # noqa: PTH104
            return
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)  # noqa: PTH103


def _put_away(folder: str, spare: str | None) -> None:
    """Remove a folder, or keep it as the spare one, if it holds nothing but an empty log."""
    log = f"{folder}/{LOG}"
    with suppress(OSError):
        names = os.listdir(folder)  # noqa: PTH208
        empty = LOG in names and os.stat(log).st_size == 0  # noqa: PTH116
        if spare is not None and (not names or (empty and len(names) == 1)):
            os.rename(folder, spare)  # noqa: PTH104
            return
        if empty:
            os.unlink(log)  # noqa: PTH108
        os.rmdir(folder)  # noqa: PTH106 - fails where the trial left something


def tail(log: Path) -> str:
    """The end of a trial's log; empty if it has none."""
    try:
        with log.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - TAIL_BYTES))
            return file.read().decode(errors="replace")
    except OSError:
        return ""
