"""Reading parameter values back from the cells of a table, as a space knows them."""

import math
from collections.abc import Mapping
from typing import Any

from autotune.errors import InputError
from autotune.types import Value


class Cells:
    """Turns text into values of a space's parameters; without a space it goes by looks.

    Other tools write integers as `4.0` and booleans as `True`: only the space can tell.
    """

    def __init__(self, space: Mapping[str, Any]) -> None:
        """Take a space as ConfigSpace serialises it; an empty one knows no parameters."""
        self._known = {entry["name"]: entry for entry in space.get("hyperparameters", ())}

    @property
    def names(self) -> list[str]:
        """The parameters of the space."""
        return list(self._known)

    def choices(self, name: str) -> list[str]:
        """The values of a parameter as text, if they are listed; else none."""
        entry = self._known.get(name, {})
        return [str(choice) for choice in entry.get("choices", entry.get("sequence", ()))]

    def read(self, name: str, text: str) -> Value:
        """Read a cell.

        Raises:
            InputError: If it is no value of that parameter.
        """
        if name not in self._known:
            return by_looks(text)
        entry = self._known[name]
        choices = entry.get("choices", entry.get("sequence"))
        if choices is None and "value" in entry:
            choices = [entry["value"]]
        if choices is not None:
            return _choose(name, text, choices)
        return _within(name, text, entry)


def by_looks(text: str) -> Value:
    """The value that a text looks like: true or false, an integer, a number, or itself."""
    if text in {"True", "False"}:
        return text == "True"
    for kind in (int, float):
        try:
            value = kind(text)
        except ValueError:
            continue
        return value if math.isfinite(value) else text
    return text


def _choose(name: str, text: str, choices: list[Value]) -> Value:
    looks = by_looks(text)
    for choice in choices:
        if str(choice) == text or (type(choice) is not str and choice == looks):
            return choice
    raise InputError(f"{name} = {text!r} is none of {', '.join(map(str, choices))}")


def _within(name: str, text: str, entry: Mapping[str, Any]) -> Value:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    low = -math.inf if entry.get("lower") is None else entry["lower"]
    high = math.inf if entry.get("upper") is None else entry["upper"]
    whole = str(entry["type"]).endswith("int")
    if not low <= value <= high or (whole and not value.is_integer()):
        what = "an integer" if whole else "a number"
        raise InputError(f"{name} = {text!r} is not {what} in [{low}, {high}]")
    return int(value) if whole else value
