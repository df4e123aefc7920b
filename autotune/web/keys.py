"""Who may come in: programs with the token, browsers with a session that a link began."""

import hmac
import secrets
import time
from collections.abc import Callable
from http.cookies import CookieError, SimpleCookie

SESSION_SECONDS = 12 * 3600.0
LINK_SECONDS = 600.0
MOST_SESSIONS = 100
COOKIE = "autotune-session"


class Keys:
    """The token, the links that are not used yet, and the sessions; all but the token in memory.

    A link opens one session. A session may look and never change anything, since a browser sends
    its cookie along with whatever another page makes it ask.
    """

    def __init__(self, token: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._token = token.encode()
        self._clock = clock
        self._links: dict[str, float] = {}
        self._sessions: dict[str, float] = {}

    def is_token(self, given: bytes) -> bool:
        """Whether it is the token, in a time that does not depend on how much of it is right."""
        return hmac.compare_digest(given, self._token)

    def bears_token(self, authorization: bytes) -> bool:
        """Whether a header `Authorization: Bearer TOKEN` has the token."""
        scheme, _, given = authorization.partition(b" ")
        return scheme.lower() == b"bearer" and self.is_token(given.strip())

    def link(self) -> str:
        """A new code that opens one session within ten minutes."""
        code = secrets.token_urlsafe(32)
        self._links = _living(self._links, self._clock()) | {code: self._clock() + LINK_SECONDS}
        return code

    def redeem(self, code: str) -> str | None:
        """The id of a new session for a code that was not used yet; None for any other."""
        until = self._links.pop(code, 0.0)
        return self.session() if until > self._clock() else None

    def session(self) -> str:
        """The id of a new session."""
        name, now = secrets.token_urlsafe(32), self._clock()
        living = _living(self._sessions, now)
        while len(living) >= MOST_SESSIONS:
            del living[next(iter(living))]
        self._sessions = living | {name: now + SESSION_SECONDS}
        return name

    def has_session(self, cookies: bytes) -> bool:
        """Whether a header `Cookie` names a session that lives."""
        try:
            found = SimpleCookie(cookies.decode("latin-1")).get(COOKIE)
        except CookieError:
            return False
        until = 0.0 if found is None else self._sessions.get(found.value, 0.0)
        return until > self._clock()


def cookie(session: str) -> str:
    """The header `Set-Cookie` of a session."""
    return (
        f"{COOKIE}={session}; Path=/; HttpOnly; SameSite=Strict; Max-Age={round(SESSION_SECONDS)}"
    )


def _living(times: dict[str, float], now: float) -> dict[str, float]:
    return {name: until for name, until in times.items() if until > now}
