"""`autotune design fit`: a team's own laws of the best shape, from its runs."""

from pathlib import Path
from typing import Annotated

import typer

from autotune.cli import console
from autotune.cli.law_names import STORAGE
from autotune.cli.storage_option import FITS

EPILOG = """examples:

  autotune design fit runs.csv

  autotune design fit runs.csv --save ours

  autotune design --flops 1e22 --shape-law ours

RUNS is a CSV or Parquet with a row for each run: flops or tokens, n_layers (all of them),
n_dense_layers, d_model, expert_width, n_heads, head_dim and loss, and where there are n_kv_heads
(half the heads), n_experts (288), top_k (8), n_shared (1), seq_len (8192), dense_ratio (3), lr and
batch_tokens. Names in wide use are recognised; the mapping is printed on stderr.

exit status: 0 fitted; 1 fitted with a caveat; 2 bad input; 3 no fit"""


def fit(
    runs: Annotated[str, typer.Argument(help="CSV or Parquet of finished runs, - for stdin.")],
    where: Annotated[str, typer.Option(help="Rows to keep.", metavar="EXPR")] = "",
    tolerance: Annotated[
        float, typer.Option(help="A band is where the loss is within this share of its least.")
    ] = 0.001,
    bootstrap: Annotated[int, typer.Option(help="Resamples; 0 for no intervals.")] = 1000,
    level: Annotated[float, typer.Option(help="Coverage of the intervals.")] = 0.95,
    seed: Annotated[int, typer.Option(help="Of the resamples.")] = 0,
    save: Annotated[
        str | None, typer.Option(help="Name it for --shape-law.", metavar="ID")
    ] = None,
    storage: Annotated[Path, FITS] = STORAGE,
    force: Annotated[
        bool, typer.Option("--force", help="Replace a different fit of that name.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:  # fmt: skip
    """Fit the laws of the best shape to runs of sparse models, with bands and intervals."""
    from autotune.cli import design_fit_record, design_fit_view
    from autotune.cli.fit_view import talk_mapping
    from autotune.cli.open_runs import path_of
    from autotune.errors import InputError
    from autotune.fits import files
    from autotune.fits.saved import SavedShape
    from autotune.fitting.shape_fit import fit_shape
    from autotune.fitting.shape_settings import ShapeSettings
    from autotune.runs.shapes import read_shapes

    if save is not None:
        files.check_name(save)
    elif force:
        raise InputError("--force is of no use without --save.")
    settings = ShapeSettings(tolerance=tolerance, bootstrap=bootstrap, level=level, seed=seed)
    read = read_shapes(path_of(runs), where=where)
    talk_mapping(read.runs.name, read.mapping, read.dropped)
    fitted = fit_shape(read.runs, settings)
    place = None
    if save is not None:
        made = SavedShape(
            id=save, shape=fitted.shape, data=read.runs.name, data_hash=read.data_hash,
            n_runs=fitted.n_runs, weak=fitted.weak, warnings=(*read.warnings, *fitted.warnings),
        )  # fmt: skip
        place = files.save(made, storage, force=force)
    record = design_fit_record.of(fitted, read)
    if json:
        console.emit_json(record)
    else:
        console.say(design_fit_view.text(record, saved=place))
    if fitted.weak:
        raise typer.Exit(1)
