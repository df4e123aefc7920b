"""An architecture in our own description: the TOML that `architecture.document` reads."""

from dataclasses import MISSING, fields
from typing import Any

from autotune.architecture.shape import Architecture

PARTS = ("attention", "ffn", "experts")


def toml(model: Architecture) -> str:
    """Write every attribute that is not its default; the name is that of the file."""
    own = _lines(model, leave=(*PARTS, "name"), keep=("n_dense_layers",))
    sections = [
        "\n".join([f"[{name}]", *_lines(part)])
        for name in PARTS
        if (part := getattr(model, name)) is not None
    ]
    return "\n\n".join(["\n".join(own), *sections]) + "\n"


def _lines(
    part: Any,  # noqa: ANN401 - any dataclass of `architecture`
    *,
    leave: tuple[str, ...] = (),
    keep: tuple[str, ...] = (),
) -> list[str]:
    values = {
        each.name: getattr(part, each.name)
        for each in fields(part)
        if each.name not in leave
        and (each.name in keep or each.default in (MISSING, None) or _given(part, each))
    }
    return [f"{name} = {_value(value)}" for name, value in values.items() if value is not None]


def _given(part: Any, each: Any) -> bool:  # noqa: ANN401 - as above
    return bool(getattr(part, each.name) != each.default)


def _value(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int) else f'"{value}"'
