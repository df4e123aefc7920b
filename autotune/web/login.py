"""Routes: a browser comes in by a link that works once, or with the token."""

from html import escape
from urllib.parse import parse_qs

from fastapi import APIRouter, Request, Response
from starlette.responses import HTMLResponse

from autotune.web.house import Here, failures
from autotune.web.keys import cookie
from autotune.web.problems import JsonResponse

router = APIRouter()
PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>autotune</title>
<meta name="viewport" content="width=device-width, initial-scale=1">{head}
<link rel="stylesheet" href="/style.css"></head><body><main>{body}</main></body></html>
"""
FORM = """<h1>autotune</h1><p>{said}</p>
<form method="post" action="/login"><label>Token <input type="password" name="token" required
autocomplete="off" autofocus></label> <button>Come in</button></form>
<p>The token is in the file that <code>autotune serve</code> named when it started.</p>
"""
INSIDE = '<h1>autotune</h1><p>You are in. <a href="/">Go on to the studies</a>.</p>'
GO_ON = '<meta http-equiv="refresh" content="0; url=/">'


@router.get("/login", include_in_schema=False)
def enter(here: Here, once: str = "") -> Response:
    """Take a link's code, or show the form that takes the token."""
    session = here.keys.redeem(once) if once else None
    if session is not None:
        return _inside(session)
    said = "This link was used or is too old." if once else "This needs the token."
    return _page(FORM.format(said=escape(said)), status=401 if once else 200)


@router.post("/login", include_in_schema=False)
async def enter_with_token(here: Here, request: Request) -> Response:
    """Take the token from the form."""
    given = parse_qs((await request.body()).decode("latin-1")).get("token", [""])[0]
    if not here.keys.is_token(given.strip().encode("latin-1", "replace")):
        return _page(FORM.format(said="That is not the token."), status=401)
    return _inside(here.keys.session())


@router.post(
    "/api/links", tags=["service"], summary="A link for a browser", responses={**failures()}
)
def make_link(here: Here) -> Response:
    """A path that opens one session within ten minutes, for a browser that looks on."""
    return JsonResponse({"path": f"/login?once={here.keys.link()}"})


def _inside(session: str) -> Response:
    """Let a browser in; a page, not a redirect, which would not carry a strict cookie."""
    return _page(INSIDE, head=GO_ON, headers={"Set-Cookie": cookie(session)})


def _page(
    body: str, *, head: str = "", status: int = 200, headers: dict[str, str] | None = None
) -> Response:
    return HTMLResponse(PAGE.format(head=head, body=body), status, headers)
