"""`autotune data`: public run tables, where they come from, and what to know of them."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from autotune.cli import console

if TYPE_CHECKING:
    from autotune.datasets.source import Dataset

EPILOG = """examples:

  autotune data list

  autotune data get chinchilla_epoch

  autotune fit $(autotune data path chinchilla_epoch) --law hoffmann
"""
LIST_EPILOG = """examples:

  autotune data list

  autotune data list --json
"""
GET_EPILOG = """examples:

  autotune data get chinchilla_epoch

  autotune data get routed_clark2022 --from /data/public --json

DIR has one folder per study, as `autotune data list --json` names them. AUTOTUNE_DATA names such
a folder for every command.
"""
PATH_EPILOG = """examples:

  autotune data path frantar2023_t5
"""

app = typer.Typer(help="List, fetch and convert public run tables.", epilog=EPILOG,
                  no_args_is_help=True)  # fmt: skip

Name = Annotated[str, typer.Argument(help="A name from `autotune data list`.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
From = Annotated[
    Path | None, typer.Option("--from", metavar="DIR", help="Take originals from here only.")
]


def register(parent: typer.Typer) -> None:
    """Add the verb to the command line."""
    parent.add_typer(app, name="data")


@app.command("list", epilog=LIST_EPILOG)
def list_(json: Json = False) -> None:
    """List the public tables with their source and licence."""
    from autotune.datasets.registry import DATASETS

    if json:
        console.emit_json({"tables": [_record(dataset) for dataset in DATASETS.values()]})
        return
    rows = [(d.name, str(d.n_rows), d.licence.split(",")[0], d.title) for d in DATASETS.values()]
    headers = ["table", "runs", "licence", "what"]
    console.say(console.table(headers, rows, left=(0, 2, 3)))


@app.command("get", epilog=GET_EPILOG)
def get(name: Name, folder: From = None, json: Json = False) -> None:
    """Fetch a table, check its SHA-256, convert it, and say what to know before using it."""
    from autotune.datasets.fetch import fetch
    from autotune.datasets.registry import dataset

    table = dataset(name)
    got = fetch(table, folder=folder)
    if json:
        console.emit_json(_record(table) | {"path": str(got.path), "from": got.origin})
        return
    console.say(f"{got.path}\n")
    console.say(f"what:      {table.title}")
    console.say(f"from:      {got.origin}")
    console.say(f"cite:      {table.citation}")
    console.say(f"licence:   {table.licence}")
    console.say(f"loss:      {table.loss_unit}")
    for trap in table.traps:
        console.say(f"mind:      {trap}")


@app.command("path", epilog=PATH_EPILOG)
def path(name: Name, folder: From = None) -> None:
    """Print the path of a table, and nothing else; fetch it when needed."""
    from autotune.datasets.fetch import fetch
    from autotune.datasets.registry import dataset

    console.say(str(fetch(dataset(name), folder=folder).path))


def _record(dataset: "Dataset") -> dict[str, Any]:
    return {
        "name": dataset.name,
        "title": dataset.title,
        "citation": dataset.citation,
        "licence": dataset.licence,
        "loss_unit": dataset.loss_unit,
        "traps": list(dataset.traps),
        "n_rows": dataset.n_rows,
        "columns": list(dataset.columns),
        "folder": dataset.folder,
        "originals": [
            {
                "file": original.file_name,
                "sha256": original.sha256,
                "places": [
                    {
                        "repository": place.repository,
                        "commit": place.commit,
                        "path": place.path,
                        "url": place.url,
                    }
                    for place in original.places
                ],
            }
            for original in dataset.originals
        ],
    }
