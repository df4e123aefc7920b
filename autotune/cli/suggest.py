"""`autotune suggest`: the next runs worth training."""

from typing import Annotated

import typer

from autotune.cli import console
from autotune.cli.option import option

EPILOG = """examples:

  autotune suggest runs.csv --target-flops 1e24 --spend 1e21

  autotune suggest runs.csv --target-flops 1e24 --spend 1e21 --law hoffmann,interaction -n 4

  autotune suggest runs.csv --target-flops 1e24 --spend 1e21 --grid isoflop

  autotune suggest runs.csv --target-flops 1e24 --spend 1e21 --batch --batch-tokens 4M --json

Chosen are the runs that lower the expected regret at the target most per FLOP: the loss lost by
training what looks best instead of what is best, over draws of the coefficients of several laws
(knowledge gradient: Frazier, Powell and Dayanik 2009). --grid gives a classical design for the same
spend, judged alike. Replicates are suggested where noise between seeds outweighs misfit.

exit status: 0 suggested; 1 nothing is expected to change the plan; 2 bad input; 3 no law fits
"""
WHAT = "What is asked"
LIMITS = "What a run may be"
HOW = "How"


def register(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    app.command("suggest", epilog=EPILOG)(suggest)


Text = str | None


def suggest(
    runs: Annotated[str, typer.Argument(help="Finished runs: CSV, Parquet, a public table, or -.")],
    target_flops: Annotated[
        Text, option("--target-flops", text="Budget to plan for, in FLOPs.", panel=WHAT)
    ] = None,
    spend: Annotated[
        Text, option("--spend", text="FLOPs for all suggested runs.", panel=WHAT)
    ] = None,
    n: Annotated[int, option("-n", text="Most runs to suggest.", panel=WHAT)] = 8,
    batch: Annotated[
        bool, option("--batch", text="The runs start together: longest first.", panel=WHAT)
    ] = False,
    where: Annotated[
        str, option("--where", text="Finished runs to keep.", panel=WHAT, metavar="EXPR")
    ] = "",
    problem: Annotated[
        Text,
        option("--problem", text="Suggest what this problem can train.", panel=LIMITS),
    ] = None,
    options: Annotated[
        list[str] | None,
        option("--set", text="Option of the problem.", panel=LIMITS, metavar="NAME=VALUE"),
    ] = None,
    smallest: Annotated[
        Text, option("--smallest", text="Fewest FLOPs of a run.", panel=LIMITS)
    ] = None,
    largest: Annotated[Text, option("--largest", text="Most FLOPs of a run.", panel=LIMITS)] = None,
    batch_tokens: Annotated[
        str, option("--batch-tokens", text="Tokens of one step.", panel=LIMITS)
    ] = "1",
    max_tokens: Annotated[
        Text, option("--max-tokens", text="Most tokens of a run.", panel=LIMITS)
    ] = None,
    tokens_per_param: Annotated[
        str,
        option(
            "--tokens-per-param",
            text="Fewest and most, or auto: 5,400, and what the plan is likely to have.",
            panel=LIMITS,
            metavar="LOW,HIGH",
        ),
    ] = "auto",
    law: Annotated[
        str, option("--law", text="Forms, separated by commas, or auto.", panel=HOW)
    ] = "auto",
    grid: Annotated[
        str,
        option("--grid", text="regret, d-optimal, isoflop, ladder, random or largest.", panel=HOW),
    ] = "regret",
    seed: Annotated[int, option("--seed", text="Of draws and simulated outcomes.", panel=HOW)] = 0,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Choose the next runs that make the plan for a large budget surest per FLOP."""
    given = {name: value for name, value in locals().items() if value is not None}
    from autotune.cli import suggest_request, suggest_view

    request = suggest_request.read(given)
    answer = suggest_request.answer(request)
    for warning in answer.warnings:
        console.talk(f"warning: {warning}")
    if json:
        console.emit_json(suggest_view.document(answer))
    else:
        console.say(suggest_view.text(answer))
    raise typer.Exit(int(not len(answer.made.runs)))
