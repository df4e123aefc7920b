"""`autotune count`: parameters, FLOPs and memory of a model's shape."""

from typing import TYPE_CHECKING, Annotated

import typer

from autotune.cli import console

if TYPE_CHECKING:
    from autotune.architecture.conventions import Convention
    from autotune.architecture.document import Described

EPILOG = """examples:

  autotune count --list

  autotune count deepseek-v3

  autotune count gpt-oss-20b --seq-len 131072 --json

  autotune count path/to/config.json --convention chinchilla

  autotune count my-model.toml --convention holistic

A model is a released one by name, a config.json of Hugging Face, or a TOML of ours, whose keys
docs/guide.md lists. FLOPs are per token; training is three forward passes.
"""


def register(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    app.command("count", epilog=EPILOG)(count)


def count(
    model: Annotated[
        str | None, typer.Argument(help="A config.json, a TOML, or a released model's name.")
    ] = None,
    convention: Annotated[
        str | None,
        typer.Option(help="exact, published, holistic, chinchilla or kaplan; default all."),
    ] = None,
    seq_len: Annotated[str, typer.Option(help="Tokens of a sequence.")] = "8192",
    list_: Annotated[bool, typer.Option("--list", help="List the released models.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Count the parameters of a model by group, its FLOPs per token and its memory."""
    from autotune.cli import count_record, count_view, sequence
    from autotune.errors import InputError
    from autotune.models import catalogue

    if (model is None) != list_:
        raise InputError("give one model to count, or --list for the released ones.")
    if model is None:
        rows = [count_record.released(catalogue.read(name)) for name in catalogue.names()]
        console.emit_json({"models": rows}) if json else console.say(count_view.catalogue(rows))
        return
    found = catalogue.find(model)
    record = count_record.of(
        found, _conventions(found, convention), seq_len=sequence.length(seq_len)
    )
    console.emit_json(record) if json else console.say(count_view.sheet(record))


def _conventions(found: "Described", name: str | None) -> "list[Convention]":
    """The one that was asked for, or all; `published` is that of the model's own report."""
    from autotune import checks
    from autotune.architecture.conventions import CONVENTIONS, published

    said = found.published
    every = {**CONVENTIONS}
    if said is not None:
        every["published"] = published(input_embedding=said.input_embedding)
    return (
        list(every.values()) if name is None else [every[checks.one_of("convention", name, every)]]
    )
