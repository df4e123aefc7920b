"""`autotune ladder`: a grid of short training runs, as a run table."""

from pathlib import Path
from typing import Annotated

import typer

from autotune.cli import console
from autotune.cli.option import option
from autotune.cli.storage_option import folder as only_folder

EPILOG = """examples:

  autotune ladder --preset smoke

  autotune ladder --budget 10min --experts 1,8 --dry-run

  autotune ladder --preset laptop --budget 1e14 --corpus my/text --name my-text

  autotune fit results/local/ladder-laptop/runs.csv --law hoffmann --group trunk

Each trunk trains at full learning rate; a cooldown branch gives the loss at each of its token
budgets, so that one run gives several rows. Without --corpus the text is the source of Python's
standard library, one token per byte. The same command continues a ladder that was interrupted;
a larger --budget adds runs to it.

exit status: 0 done; 1 some runs failed or are left; 2 bad input; 3 no run has a loss;
130 interrupted, everything saved
"""
WHAT = "What is trained"
HOW = "How it is run"


def register(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    app.command("ladder", epilog=EPILOG)(ladder)


def ladder(
    preset: Annotated[str, option("--preset", text="smoke, laptop or gpu.", panel=WHAT)] = "laptop",
    budget: Annotated[
        str | None,
        option(
            "--budget",
            text="Expected wall time such as 10min, or FLOPs such as 1e14; the costliest runs "
            "are dropped until the rest fits.  [default: the preset's]",
            panel=WHAT,
        ),
    ] = None,
    sizes: Annotated[
        str | None,
        option("--sizes", text="Active parameters in layers: 6K,38K,195K.", panel=WHAT),
    ] = None,
    tokens: Annotated[
        str | None, option("--tokens", text="Token budgets: 500K,1M,2M.", panel=WHAT)
    ] = None,
    experts: Annotated[
        str | None, option("--experts", text="Experts, 1 for dense: 1,8.", panel=WHAT)
    ] = None,
    top_k: Annotated[
        int | None, option("--top-k", text="Experts of a token; 2.", panel=WHAT)
    ] = None,
    seeds: Annotated[
        int | None, option("--seeds", text="Repetitions of every trunk; 1.", panel=WHAT)
    ] = None,
    corpus: Annotated[
        list[Path] | None,
        option("--corpus", text="Files or folders of text or ids; repeatable.", panel=WHAT),
    ] = None,
    tokenizer: Annotated[
        Path | None, option("--tokenizer", text="A tokenizer.json; bytes without.", panel=WHAT)
    ] = None,
    device: Annotated[
        str | None, option("--device", text="cpu or cuda.  [default: the preset's]", panel=HOW)
    ] = None,
    workers: Annotated[
        int | None,
        option("--workers", text="Trunks at once, one thread each.  [default: cores]", panel=HOW),
    ] = None,
    timeout: Annotated[
        str | None, option("--timeout", text="When to stop, everything saved: 30m.", panel=HOW)
    ] = None,
    storage: Annotated[
        Path, option("--storage", text="The folder of studies.", panel=HOW, check=only_folder)
    ] = Path("results/local"),
    name: Annotated[
        str | None, option("--name", text="The study.  [default: ladder-PRESET]", panel=HOW)
    ] = None,
    out: Annotated[
        Path | None,
        option("--out", text="The run table.  [default: runs.csv in the study]", panel=HOW),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be trained, and its cost.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Train a scaling ladder: sizes x tokens x sparsity, with one run table for `fit`."""
    given = {key: value for key, value in locals().items() if value is not None}
    from autotune.cli import ladder_request, ladder_view

    request = ladder_request.read(given)
    if dry_run:
        _print(ladder_view.plan_document(request), ladder_view.plan_text(request), json=json)
        return
    from autotune.cli import ladder_run

    console.talk(ladder_view.plan_text(request))
    done = ladder_run.run(request)
    _print(ladder_view.document(request, done), ladder_view.text(request, done), json=json)
    raise typer.Exit(done.exit_status)


def _print(document: object, text: str, *, json: bool) -> None:
    if json:
        console.emit_json(document)
    else:
        console.say(text)
