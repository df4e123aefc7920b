"""Routes: pages for people. What draws figures is the verb `report`, in a process of its own."""

import asyncio
from collections.abc import Sequence
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Path, Query, Response
from starlette.responses import HTMLResponse

from autotune.web import html, page_view, study_view, verbs
from autotune.web.children import Word, flags
from autotune.web.house import Here, House, StudyName
from autotune.web.html import page
from autotune.web.laws import PlanModel
from autotune.web.page_view import LinkedTable
from autotune.web.problems import Refusal
from autotune.web.study_view import Wanted

router = APIRouter(include_in_schema=False)
PAGE = 100
SCRIPTS = frozenset({"live.js", "charts.js", "plotly.js"})


@router.get("/style.css")
def style() -> Response:
    """The looks of all pages."""
    return Response(html.style(), media_type="text/css")


@router.get("/favicon.ico")
def icon() -> Response:
    """Nothing: browsers ask for it."""
    return Response(status_code=204)


@router.get("/{name}.js")
def script(name: str) -> Response:
    """A script of the pages; the same for as long as the service runs."""
    file = f"{name}.js"
    if file not in SCRIPTS:
        raise Refusal(404, f"no script {file[:100]!r}.", "The pages name those there are.")
    kept = {"Cache-Control": "private, max-age=3600"}
    return Response(html.script(file), media_type="text/javascript", headers=kept)


@router.get("/")
def studies(here: Here, offset: Annotated[int, Query(ge=0, le=10_000_000)] = 0) -> Response:
    """The studies of the storage."""
    names = here.feeds.names()
    some = list(here.feeds.some(names[offset : offset + PAGE]))
    turn = page_view.steps(
        lambda at: f"?offset={at}", offset=offset, limit=PAGE, n=len(some), total=len(names)
    )
    view = page_view.studies(some)
    return page("studies.html", title="Studies", storage=here.storage.where, view=view, turn=turn)


@router.get("/studies/{study}")
def study(here: Here, study: StudyName) -> Response:
    """A study: its figures in numbers, its best and its latest trials, and what happens now."""
    feed = here.feeds.get(study)
    place = page_view.study_path(study)
    return page(
        "study.html",
        title=study,
        name=study,
        here=place,
        events=f"/api{place}/events",
        report=f"/api{place}/report",
        facts=page_view.facts(feed),
        best=page_view.best(feed),
        latest=page_view.latest(feed),
        notes=tuple(feed.study().notes),
    )


@router.get("/studies/{study}/trials")
def trials(here: Here, study: StudyName, wanted: Annotated[Wanted, Query()]) -> Response:
    """A page of trials."""
    feed = here.feeds.get(study)
    some, total = study_view.chosen(feed, wanted)
    return page(
        "trials.html",
        title=f"Trials of {study}",
        name=study,
        trail=_trail(study),
        wanted=wanted,
        kinds=sorted(feed.failures),
        view=page_view.trials(feed, some),
        turn=page_view.turn(wanted, n=len(some), total=total),
    )


@router.get("/studies/{study}/trials/{trial}")
def trial(here: Here, study: StudyName, trial: Annotated[str, Path(max_length=200)]) -> Response:
    """One trial: configuration, how it ended, log, and the command that repeats it."""
    from autotune.reporting.pages import trial_view

    feed = here.feeds.get(study)
    outcome = study_view.outcome(feed, trial)
    place = feed.places[trial] + 1
    view = trial_view.view(feed.study(), outcome, why=f"number {place} of {len(feed.outcomes)}")
    return page("trial.html", title=trial, name=study, trail=_trail(study), view=view)


@router.get("/studies/{study}/figures")
async def figures(here: Here, study: StudyName) -> Response:
    """A study's figures, drawn anew when it has grown."""
    feed = await asyncio.to_thread(here.feeds.get, study)
    return await _drawn(here, f"study {len(feed.outcomes)} {study}", f"--study={study}")


@router.get("/fits/{name}")
async def fit(here: Here, name: Word) -> Response:
    """A saved fit with its figures."""
    if here.folder is None:
        raise Refusal(
            409, "saved fits are files, and this storage is a server.", "Serve a folder of fits."
        )
    return await _drawn(here, "", f"--fit={name}")


@router.get("/laws")
async def laws(here: Here) -> Response:
    """The catalogue, saved fits, and what to plan with them."""
    known = (await verbs.answer(here, "laws"))["answer"]
    presets = tuple(("", (one["name"], one["form"], one["formula"])) for one in known["presets"])
    fits = tuple(
        (f"/fits/{quote(one['name'], safe='')}", (one["name"], one["form"], one["data"]))
        for one in known["fits"]
    )
    return page(
        "laws.html",
        title="Laws and plans",
        names=[one["name"] for one in (*known["presets"], *known["fits"])],
        presets=LinkedTable(("preset", "form", "formula"), presets),
        fits=LinkedTable(("fit", "form", "runs"), fits),
    )


@router.get("/plan")
async def plan(here: Here, asked: Annotated[PlanModel, Query()]) -> Response:
    """A plan with its figures."""
    given = {name: _said(value) for name, value in asked.model_dump().items()}
    words = tuple(flags(given))
    return await _drawn(here, f"plan {words}", plan=words)


def _said(value: Any) -> Any:  # noqa: ANN401 - a value of a form
    """What was filled in; a field that was left empty says nothing."""
    return [each for each in value if each != ""] if isinstance(value, list) else value or None


async def _drawn(here: House, key: str, *words: str, plan: Sequence[str] = ()) -> Response:
    """A page with figures, of which the last few are kept under their keys."""
    text = here.drawn.get(key)
    if text is None:
        text = await verbs.report(here, *words, plan=plan, linked=True)
        if key:
            here.keep(key, text)
    return HTMLResponse(text, headers={"Content-Security-Policy": html.FIGURES})


def _trail(study: str) -> tuple[tuple[str, str], ...]:
    return ((study, page_view.study_path(study)),)
