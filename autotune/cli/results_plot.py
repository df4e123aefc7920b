"""`autotune results plot`: figures of a study, a fit or a plan."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from autotune.cli import console, storage_option

if TYPE_CHECKING:
    from autotune.cli.subjects import Subjects
    from autotune.reporting.chart import Chart

EPILOG = """examples:

  autotune results plot moe_budget --out figures

  autotune results plot moe_budget --kind history,importance --format svg,pdf

  autotune results plot my-fit --runs runs.csv

  autotune plan --flops 1e22 --law abnar2025 --sparsity 0.9 --json > plan.json

  autotune results plot plan.json --kind isoflop,sparsity

Kinds of a study: history, slices, parallel, importance, workers, failures; if `autotune study` made
it, also spend, placed, rounds. Of a plan: isoflop, optimum, loss-nd, loss-ns, sparsity. Of a fit:
predicted, coefficients. Without --kind, all of them.

exit status: 0; 2 bad input, or a kind that was named cannot be drawn
"""
Subject = TypeVar("Subject")


def register(app: typer.Typer) -> None:
    """Add the command to the verb."""
    app.command("plot", epilog=EPILOG)(plot)


def plot(
    subject: Annotated[
        str, typer.Argument(help="A study, a saved fit, or the file of a fit or a plan.")
    ],
    kind: Annotated[str, typer.Option(help="Which figures, comma separated; all by default.")] = "",
    out: Annotated[Path, typer.Option(help="The folder to write to.")] = Path("figures"),
    format_: Annotated[
        str, typer.Option("--format", help="png, svg, pdf; comma separated.")
    ] = "png",
    runs: Annotated[
        str | None, typer.Option(help="The table of runs that a fit was fitted to.")
    ] = None,
    where: Annotated[str, typer.Option(help="Rows of it that were fitted.")] = "",
    storage: Annotated[str, typer.Option(help=storage_option.HELP)] = storage_option.DEFAULT,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Draw figures of a study, a fit or a plan."""
    from autotune import checks
    from autotune.cli import reporting_extra, subjects

    reporting_extra.need("matplotlib")
    from autotune.reporting import catalogue, static

    kinds = [checks.one_of("kind", name, catalogue.KINDS) for name in _split(kind)]
    formats = [checks.one_of("format", name, static.FORMATS) for name in _split(format_)]
    with storage_option.opened(storage) as opened:
        found = subjects.find(subject, opened, runs=runs, where=where)
    written = []
    for chart in _charts(found, kinds):
        files = _write(chart, formats, out)
        written.append({"kind": chart.kind, "caption": chart.caption, "files": files})
        if not json:
            console.say("\n".join(files))
    if json:
        console.emit_json({"subject": subject, "figures": written})


def _charts(found: "Subjects", kinds: list[str]) -> "Iterator[Chart]":
    """The charts that were asked for; what has none is said, or refused if it was named.

    Raises:
        InputError: If a kind that was named does not exist of this subject, or cannot be drawn.
    """
    from autotune.reporting import catalogue

    pairs: list[tuple[Mapping[str, Callable[[Any], Chart]], Any]] = [
        *((catalogue.of_study(each), each) for each in found.studies),
        *((catalogue.OF_PLAN, each) for each in found.cases),
        *((catalogue.OF_FIT, each) for each in found.fits),
    ]
    for table, subject in pairs:
        yield from _of(table, subject, kinds)


def _of(
    table: "Mapping[str, Callable[[Subject], Chart]]", subject: Subject, kinds: list[str]
) -> "Iterator[Chart]":
    from autotune import checks
    from autotune.reporting import catalogue

    for name in kinds:
        yield table[checks.one_of("kind of figure of this subject", name, table)](subject)
    if kinds:
        return
    for made in catalogue.charts(table, subject):
        if isinstance(made, tuple):
            console.talk(f"no figure {made[0]}: {made[1]}")
        else:
            yield made


def _write(chart: "Chart", formats: list[str], out: Path) -> list[str]:
    """Write a chart in each format, and say where."""
    import re

    from autotune.errors import InputError
    from autotune.reporting import static

    stem = re.sub(r"[^A-Za-z0-9._-]", "_", f"{chart.subject}-{chart.kind}")
    files = []
    try:
        out.mkdir(parents=True, exist_ok=True)
        for name in formats:
            path = out / f"{stem}.{name}"
            path.write_bytes(static.render(chart, name))
            files.append(str(path))
    except OSError as error:
        raise InputError(
            f"cannot write to {out}: {error.strerror}. Choose another --out."
        ) from error
    return files


def _split(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]
