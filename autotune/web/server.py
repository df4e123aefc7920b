"""Running the service: uvicorn on a bound socket, until it is ended or nobody asks any more."""

import asyncio
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from autotune.web.gate import Gate
from autotune.web.house import House

HEAD_SECONDS = 10.0
"""How long the head of a connection's first request may take to arrive."""
MOST_CONNECTIONS = 500
GRACE_SECONDS = 3
LOOK_SECONDS = 1.0
ENDING = (signal.SIGINT, signal.SIGTERM)


class Prompt(H11Protocol):
    """A connection that is closed if it does not say soon what it wants."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Give it a while."""
        super().connection_made(transport)
        asyncio.get_running_loop().call_later(HEAD_SECONDS, self._hurry)

    def _hurry(self) -> None:
        if self.cycle is None and not self.transport.is_closing():
            self.transport.close()


class Server(uvicorn.Server):
    """A server that ends in order on a signal, so that what comes after it is done too."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Note signals as uvicorn does, and do not raise them again in the end."""
        handlers = {number: signal.signal(number, self.handle_exit) for number in ENDING}
        try:
            yield
        finally:
            for number, handler in handlers.items():
                signal.signal(number, handler)


def serve(gate: Gate, house: House, bound: socket.socket, *, idle_exit: float | None) -> None:
    """Answer requests until a signal comes, or nobody has asked for `idle_exit` seconds.

    A worker that has a trial is not nobody.
    """
    config = uvicorn.Config(
        gate,
        http=Prompt,
        ws="none",
        lifespan="off",
        log_level="warning",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        limit_concurrency=MOST_CONNECTIONS,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    server = Server(config)
    try:
        asyncio.run(_run(server, house, bound, idle_exit))
    finally:
        house.desks.close()


async def _run(server: Server, house: House, bound: socket.socket, idle: float | None) -> None:
    watch: asyncio.Task[Any] | None = None
    if idle is not None:
        watch = asyncio.create_task(_leave_when_idle(server, house, idle))
    await server.serve(sockets=[bound])
    if watch is not None:
        watch.cancel()


async def _leave_when_idle(server: Server, house: House, idle: float) -> None:
    while time.monotonic() - house.stirred < idle or house.desks.busy:
        await asyncio.sleep(min(LOOK_SECONDS, idle))
    server.should_exit = True
