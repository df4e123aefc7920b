"""An architecture in our own description: the TOML that `architecture.document` reads."""

from dataclasses import fields
from typing import Any

from autotune.architecture.shape import Architecture

PARTS = ("attention", "ffn", "experts")


def toml(model: Architecture) -> str:
    """Write every attribute that is not its default; the name is that of the file."""
    own = _lines(model, leave=(*PARTS, "name"))
    sections = [
        "\n".join([f"[{name}]", *_lines(part)])
        for name in PARTS
        if (part := getattr(model, name)) is not None
    ]
    return "\n\n".join(["\n".join(own), *sections]) + "\n"


def _lines(part: Any, leave: tuple[str, ...] = ()) -> list[str]:  # noqa: ANN401 - any dataclass here
    values = {
        each.name: getattr(part, each.name) for each in fields(part) if each.name not in leave
    }
    defaults = {each.name: each.default for each in fields(part)}
    return [
        f"{name} = {_value(value)}"
        for name, value in values.items()
        if value is not None and value != defaults[name]
    ]


def _value(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int) else f'"{value}"'
