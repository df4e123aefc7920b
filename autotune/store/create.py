"""Creating a study: a header that two racing jobs agree on, and a test that storage works."""

import os
import socket
import time
from contextlib import suppress
from pathlib import Path

from autotune.errors import StoreError
from autotune.store.study import HEADER, Header, must_agree, read_header

PROBE_BYTES = 1 << 18  # some hundred outcomes: less room than that is a full disk


def establish(folder: Path, header: Header) -> Header:
    """Record what a study tunes, or check that it tunes the same already.

    Whoever links the header first wins; everyone then compares with what is there.

    Returns:
        The header on disk.

    Raises:
        StoreError: If the folder cannot be written, or holds a study of another problem.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        recorded = read_header(folder)
        if recorded is None:
            create_header(folder, header)
            recorded = read_header(folder)
    except OSError as error:
        raise StoreError(
            f"cannot create a study in {folder}: {error.strerror}. Choose another --storage."
        ) from error
    if recorded is None:
        raise StoreError(f"{folder / HEADER} vanished as soon as it was written.")
    must_agree(folder, recorded, header)
    return recorded


def create_header(folder: Path, header: Header) -> None:
    """Write a study's header, unless there is one by then: it never changes."""
    scratch = _scratch(folder, "header")
    try:
        with scratch.open("w", encoding="utf-8") as file:
            file.write(header.to_json())
            file.flush()
            os.fsync(file.fileno())
        target = folder / HEADER
        try:
            os.link(scratch, target)  # atomic and exclusive, also over NFS
        except FileExistsError:
            pass
        except OSError:  # a file system without hard links: atomic at least
            if not target.exists():
                scratch.replace(target)
        sync_folder(folder)
    finally:
        with suppress(OSError):
            scratch.unlink(missing_ok=True)


def write_test(folder: Path) -> float:
    """Write, sync and remove a file; return the seconds that the sync of one line took.

    Raises:
        OSError: If the storage is read-only or full.
    """
    probe = _scratch(folder, "probe")
    try:
        with probe.open("wb") as file:
            file.write(b"\0" * PROBE_BYTES)
            file.flush()
            os.fsync(file.fileno())
            file.write(b"\n" * 300)
            file.flush()
            begin = time.perf_counter()
            os.fsync(file.fileno())
            return time.perf_counter() - begin
    finally:
        probe.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _scratch(folder: Path, what: str) -> Path:
    """A name that no other process uses: containers may share host names and process ids."""
    return folder / f".{what}-{socket.gethostname()}-{os.getpid()}-{time.time_ns()}"
