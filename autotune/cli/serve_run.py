"""What `autotune serve` does: token, socket, what to print, and the service."""

import getpass
import shlex
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from autotune.cli import console
from autotune.errors import InputError
from autotune.remote import token

NEEDS = ("fastapi", "uvicorn", "jinja2")
USUAL_PORT = 8765
LOOPBACK = ("127.", "::1", "localhost")


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """The flags of `autotune serve`."""

    storage: str
    host: str
    port: int
    uds: Path | None
    token_file: Path | None
    allow_submit: bool
    idle_exit: float | None


def run(asked: Service) -> None:
    """Serve until a signal comes, or nobody asks any more.

    Raises:
        InputError: If a flag is wrong, the socket is taken, or what it needs is not installed.
    """
    missing = [name for name in NEEDS if find_spec(name) is None]
    if missing:
        raise InputError(f"no {missing[0]} here: pip install 'autotune-llm[serve]'.")
    from autotune.store.storage import storage_of
    from autotune.web import sockets
    from autotune.web.app import application
    from autotune.web.house import House
    from autotune.web.keys import Keys
    from autotune.web.server import serve

    path = asked.token_file or token.default_path()
    keys = Keys(token.read_or_make(path))
    storage = storage_of(asked.storage)
    storage.names()  # a storage that cannot be read is said now
    bound = (
        sockets.on_port(asked.host, asked.port) if asked.uds is None else sockets.on_file(asked.uds)
    )
    try:
        house = House(storage, keys, allow_submit=asked.allow_submit)
        for line in _said(asked, bound, path, link=keys.link()):
            console.talk(line)
        serve(application(house), house, bound, idle_exit=asked.idle_exit)
    finally:
        bound.close()
        sockets.release(asked.uds)


def _said(asked: Service, bound: socket.socket, path: Path, *, link: str) -> Iterator[str]:
    """Where it is, and how to come in."""
    from autotune.store.storage import without_password

    may = "studies, fits and jobs may be written" if asked.allow_submit else "read-only"
    port = (asked.port or USUAL_PORT) if asked.uds else bound.getsockname()[1]
    far = str(asked.uds.absolute()) if asked.uds else f"127.0.0.1:{port}"
    machine = f"{getpass.getuser()}@{socket.gethostname()}"
    yield f"serving {without_password(asked.storage)} ({may}); token in {path}"
    if asked.uds:
        yield f"listening on {asked.uds}"
    else:
        yield f"open once, within 10 minutes: http://{_host(asked.host)}:{port}/login?once={link}"
        if not asked.host.startswith(LOOPBACK):
            yield "warning: what goes over the network is not encrypted; ssh -L is"
    yield f"from elsewhere: {shlex.join(['ssh', '-N', '-L', f'{port}:{far}', machine])}"
    yield f"and there, once: http://localhost:{port}/login?once={link}"


def _host(host: str) -> str:
    return f"[{host}]" if ":" in host else host
