"""Options of a verb: one in a panel of its help, and those that a call has."""

from collections.abc import Callable
from typing import Any

import typer


def option(
    *names: str,
    text: str,
    panel: str,
    metavar: str | None = None,
    check: Callable[[Any], Any] | None = None,
) -> typer.models.OptionInfo:
    """Declare an option.

    Args:
        names: As they are typed.
        text: What it is.
        panel: The part of the help it stands in.
        metavar: What stands for its value; None for its type.
        check: Refuses a value, or returns it.
    """
    made: typer.models.OptionInfo = typer.Option(
        *names, help=text, rich_help_panel=panel, metavar=metavar or None, callback=check
    )
    return made


def stated(context: typer.Context) -> frozenset[str]:
    """Names of the options that were written on the command line."""
    sources = {name: context.get_parameter_source(name) for name in context.params}
    return frozenset(
        name for name, source in sources.items() if source and source.name == "COMMANDLINE"
    )
