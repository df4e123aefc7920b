"""What every request passes: who asks, how much it sends and how slowly, and safe headers."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from autotune.web.keys import Keys
from autotune.web.problems import Refusal, wants_page

Scope: TypeAlias = MutableMapping[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
App: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]

SAFE = frozenset({"GET", "HEAD"})
OPEN = frozenset({"/login", "/style.css", "/favicon.ico"})
"""What is there for whoever asks: the page that takes the token, and its looks."""
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS: Mapping[str, str] = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a request may send.

    Attributes:
        body: Bytes of a body.
        upload: Bytes of a run table.
        asked_by_anybody: Bytes of a body where no token is needed.
        seconds: How long a body may take to arrive.
    """

    body: int = 1 << 20
    upload: int = 8 << 20
    asked_by_anybody: int = 4096
    seconds: float = 20.0

    def most(self, path: str) -> int:
        """Bytes that the body of a request for a path may have."""
        if path in OPEN:
            return self.asked_by_anybody
        return self.upload if path == "/api/fits" else self.body


class Gate:
    """An ASGI application around another: nothing comes in unasked, too large or too slowly."""

    def __init__(
        self, app: App, keys: Keys, limits: Limits, *, admitted: Callable[[], None]
    ) -> None:
        """Stand before an application; `admitted` hears of each request that is let in."""
        self._app, self._keys, self._limits = app, keys, limits
        self._admitted = admitted

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request pass, or answer it here."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self._app(scope, receive, send)
            return
        send = _guarded(send)
        try:
            self._admit(scope)
            body = await self._body(scope, receive)
        except Refusal as refused:
            await refused.response(scope, receive, send)
            return
        self._admitted()
        await self._app(scope, _replayed(body, receive), send)

    def _admit(self, scope: Scope) -> None:
        headers = dict(scope["headers"])
        if self._keys.bears_token(headers.get(b"authorization", b"")):
            return
        if scope["path"] in OPEN:
            return
        if not self._keys.has_session(headers.get(b"cookie", b"")):
            accept = headers.get(b"accept", b"").decode("latin-1")
            if scope["method"] in SAFE and wants_page(accept):
                raise Refusal(303, "come in first.", headers={"Location": "/login"})
            raise Refusal(
                401,
                "this needs the token.",
                "Send `Authorization: Bearer TOKEN` with what is in the token file, or open "
                "/login in a browser.",
                headers={"WWW-Authenticate": "Bearer"},
            )
        if scope["method"] not in SAFE:
            raise Refusal(
                403,
                "a browser's session may look and change nothing.",
                "Send `Authorization: Bearer TOKEN`, from a program.",
            )

    async def _body(self, scope: Scope, receive: Receive) -> bytes:
        """The whole body of a request."""
        most = self._limits.most(scope["path"])
        try:
            async with asyncio.timeout(self._limits.seconds):
                body = await _read(receive, most)
        except TimeoutError:
            raise Refusal(
                408,
                f"the body did not arrive in {self._limits.seconds:g} s.",
                "Send less, or send it faster.",
                headers={"Connection": "close"},
            ) from None
        if len(body) > most:
            raise Refusal(
                413,
                f"the body has more than {most} bytes.",
                "Send less, or use the command line on the machine that holds the file.",
                headers={"Connection": "close"},
            )
        return body


async def _read(receive: Receive, most: int) -> bytes:
    """A body, or a little more than the most; the rest of some is read, so that it is answered."""
    kept, seen = bytearray(), 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Refusal(400, "the body ended too early.", "Send the request again.")
        chunk = message.get("body", b"")
        seen += len(chunk)
        if len(kept) <= most:
            kept += chunk
        if not message.get("more_body", False) or seen > most + (16 << 20):
            break
    return bytes(kept)


def _replayed(body: bytes, receive: Receive) -> Receive:
    """`receive` as if the body had just come."""
    waiting = [body]

    async def again() -> Message:
        if waiting:
            return {"type": "http.request", "body": waiting.pop(), "more_body": False}
        return await receive()

    return again


def _guarded(send: Send) -> Send:
    """`send` that adds the headers which every answer has, unless it has one of its own."""

    async def guarded(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = list(message.get("headers", ()))
            own = {name.lower() for name, _ in headers}
            headers += [
                (name.encode(), value.encode())
                for name, value in HEADERS.items()
                if name.encode() not in own
            ]
            message["headers"] = headers
        await send(message)

    return guarded
