"""The typed options of a problem: the keyword signature of its `problem` function."""

import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args, get_origin, get_type_hints

from autotune import checks
from autotune.errors import InputError, ProblemError
from autotune.quantities import parse_count
from autotune.types import Value

TYPES = {float: "number", int: "integer", bool: "true or false", str: "text"}
BOOLEANS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
_ARGUMENT = re.compile(r"( +)(\w+): (.*)")


@dataclass(frozen=True, slots=True)
class Option:
    """One option of a problem.

    Attributes:
        name: As in `--set name=value`.
        kind: `number`, `integer`, `true or false`, `text`, or the legal words joined by `|`.
        default: Its default; None means that it must be given.
        doc: What it is, with its unit.
    """

    name: str
    kind: str
    default: Value | None
    doc: str

    def parse(self, text: str) -> Value:
        """Read a value as written on the command line.

        Raises:
            InputError: If it is not of the option's kind.
        """
        if self.kind == TYPES[str]:
            return text
        if self.kind == TYPES[bool]:
            if text.lower() not in BOOLEANS:
                raise InputError(f"option {self.name} must be true or false, not {text!r}.")
            return BOOLEANS[text.lower()]
        if self.kind in (TYPES[float], TYPES[int]):
            return self._number(text)
        return checks.one_of(f"value of option {self.name}:", text, self.kind.split("|"))

    def _number(self, text: str) -> Value:
        whole = self.kind == TYPES[int]
        try:
            value = parse_count(text)
        except InputError:
            value = None
        if value is None or (whole and value != int(value)):
            example = "an integer such as 64" if whole else "a number such as 1e21, 96B or 0.5"
            raise InputError(f"option {self.name} must be {example}, not {text!r}.")
        return int(value) if whole else value


def options_of(function: Callable[..., Any]) -> tuple[Option, ...]:
    """Read the options off a `problem` function: names, kinds, defaults and their docs.

    Raises:
        ProblemError: If a parameter is not keyword-only, or not of a supported type.
    """
    docs = _argument_docs(inspect.getdoc(function) or "")
    hints = get_type_hints(function)
    options = []
    for name, parameter in inspect.signature(function).parameters.items():
        if parameter.kind is not parameter.KEYWORD_ONLY:
            raise ProblemError(f"problem(): parameter {name} must be keyword-only (after a `*`)")
        hint = hints.get(name)
        if get_origin(hint) is Literal:
            kind = "|".join(map(str, get_args(hint)))
        elif hint in TYPES:
            kind = TYPES[hint]
        else:
            raise ProblemError(
                f"problem(): parameter {name} must be float, int, bool, str or a Literal of words"
            )
        required = parameter.default is parameter.empty
        options.append(
            Option(name, kind, None if required else parameter.default, docs.get(name, ""))
        )
    return tuple(options)


def split(settings: Sequence[str]) -> dict[str, str]:
    """Split `name=value` settings at the first equals sign.

    Raises:
        InputError: If one has none, or a name comes twice.
    """
    given = split_all(settings, flag="--set", example="flops=1e22")
    for name, values in given.items():
        if len(values) > 1:
            raise InputError(f"option {name} is given twice.")
    return {name: values[0] for name, values in given.items()}


def split_all(settings: Sequence[str], *, flag: str, example: str) -> dict[str, list[str]]:
    """Split `name=value` settings at the first equals sign; a name may come more than once.

    Raises:
        InputError: If one has none.
    """
    given: dict[str, list[str]] = {}
    for setting in settings:
        name, equals, value = setting.partition("=")
        if not equals or not name.strip():
            raise InputError(f"cannot read {flag} {setting!r}. Write it as {flag} {example}.")
        given.setdefault(name.strip(), []).append(value.strip())
    return given


def parse(options: Sequence[Option], given: Mapping[str, str], *, problem: str) -> dict[str, Value]:
    """Read given options, and fill in the defaults of the others.

    Raises:
        InputError: If a name is unknown, a value is not of its kind, or one is missing.
    """
    known = {option.name: option for option in options}
    if given and not known:
        raise InputError(f"{problem} takes no options, but was given {', '.join(given)}.")
    for name in given:
        checks.one_of(f"option of {problem}", name, known)
    missing = [o.name for o in options if o.default is None and o.name not in given]
    if missing:
        raise InputError(
            f"{problem} needs the option {missing[0]} ({known[missing[0]].doc}): "
            f"--set {missing[0]}=..."
        )
    defaults = {o.name: o.default for o in options if o.default is not None}
    return defaults | {name: known[name].parse(text) for name, text in given.items()}


def _argument_docs(docstring: str) -> dict[str, str]:
    """The `Args:` section of a Google-style docstring, by argument."""
    docs: dict[str, str] = {}
    name, inside, margin = "", False, 0
    for line in docstring.splitlines():
        match = _ARGUMENT.match(line)
        if line.strip() == "Args:":
            inside = True
        elif inside and line and not line.startswith(" "):
            break
        elif inside and match and (not margin or len(match[1]) == margin):
            margin, name = len(match[1]), match[2]
            docs[name] = match[3].strip()
        elif inside and name and line.strip():
            docs[name] += " " + line.strip()
    return docs
