"""Talking to a service over HTTP: one connection, JSON both ways, patience when it is away."""

import http.client
import json
import socket
import time
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any
from urllib.parse import quote, urlsplit

from autotune.errors import AutotuneError, InputError, LaunchError

TIMEOUT = 60.0  # seconds of silence after which a request counts as lost
PAUSES = (0.2, 0.5, 1.0, 2.0, 5.0)  # seconds between tries, the last one again and again
AWAY = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Answers after which the same request may be sent again."""
LOST = (OSError, http.client.HTTPException)


class RefusedError(AutotuneError):
    """The service answered, and said no.

    Attributes:
        status: The HTTP status.
    """

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


class _OverFile(http.client.HTTPConnection):
    """A connection over a socket file."""

    def __init__(self, path: str, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path
        self._patience = timeout

    def connect(self) -> None:
        """Open it."""
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self._patience)
        self.sock.connect(self._path)


class Client:
    """A service's API; a request is repeated while the service is away, so repeating must be safe.

    Attributes:
        url: Where the service is.
    """

    def __init__(
        self,
        url: str,
        token: str,
        *,
        patience: float,
        say: Callable[[str], None] = lambda _: None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Prepare to talk; nothing is sent yet.

        Args:
            url: `http://HOST:PORT`, `https://HOST`, or `unix:FILE`.
            token: What the service asks for.
            patience: Seconds for which the service may be away.
            say: Told when it is away, and when it is back.
            sleep: Waits.

        Raises:
            InputError: If the address is none of these.
        """
        self.url = url
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        self._patience, self._say, self._sleep = patience, say, sleep
        self._connection = _connection(url)

    def get(self, *path: str) -> Any:  # noqa: ANN401 - any JSON value
        """GET /api/PATH."""
        return self._until_answered("GET", path, None)

    def put(self, *path: str, body: Mapping[str, Any]) -> Any:  # noqa: ANN401
        """PUT /api/PATH."""
        return self._until_answered("PUT", path, body)

    def post(self, *path: str, body: Mapping[str, Any], patience: float | None = None) -> Any:  # noqa: ANN401
        """POST /api/PATH; `patience` in place of the client's own if it is given."""
        return self._until_answered("POST", path, body, patience=patience)

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def __enter__(self) -> "Client":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _until_answered(
        self,
        method: str,
        path: tuple[str, ...],
        body: Mapping[str, Any] | None,
        *,
        patience: float | None = None,
    ) -> Any:  # noqa: ANN401
        patience = self._patience if patience is None else patience
        begin, tries = time.monotonic(), 0
        while True:
            try:
                answer = self._once(method, path, body)
            except RefusedError as refused:
                if refused.status not in AWAY:
                    raise
                why = str(refused)
            except LOST as error:
                why = f"{type(error).__name__}: {error}"
            else:
                if tries > 1:
                    self._say(f"{self.url} is back")
                return answer
            if time.monotonic() - begin > patience:
                raise LaunchError(
                    f"{self.url} did not answer for {patience:g} s ({why}). Start it, and "
                    "this command again."
                )
            if tries == 1:
                self._say(f"{self.url} is away ({why}): trying again")
            self._connection.close()
            self._sleep(PAUSES[min(tries, len(PAUSES) - 1)])
            tries += 1

    def _once(self, method: str, path: tuple[str, ...], body: Mapping[str, Any] | None) -> Any:  # noqa: ANN401
        target = "/".join(["/api", *(quote(part, safe="") for part in path)])
        sent = None if body is None else json.dumps(body, allow_nan=False)
        self._connection.request(method, target, sent, self._headers)
        response = self._connection.getresponse()
        said = response.read()
        try:
            answer = json.loads(said)
        except ValueError:
            answer = {"detail": f"{self.url} is no autotune service"}
        if response.status >= 300:
            detail = answer.get("detail", "") if isinstance(answer, dict) else ""
            raise RefusedError(response.status, detail or f"HTTP status {response.status}.")
        return answer


def _connection(url: str) -> http.client.HTTPConnection:
    if url.startswith("unix:"):
        return _OverFile(url.removeprefix("unix:"), TIMEOUT)
    parts = urlsplit(url)
    try:
        if parts.hostname and parts.path in ("", "/"):
            if parts.scheme == "http":
                return http.client.HTTPConnection(parts.hostname, parts.port, timeout=TIMEOUT)
            if parts.scheme == "https":
                return http.client.HTTPSConnection(parts.hostname, parts.port, timeout=TIMEOUT)
    except ValueError:  # a port that is no number
        pass
    raise InputError(f"--url is http://HOST:PORT, https://HOST or unix:FILE, not {url!r}.")
