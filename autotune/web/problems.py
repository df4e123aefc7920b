"""What a request is told that fails: problem+json (RFC 9457), with what to do as its hint."""

import json
import math
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from starlette.responses import Response

from autotune.errors import (
    AutotuneError,
    FitError,
    InfeasibleError,
    InputError,
    LaunchError,
    ProblemError,
    StoreError,
)

MEDIA_TYPE = "application/problem+json"
STATUS: Mapping[type[AutotuneError], int] = {
    InputError: 422,
    ProblemError: 422,
    InfeasibleError: 422,
    FitError: 422,
    StoreError: 409,
    LaunchError: 409,
}


class Refusal(Exception):  # noqa: N818 - not an error of the program
    """An answer other than what was asked for.

    Attributes:
        status: The HTTP status.
        detail: What is wrong.
        hint: What to do.
        headers: Headers of the answer.
    """

    def __init__(
        self, status: int, detail: str, hint: str = "", *, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        self.status, self.detail, self.hint = status, detail, hint
        self.headers = dict(headers or {})

    @property
    def title(self) -> str:
        """What the status means."""
        return HTTPStatus(self.status).phrase

    @property
    def response(self) -> Response:
        """The answer."""
        body: dict[str, Any] = {"type": "about:blank", "title": self.title, "status": self.status}
        body["detail"] = self.detail
        if self.hint:
            body["hint"] = self.hint
        return JsonResponse(body, self.status, self.headers, MEDIA_TYPE)


class JsonResponse(Response):
    """JSON in ASCII, with full precision; what is not finite becomes null."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:  # noqa: ANN401 - any JSON value
        """Write the value; ASCII, since text from outside may hold what UTF-8 cannot."""
        try:
            return json.dumps(content, allow_nan=False, separators=(",", ":")).encode()
        except ValueError:
            return json.dumps(finite(content), allow_nan=False).encode()


def wants_page(accept: str) -> bool:
    """Whether a header `Accept` is a browser's, which asks for a page."""
    return "text/html" in accept


def refusal(error: AutotuneError) -> Refusal:
    """An error that was raised on purpose: its last sentence says what to do."""
    text = str(error)
    detail, _, hint = text.rpartition(". ")
    return Refusal(STATUS.get(type(error), 422), text, hint if detail else "")


def finite(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """The value with null for every number that is not finite, and numpy's made plain."""
    if isinstance(value, dict):
        return {str(key): finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [finite(item) for item in value]
    if hasattr(value, "tolist"):
        return finite(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
