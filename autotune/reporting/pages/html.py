"""Templates, filled in: every value is escaped."""

from base64 import b64encode
from hashlib import sha256
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

TEMPLATES = Path(__file__).resolve().parent.parent / "templates"


def environment() -> Environment:
    """The templates of reports, with escaping on; a name that is missing is an error."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    made.policies["json.dumps_kwargs"] = {"allow_nan": False, "separators": (",", ":")}
    return made


def asset(name: str) -> str:
    """A style sheet or a script that pages share."""
    return (TEMPLATES / name).read_text(encoding="utf-8")


def render(template: str, **values: Any) -> str:  # noqa: ANN401 - what the template asks for
    """Fill in a template."""
    return environment().get_template(template).render(**values)


def source_hash(script: str) -> str:
    """A script's hash as a content policy has it."""
    return f"'sha256-{b64encode(sha256(script.encode()).digest()).decode()}'"
