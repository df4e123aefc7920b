"""`autotune plan`: what to train for a budget."""

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from autotune.cli import console
from autotune.cli.law_names import STORAGE
from autotune.cli.option import option as declared
from autotune.cli.storage_option import FITS

EPILOG = """examples:

  autotune plan --flops 1e24

  autotune plan --gpus 2048 --gpu h100 --days 30 --mfu 0.4 --sparsity 0.95

  autotune plan --flops 1e22 --law abnar2025,generalized-moe --hold n-total --n-total 30B

  autotune plan --flops 1e23 --sparsity best --max-total 200B --max-tokens 15T

  autotune plan --target-loss 2.1 --inference-tokens 1T --law hoffmann2022

  autotune plan --like deepseek-v3

  autotune plan --flops 1e23 --law my-fit

  autotune plan --flops 1e24 --sparsity 0.94 --exact-flops deepseek-v3 --seq-len 4096

Counts read as people write them: 96B, 1.74T, 2.1e24. The whole budget is spent.

exit status: 0 planned; 1 some named law has no plan; 2 bad input; 3 no feasible plan"""

COUNT = "COUNT"
BUDGET = "What may be spent"
QUESTION = "What is asked"
CONSTRAINTS = "Constraints, which combine"
LAW = "Which law"

option = partial(declared, metavar=COUNT)


def register(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    app.command("plan", epilog=EPILOG)(plan)


Text = str | None


def plan(
    flops: Annotated[Text, option("--flops", text="FLOPs to spend.", panel=BUDGET)] = None,
    gpus: Annotated[Text, option("--gpus", text="Number of devices.", panel=BUDGET)] = None,
    gpu: Annotated[
        Text,
        option("--gpu", text="Device: h100, h100-pcie, mi300x ...", panel=BUDGET, metavar="NAME"),
    ] = None,
    days: Annotated[
        Text, option("--days", text="Days of training.", panel=BUDGET, metavar="DAYS")
    ] = None,
    mfu: Annotated[
        float | None,
        option("--mfu", text="Share of the dense peak; 0.4.", panel=BUDGET, metavar="SHARE"),
    ] = None,
    dtype: Annotated[
        Text, option("--dtype", text="Data type of the peak; bf16.", panel=BUDGET, metavar="NAME")
    ] = None,
    target_loss: Annotated[
        float | None,
        option(
            "--target-loss", text="Spend the least that reaches this.", panel=BUDGET, metavar="LOSS"
        ),
    ] = None,
    like: Annotated[
        Text,
        option(
            "--like",
            text="Budget, sparsity of a released model; or all.",
            panel=BUDGET,
            metavar="MODEL",
        ),
    ] = None,
    inference_tokens: Annotated[
        Text,
        option("--inference-tokens", text="Tokens to serve; the budget covers them.", panel=BUDGET),
    ] = None,
    sparsity: Annotated[
        Text,
        option("--sparsity", text="1 - active/total, or best; 0.", panel=QUESTION, metavar="S"),
    ] = None,
    hold: Annotated[
        Text,
        option(
            "--hold",
            text="Seek the best sparsity, holding tokens, n-total or nothing.",
            panel=QUESTION,
            metavar="WHAT",
        ),
    ] = None,
    n_active: Annotated[
        Text, option("--n-active", text="Held with --hold tokens.", panel=QUESTION)
    ] = None,
    n_total: Annotated[
        Text, option("--n-total", text="Held with --hold n-total.", panel=QUESTION)
    ] = None,
    tokens: Annotated[
        Text, option("--tokens", text="With --hold tokens, instead of a budget.", panel=QUESTION)
    ] = None,
    max_tokens: Annotated[
        Text, option("--max-tokens", text="Most training tokens.", panel=CONSTRAINTS)
    ] = None,
    unique_tokens: Annotated[
        Text,
        option("--unique-tokens", text="Distinct tokens; more repeat them.", panel=CONSTRAINTS),
    ] = None,
    max_total: Annotated[
        Text, option("--max-total", text="Most parameters in all.", panel=CONSTRAINTS)
    ] = None,
    max_active: Annotated[
        Text, option("--max-active", text="Most active parameters.", panel=CONSTRAINTS)
    ] = None,
    sparsity_range: Annotated[
        Text,
        option(
            "--sparsity-range",
            text="Seek the best sparsity in this range.",
            panel=CONSTRAINTS,
            metavar="LO,HI",
        ),
    ] = None,
    tokens_per_param: Annotated[
        Text,
        option(
            "--tokens-per-param",
            text="Tokens per active parameter.",
            panel=CONSTRAINTS,
            metavar="LO,HI",
        ),
    ] = None,
    law: Annotated[
        list[str] | None,
        option(
            "--law",
            text="A preset or a saved fit; repeatable, or comma separated.",
            panel=LAW,
            metavar="NAME",
        ),
    ] = None,
    n_experts: Annotated[
        float | None, option("--n-experts", text="Experts per layer.", panel=LAW, metavar="E")
    ] = None,
    granularity: Annotated[
        float | None, option("--granularity", text="4 d_model/d_expert.", panel=LAW, metavar="G")
    ] = None,
    top_k: Annotated[
        float | None, option("--top-k", text="Experts per token.", panel=LAW, metavar="K")
    ] = None,
    shared_share: Annotated[
        float | None,
        option("--shared-share", text="Share of shared experts.", panel=LAW, metavar="SHARE"),
    ] = None,
    exact_flops: Annotated[
        Text,
        option(
            "--exact-flops",
            text="Pay exact FLOPs of this shape, not 6 N D: a file, or a released model.",
            panel=BUDGET,
            metavar="MODEL",
        ),
    ] = None,
    seq_len: Annotated[
        Text, option("--seq-len", text="With --exact-flops; 8192.", panel=BUDGET, metavar="TOKENS")
    ] = None,
    tolerance: Annotated[
        float, typer.Option(help="Relative loss that still counts as near-optimal.")
    ] = 1e-3,
    csv: Annotated[
        str | None,
        typer.Option(metavar="DIR", help="With --like all: write the table and its manifest here."),
    ] = None,
    storage: Annotated[Path, FITS] = STORAGE,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Say what to train for a budget: sizes, tokens, sparsity, and how flat the optimum is."""
    given = {name: value for name, value in locals().items() if value is not None}
    from autotune.cli import plan_file, plan_request, plan_view

    plan_request.refuse_clashes(given)
    if like == "all":
        from autotune.cli import plan_table

        comparisons = plan_table.all_models(given)
        if csv is not None:
            plan_table.write(csv, comparisons)
        document = {"plans": [plan_table.to_json(item) for item in comparisons]}
        console.emit_json(document) if json else console.say(plan_table.text(comparisons))
        return
    request = plan_request.read(given)
    answer = plan_request.answer(request)
    if json:
        document = plan_view.document(request, answer) | {plan_file.KEY: plan_file.asked(given)}
        console.emit_json(document)
    else:
        console.say(plan_view.text(request, answer))
    for name, reason in answer.failed.items():
        console.talk(f"autotune plan: {name} has no plan: {reason}")
    if answer.failed and request.named:
        raise typer.Exit(1)
