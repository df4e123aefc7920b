"""The service's templates, which build on those of reports."""

from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader
from starlette.responses import HTMLResponse, Response

from autotune.reporting.pages import html as reports

TEMPLATES = Path(__file__).resolve().parent / "templates"
FIGURES = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
"""The content policy of pages with figures: plotly sets styles of what it draws."""


@cache
def environment() -> Environment:
    """The templates, with escaping on."""
    made = reports.environment()
    made.loader = FileSystemLoader([TEMPLATES, reports.TEMPLATES])
    return made


def page(template: str, *, status: int = 200, **values: Any) -> Response:  # noqa: ANN401
    """A page."""
    values.setdefault("trail", ())
    return HTMLResponse(environment().get_template(template).render(**values), status)


@cache
def style() -> str:
    """The style sheet of reports, and what the service adds."""
    return reports.asset("style.css") + (TEMPLATES / "service.css").read_text(encoding="utf-8")


@cache
def script(name: str) -> str:
    """A script that pages load."""
    if name == "plotly.js":
        from autotune.reporting import live

        return live.script()
    own = TEMPLATES / name
    return own.read_text(encoding="utf-8") if own.exists() else reports.asset(name)
