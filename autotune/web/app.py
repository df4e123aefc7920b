"""The application: routes, errors as problem+json, and the gate before them."""

from collections.abc import Sequence
from importlib import metadata

from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from autotune.errors import AutotuneError
from autotune.web import events, jobs, laws, login, pages, studies, workers
from autotune.web.gate import Gate, Limits
from autotune.web.house import Here, House, failures
from autotune.web.html import page
from autotune.web.problems import JsonResponse, Refusal, refusal, wants_page

ROUTERS: Sequence[APIRouter] = (
    studies.router, events.router, workers.router, laws.router, jobs.router, login.router,
    pages.router,
)  # fmt: skip
WHAT = "Studies, plans, predictions and fits, and trials for workers by ask and tell."


def application(house: House, limits: Limits | None = None) -> Gate:
    """The whole service as one ASGI application."""
    app = FastAPI(
        title="autotune",
        version=metadata.version("autotune-llm"),
        summary=WHAT,
        openapi_url="/api/openapi.json",
        docs_url=None,  # it loads scripts from elsewhere
        redoc_url=None,
        default_response_class=JsonResponse,
    )
    app.state.house = house
    for router in ROUTERS:
        app.include_router(router)
    app.get("/api", tags=["service"], summary="The service", responses={**failures()})(about)
    app.add_exception_handler(Refusal, _refused)
    app.add_exception_handler(AutotuneError, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _broken)
    return Gate(app, house.keys, limits or Limits(), admitted=house.stir)


def about(here: Here) -> Response:
    """What runs here, and on what."""
    return JsonResponse(
        {
            "service": "autotune",
            "version": metadata.version("autotune-llm"),
            "storage": here.storage.where,
            "read_only": not here.allow_submit,
        }
    )


async def _refused(request: Request, error: Exception) -> Response:
    found = refusal(error) if isinstance(error, AutotuneError) else error
    assert isinstance(found, Refusal)
    return _answer(request, found)


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    found = error.errors()
    first = found[0]
    where = ".".join(str(part)[:100] for part in first["loc"])
    more = f" (first of {len(found)})" if len(found) > 1 else ""
    detail = f"{where}: {first['msg']}{more}."
    return _answer(request, Refusal(422, detail, "/api/openapi.json says what is expected."))


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    detail = str(error.detail)
    if error.status_code == 404:
        detail = f"nothing is at {request.url.path[:200]!r}."
    hint = "/api/openapi.json lists what there is."
    return _answer(request, Refusal(error.status_code, detail, hint, headers=error.headers))


def _answer(request: Request, refused: Refusal) -> Response:
    """A refusal for whoever asks: a page for people, problem+json for programs."""
    if request.url.path.startswith("/api") or not wants_page(request.headers.get("accept", "")):
        return refused.response
    return page(
        "refused.html",
        title=refused.title,
        status=refused.status,
        detail=refused.detail,
        hint=refused.hint,
    )


async def _broken(request: Request, error: Exception) -> Response:
    del request
    return Refusal(
        500,
        f"the service failed: {type(error).__name__}.",
        "What it printed says where. Nothing that was recorded is lost.",
    ).response
