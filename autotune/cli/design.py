"""`autotune design`: a complete mixture of experts for a budget."""

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from autotune.cli import console, design_fit
from autotune.cli.law_names import STORAGE
from autotune.cli.option import option as declared
from autotune.cli.option import stated
from autotune.cli.storage_option import FITS
from autotune.errors import InputError

EPILOG = """examples:

  autotune design --flops 1e24

  autotune design --flops 1e23 --experts 256 --tp 8 --ep 16 --pp 4 --multiple 128

  autotune design --flops 1e24 --mla --heads 128x128 --dense-ratio 18/7

  autotune design --flops 1e22 --max-memory 80GB --gpus 64 --top 5

  autotune design --flops 1e22 --law generalized-moe --max-memory 80GB --gpus 64

  autotune design --flops 1e22 --format hf > config.json

  autotune design --flops 1e22 --pick 2 --format megatron

  autotune design --like deepseek-v3

  autotune design fit runs.csv --save ours

  autotune design --flops 1e22 --shape-law ours

With --shape-law, what is held fixed is that of its runs where no option says otherwise.

FLOPs are M D with M the training FLOPs per token by the holistic convention of `autotune count`:
embeddings, head and router are not in it. With --law they are exact: head and router are.

exit status: 0 designed; 2 bad input; 3 no model of whole numbers is near enough"""

SHAPE = "What is held fixed"
SIZES = "What chooses M, N_a and N"
WHOLE = "What whole numbers must divide by"
CAPS = "Caps, which combine"
ANSWER = "What is printed"
Text = str | None

option = partial(declared, metavar="N")


def register(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    group = typer.Typer()
    group.callback(invoke_without_command=True, epilog=EPILOG)(design)
    group.command("fit", epilog=design_fit.EPILOG)(design_fit.fit)
    app.add_typer(group, name="design")


def design(
    context: typer.Context,
    flops: Annotated[
        Text, typer.Option(help="FLOPs to spend on training.", metavar="COUNT")
    ] = None,
    like: Annotated[
        Text,
        typer.Option(help="Place a released model, or a file of one, by its ratios.", metavar="M"),
    ] = None,
    shape_law: Annotated[
        Text,
        typer.Option(help="Your own laws, by the name of a saved `design fit`.", metavar="ID"),
    ] = None,
    storage: Annotated[Path, FITS] = STORAGE,
    experts: Annotated[
        int | None, option("--experts", text="Routed experts; 288.", panel=SHAPE)
    ] = None,
    top_k: Annotated[
        int | None, option("--top-k", text="Experts per token; 8.", panel=SHAPE)
    ] = None,
    shared: Annotated[
        int | None, option("--shared", text="Shared experts; 1.", panel=SHAPE)
    ] = None,
    seq_len: Annotated[
        Text, option("--seq-len", text="Tokens of a sequence; 8192.", panel=SHAPE)
    ] = None,
    vocabulary: Annotated[
        int, option("--vocabulary", text="Rows of the embedding.", panel=SHAPE)
    ] = 152064,
    dense_ratio: Annotated[
        Text,
        option("--dense-ratio", text="Dense FFN width over d; 3.", panel=SHAPE, metavar="8/3"),
    ] = None,
    heads: Annotated[
        Text,
        option(
            "--heads", text="Query heads and their size; scheduled.", panel=SHAPE, metavar="16x128"
        ),
    ] = None,
    queries_per_kv: Annotated[
        int | None,
        option("--queries-per-kv", text="Query heads per kv head (GQA); 2.", panel=SHAPE),
    ] = None,
    mla: Annotated[
        bool, typer.Option("--mla", help="Multi-head latent attention.", rich_help_panel=SHAPE)
    ] = False,
    q_rank: Annotated[
        int | None,
        option("--q-rank", text="With --mla: of the query, 0 for none; 1536.", panel=SHAPE),
    ] = None,
    kv_rank: Annotated[
        int | None, option("--kv-rank", text="With --mla: of key and value; 512.", panel=SHAPE)
    ] = None,
    rope_dim: Annotated[
        int | None,
        option("--rope-dim", text="With --mla: rotary part of a head; 64.", panel=SHAPE),
    ] = None,
    width_rule: Annotated[
        Text,
        option(
            "--width-rule", text="What sets d: ratio (of widths) or sweep.", panel=SHAPE,
            metavar="RULE",
        ),
    ] = None,
    law: Annotated[
        Text,
        option(
            "--law", text="A law or saved fit: M, N_a, N; M beside --shape-law.", panel=SIZES,
            metavar="NAME",
        ),
    ] = None,
    over: Annotated[
        str,
        option(
            "--over", text="With --law: shapes near the shape laws, or all.", panel=SIZES,
            metavar="near|all",
        ),
    ] = "near",
    multiple: Annotated[
        int, option("--multiple", text="Widths are multiples of it, 8 to 128.", panel=WHOLE)
    ] = 8,
    tp: Annotated[
        int, option("--tp", text="Tensor-parallel size: heads, widths.", panel=WHOLE)
    ] = 1,
    ep: Annotated[int, option("--ep", text="Expert-parallel size: experts.", panel=WHOLE)] = 1,
    pp: Annotated[int, option("--pp", text="Pipeline-parallel size: layers.", panel=WHOLE)] = 1,
    max_total: Annotated[
        Text,
        option("--max-total", text="Most parameters in all.", panel=CAPS, metavar="COUNT"),
    ] = None,
    max_memory: Annotated[
        Text,
        option("--max-memory", text="Of each GPU, for weights and optimizer.", panel=CAPS,
               metavar="SIZE"),
    ] = None,
    gpus: Annotated[
        int | None, option("--gpus", text="GPUs that share the training state.", panel=CAPS)
    ] = None,
    top: Annotated[int, option("--top", text="Models shown.", panel=ANSWER)] = 10,
    pick: Annotated[
        int, option("--pick", text="Which of them --format writes.", panel=ANSWER)
    ] = 1,
    format_: Annotated[
        str,
        option("--format", text="table, toml, hf or megatron.", panel=ANSWER, metavar="FORMAT"),
    ] = "table",
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:  # fmt: skip
    """Design a complete mixture of experts for a budget, by laws of its best shape."""
    given = {name: value for name, value in locals().items() if value is not None}
    if given.pop("context").invoked_subcommand is not None:
        if stated(context):
            raise InputError("design fit takes its own options only: put them behind `fit`.")
        return
    from autotune.cli import design_files, design_record, design_request, design_view

    request = design_request.read(given, stated=stated(context))
    answer = design_request.answer(request)
    if request.format_ != "table":
        console.say(design_files.written(request, answer))
    elif json:
        console.emit_json(design_record.of(request, answer))
    else:
        console.say(design_view.text(design_record.of(request, answer)))
