"""The socket of a service: on a port of this machine, or a file that only its owner may open."""

import os
import socket
import stat
from contextlib import suppress
from pathlib import Path

from autotune.errors import InputError


def on_port(host: str, port: int) -> socket.socket:
    """Bind a port; 0 takes a free one.

    Raises:
        InputError: If it is taken, or the host is none of this machine.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        found = socket.socket(family, kind, protocol)
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind(address)
    except (OSError, UnicodeError, OverflowError) as error:
        raise InputError(
            f"cannot listen on {host}:{port}: {error}. Choose another --port, or 0 for a free one."
        ) from None
    return found


def on_file(path: Path) -> socket.socket:
    """Bind a socket file of mode 0600; one that nobody listens on any more is replaced.

    Raises:
        InputError: If it cannot be made, or another service listens there.
    """
    if _stale(path):
        path.unlink(missing_ok=True)
    found = socket.socket(socket.AF_UNIX)
    before = os.umask(0o177)  # the file is private from its first moment
    try:
        found.bind(str(path))
    except OSError as error:
        found.close()
        raise InputError(
            f"cannot listen on {path}: {error}. Name another file with --uds, of at most 100 "
            "characters, in a folder that is there."
        ) from None
    finally:
        os.umask(before)
    return found


def _stale(path: Path) -> bool:
    """Whether a socket file was left by a service that is gone.

    Raises:
        InputError: If a service listens there.
    """
    with suppress(OSError):
        if not stat.S_ISSOCK(path.lstat().st_mode):
            return False
        with socket.socket(socket.AF_UNIX) as probe:
            try:
                probe.connect(str(path))
            except ConnectionRefusedError:
                return True
        raise InputError(f"another service listens on {path}. Use it, or name another file.")
    return False


def release(path: Path | None) -> None:
    """Remove a socket file."""
    if path is not None:
        with suppress(OSError):
            path.unlink()
