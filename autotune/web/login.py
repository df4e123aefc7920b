"""Routes: a browser comes in by a link that works once, or with the token."""

from urllib.parse import parse_qs

from fastapi import APIRouter, Request, Response

from autotune.web.house import Here, failures
from autotune.web.html import page
from autotune.web.keys import cookie
from autotune.web.problems import JsonResponse

router = APIRouter()


@router.get("/login", include_in_schema=False)
def enter(here: Here, once: str = "") -> Response:
    """Take a link's code, or show the form that takes the token."""
    session = here.keys.redeem(once) if once else None
    if session is not None:
        return _inside(session)
    said = "This link was used or is too old." if once else "This needs the token."
    return _form(said, status=401 if once else 200)


@router.post("/login", include_in_schema=False)
async def enter_with_token(here: Here, request: Request) -> Response:
    """Take the token from the form."""
    given = parse_qs((await request.body()).decode("latin-1")).get("token", [""])[0]
    if not here.keys.is_token(given.strip().encode("latin-1", "replace")):
        return _form("That is not the token.", status=401)
    return _inside(here.keys.session())


@router.post(
    "/api/links", tags=["service"], summary="A link for a browser", responses={**failures()}
)
def make_link(here: Here) -> Response:
    """A path that opens one session within ten minutes, for a browser that looks on."""
    return JsonResponse({"path": f"/login?once={here.keys.link()}"})


def _inside(session: str) -> Response:
    """Let a browser in; a page, not a redirect, which would not carry a strict cookie."""
    made = page("login.html", title="In", inside=True)
    made.headers["Set-Cookie"] = cookie(session)
    return made


def _form(said: str, *, status: int) -> Response:
    return page("login.html", title="Come in", inside=False, said=said, status=status)
