"""`autotune fit`: a law from finished runs."""

from pathlib import Path
from typing import Annotated

import typer

from autotune.cli import console
from autotune.cli.law_names import STORAGE
from autotune.cli.option import option, stated
from autotune.cli.storage_option import folder as only_folder

EPILOG = """examples:

  autotune fit runs.csv --law hoffmann

  autotune fit runs.csv --law generalized --n total --save my-fit

  autotune fit runs.csv --law auto --where "tokens >= 1B" --json > fit.json

  autotune fit runs.csv --law generalized --fix gamma=0 --bounds "alpha=0:1" --group run_id

  autotune plan --flops 1e23 --law my-fit

  autotune fit sweep.csv --law step-lr --save my-lr

  autotune fit runs.csv --method isoflop

  autotune fit checkpoints.csv --method envelope --group run_id

RUNS is a CSV or Parquet with the columns n_active or n_total, tokens or flops, and loss, and what
the law needs: sparsity, n_experts, top_k, granularity. Counts are plain (7e9, not 7), losses in
nats per token. Laws of the learning rate and the batch size read lr, batch_tokens (or batch_size
and seq_len) and, in a sweep, loss. Names in wide use are recognised; the mapping is printed on
stderr.

--method isoflop and envelope are approaches 2 and 1 of Hoffmann et al. (2022): they fit no law, but
N = k_N C^a and D = k_D C^b, through the vertex of a parabola at each budget, or through the runs
that are best for their compute.

exit status: 0 converged; 1 fitted with a caveat; 2 bad input; 3 no fit"""

LAW = "The law and what it reads"
RUNS = "Which runs"
OBJECTIVE = "What is minimised"
INTERVALS = "Intervals"
SAVING = "Saving"


def register(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    app.command("fit", epilog=EPILOG)(fit)


def fit(
    context: typer.Context,
    runs: Annotated[
        str, typer.Argument(help="CSV or Parquet of finished runs, - for stdin, or a public table.")
    ],
    law: Annotated[
        str | None,
        option(
            "--law",
            text="A form or a preset, see `autotune laws`; or auto. For --method parametric.",
            panel=LAW,
            metavar="LAW",
        ),
    ] = None,
    method: Annotated[
        str, option("--method", text="parametric, isoflop or envelope.", panel=LAW)
    ] = "parametric",
    n: Annotated[
        str | None,
        option("--n", text="What N is: active or total.", panel=LAW, metavar="WHAT"),
    ] = None,
    sparsity: Annotated[
        str | None,
        option(
            "--sparsity",
            text="What S is: param (1 - active/total) or expert (1 - k/experts).",
            panel=LAW,
            metavar="WHAT",
        ),
    ] = None,
    fix: Annotated[
        list[str] | None,
        option("--fix", text="Hold a coefficient: gamma=0.", panel=LAW, metavar="NAME=VALUE"),
    ] = None,
    bounds: Annotated[
        list[str] | None,
        option("--bounds", text="Bound one: gamma=-3:3.", panel=LAW, metavar="NAME=LOW:HIGH"),
    ] = None,
    where: Annotated[
        str,
        option("--where", text="Rows to keep: tokens >= 1B.", panel=RUNS, metavar="EXPR"),
    ] = "",
    mixed_corpora: Annotated[
        bool,
        option("--mixed-corpora", text="Fit runs on different corpora together.", panel=RUNS),
    ] = False,
    tolerance: Annotated[
        float | None,
        option(
            "--tolerance",
            text="isoflop: how far the FLOPs of one budget may lie from its middle; 0.1.",
            panel=RUNS,
        ),
    ] = None,
    objective: Annotated[
        str,
        option("--objective", text="huber, mse or mae, of the log loss.", panel=OBJECTIVE),
    ] = "huber",
    delta: Annotated[
        float | None,
        option(
            "--delta",
            text="Where Huber's loss turns linear: 0.001, for learning rate and batch 0.35.",
            panel=OBJECTIVE,
        ),
    ] = None,
    emphasis: Annotated[
        str | None,
        option(
            "--emphasis",
            text="Weigh runs by FLOPs^POWER: best at the large end. auto: the power that "
            "extrapolates best. 0; with --law auto, auto.",
            panel=OBJECTIVE,
            metavar="POWER",
        ),
    ] = None,
    near: Annotated[
        float | None,
        option(
            "--near",
            text="Learning rate and batch: average the settings within this share of the least "
            "loss, such as 0.0025, in place of finding its minimum.",
            panel=OBJECTIVE,
            metavar="SHARE",
        ),
    ] = None,
    bootstrap: Annotated[
        int, option("--bootstrap", text="Resamples; 0 for no intervals.", panel=INTERVALS)
    ] = 1000,
    group: Annotated[
        str | None,
        option(
            "--group",
            text="Rows that share this column are one observation; for envelope, one run.",
            panel=INTERVALS,
            metavar="COLUMN",
        ),
    ] = None,
    resample: Annotated[
        str,
        option(
            "--resample",
            text="What a resample draws anew: residuals, rows, or auto for what suits.",
            panel=INTERVALS,
            metavar="WHAT",
        ),
    ] = "auto",
    profile: Annotated[
        str | None,
        option(
            "--profile",
            text="Coefficients whose limits come from a profile: alpha,beta or none; all without "
            "a unit unless given. The others keep percentiles of the resamples.",
            panel=INTERVALS,
            metavar="NAMES",
        ),
    ] = None,
    level: Annotated[
        float, option("--level", text="Coverage of the intervals.", panel=INTERVALS)
    ] = 0.95,
    seed: Annotated[int, option("--seed", text="Of starts and resamples.", panel=INTERVALS)] = 0,
    save: Annotated[
        str | None,
        option("--save", text="Make it a law of this name.", panel=SAVING, metavar="ID"),
    ] = None,
    storage: Annotated[
        Path,
        option(
            "--storage", text="The folder that holds saved fits.", panel=SAVING, check=only_folder
        ),
    ] = STORAGE,
    force: Annotated[
        bool, option("--force", text="Replace a different fit of that name.", panel=SAVING)
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Fit a scaling law to finished runs, with intervals and what the runs cannot tell."""
    given = {name: value for name, value in locals().items() if value is not None}
    from autotune.cli import allocation_fit, fit_request, fit_view, hyper_fit

    if method != "parametric":
        raise typer.Exit(allocation_fit.run(given, stated=stated(context)))
    form = hyper_fit.form_of(law or "")
    if form is not None:
        hyper_fit.run(form, given)
        return
    request = fit_request.read(given)
    opened = fit_request.open_table(request)
    fit_view.talk_mapping(opened.table.name, opened.mapping, opened.dropped)
    fitted = fit_request.answer(request, opened)
    saved = fit_request.save(request, fitted)
    if json:
        console.emit_json(fit_view.document(fitted))
    else:
        console.say(fit_view.text(fitted, saved=saved))
    if not fitted.result.converged:
        raise typer.Exit(1)
