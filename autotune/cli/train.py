"""`autotune train`: one real short training run."""

from pathlib import Path
from typing import Annotated

import typer

from autotune.cli import console

EPILOG = """examples:

  autotune train --n-active 38k --tokens 500k

  autotune train --shape 64x4 --experts 8 --top-k 2 --tokens 1M --out runs/moe

  autotune train --config path/to/config.json --flops 1e12 --corpus my-text/ --json

  autotune train --n-active 195k --tokens 500k,1M,2M --out runs/195k --resume

  autotune train --build my_model.py:build --tokens 500k --optimizer adamw

Without --corpus, the text is the source of Python's standard library, one token per byte. Several
token budgets share one run at full learning rate, and each gets a cooldown of its own. Needs
pip install 'autotune-llm[train]'.

exit status: 0 every budget has a loss; 1 some have; 2 bad input; 3 none has; 130 interrupted, with
a checkpoint if --out is given
"""


def register(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    app.command("train", epilog=EPILOG)(train)


def train(
    n_active: Annotated[
        str | None, typer.Option(help="Active parameters in matrices of the layers: 195k.")
    ] = None,
    shape: Annotated[
        str | None, typer.Option(help="WIDTHxLAYERS or WIDTHxLAYERSxHEADS: 64x4x4.")
    ] = None,
    config: Annotated[
        str | None, typer.Option(help="A config.json, our TOML, or a released model's name.")
    ] = None,
    build: Annotated[
        str | None, typer.Option(help="Your own model, module:function or file.py:function.")
    ] = None,
    experts: Annotated[int | None, typer.Option(help="Routed experts; default dense.")] = None,
    top_k: Annotated[int, typer.Option(help="Experts that a token goes to.")] = 2,
    granularity: Annotated[
        float | None, typer.Option(help="4 d_model / d_expert; default as active as dense.")
    ] = None,
    balance: Annotated[
        str, typer.Option(help="What evens out the load of experts: aux (a loss) or bias.")
    ] = "aux",
    tokens: Annotated[
        str | None, typer.Option(help="Training tokens, or several budgets: 500k,1M.")
    ] = None,
    flops: Annotated[
        str | None, typer.Option(help="Exact training FLOPs, in place of tokens.")
    ] = None,
    corpus: Annotated[
        list[str] | None, typer.Option(help="A file or folder of text; may be repeated.")
    ] = None,
    tokenizer: Annotated[
        str | None, typer.Option(help="A tokenizer.json; default one token per byte.")
    ] = None,
    optimizer: Annotated[
        str, typer.Option(help="muon (matrices, of experts too; AdamW for the rest) or adamw.")
    ] = "muon",
    lr_multiplier: Annotated[float, typer.Option(help="Times every learning rate.")] = 1.0,
    context: Annotated[int, typer.Option(help="Tokens of a sequence.")] = 128,
    sequences: Annotated[
        int | None, typer.Option(help="Sequences of a step; default by the batch law.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Of weights and order of tokens.")] = 0,
    device: Annotated[str, typer.Option(help="cpu (fp32) or cuda (bf16).")] = "cpu",
    compile_: Annotated[
        bool | None,
        typer.Option("--compile/--no-compile", help="torch.compile; default only on cuda."),
    ] = None,
    time: Annotated[str | None, typer.Option(help="Wall time that the run may take: 10m.")] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder of checkpoints, results and runs.csv.")
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the run there.")] = False,
    table: Annotated[
        Path | None, typer.Option(help="A CSV of runs to append to; default OUT/runs.csv.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Train a small dense or sparse language model, and record its loss as a run."""
    from autotune.cli import train_request, train_run, train_view
    from autotune.training.corpus import open_corpus

    request = train_request.Request(
        n_active=n_active, shape=shape, config=config, build=build, experts=experts, top_k=top_k,
        granularity=granularity, balance=balance, tokens=tokens, flops=flops, optimizer=optimizer,
        lr_multiplier=lr_multiplier, context=context, sequences=sequences, seed=seed,
        device=device, compile=compile_, time=time, out=out, resume=resume,
    )  # fmt: skip
    train_request.check(request)
    text = open_corpus(corpus or [], tokenizer=tokenizer)
    run = train_request.run(request, vocabulary=text.vocabulary)
    for note in train_request.notes(run, text):
        console.talk(f"note: {note}")
    where = table if table is not None else (out and out / "runs.csv")
    results = train_run.results(run, text, table=where)
    if json:
        console.emit_json({"results": [result.to_json() for result in results]})
    else:
        console.say(train_view.sheet(results, table=where))
    raise typer.Exit(train_run.status(results))
