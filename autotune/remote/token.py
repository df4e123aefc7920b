"""The token that opens a service, in a file that only its owner can read."""

import os
import secrets
import stat
from pathlib import Path

from autotune.errors import InputError

BYTES = 32
SHORTEST = 20  # characters: less could be guessed


def default_path() -> Path:
    """Where the token lies unless it is said: in the user's own folder of settings."""
    settings = os.environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    return Path(settings) / "autotune" / "token"


def read(path: Path) -> str:
    """Read a token.

    Raises:
        InputError: If there is none, or others could have read or written it.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except OSError as error:
        raise InputError(
            f"cannot read the token in {path}: {error.strerror}. `autotune serve` makes one; "
            "copy the file, or name another with --token-file."
        ) from None
    with os.fdopen(descriptor, encoding="utf-8") as file:
        found = os.fstat(descriptor)
        if found.st_uid != os.getuid() or stat.S_IMODE(found.st_mode) & 0o077:
            raise InputError(
                f"others can read {path}, so its token is no secret. Delete it, start "
                "`autotune serve` for a new one, and keep it at mode 0600."
            )
        token = file.read(1000).strip()
    if len(token) < SHORTEST or not token.isascii() or not token.isprintable():
        raise InputError(
            f"{path} holds no token: one line of {SHORTEST} printable characters or more. "
            "Delete it, and start `autotune serve` for a new one."
        )
    return token


def read_or_make(path: Path) -> str:
    """Read a token, or make one if there is no file.

    Raises:
        InputError: If it cannot be made, or others could have read or written it.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        scratch = path.with_name(f".{path.name}-{secrets.token_hex(8)}")
        descriptor = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(secrets.token_urlsafe(BYTES) + "\n")
            os.link(scratch, path)  # whole or not at all, and never over another
        except FileExistsError:
            pass
        finally:
            scratch.unlink()
    except OSError as error:
        if not path.exists():
            raise InputError(
                f"cannot make the token file {path}: {error.strerror}. Name another with "
                "--token-file."
            ) from None
    return read(path)
