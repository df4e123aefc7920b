"""`autotune compare`: laws ranked by held-out error."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from autotune.cli import console
from autotune.cli.open_runs import open_runs

if TYPE_CHECKING:
    from autotune.fitting.candidates import Candidate, Wanted
    from autotune.fitting.compare import Comparison, Row
    from autotune.fitting.result import Score
    from autotune.fitting.rolling import Rolling
    from autotune.fitting.splits import Cut, Split

EPILOG = """examples:

  autotune compare runs.csv

  autotune compare runs.csv --laws hoffmann,interaction --split rolling

  autotune compare runs.csv --where "router_type == 'S-Base'" --split column:n_active:370M

  autotune compare runs.csv --n active --sparsity param --json > comparison.json

Splits: flops:0.2 hides the 20 % of runs of largest compute. column:NAME fits on the rows where
NAME is false or 0, or not its largest value; column:NAME:VALUE on those at or below the value.
rolling hides nothing: it fits on the smallest 70, 80 and 90 % of runs and scores beyond.

The in-sample error is shown because it differs, not because it ranks. `chosen` is the law that
the training runs alone speak for, whatever the hidden runs say.

exit status: 0 done; 1 some law that applies could not be fitted; 2 bad input; 3 none could
"""
HEADERS = (
    *("law", "N", "sparsity", "coeff."),
    *("test log-RMSE", "test MRE", "test bias", "rolling", "in sample", "starts"),
)


def register(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    app.command("compare", epilog=EPILOG)(compare)


def compare(
    runs: Annotated[str, typer.Argument(help="CSV or Parquet, a public table, or -.")],
    laws: Annotated[str, typer.Option(help="Forms, separated by commas, or all.")] = "all",
    n: Annotated[str, typer.Option(help="What N counts: active, total or both.")] = "both",
    sparsity: Annotated[str, typer.Option(help="What S means: param, expert or both.")] = "both",
    split: Annotated[
        str, typer.Option(help="flops:SHARE, rolling or column:NAME.", metavar="SPLIT")
    ] = "flops:0.2",
    where: Annotated[str, typer.Option(help="Which rows to use.", metavar="EXPR")] = "",
    mixed_corpora: Annotated[
        bool, typer.Option("--mixed-corpora", help="Compare on runs on different corpora together.")
    ] = False,
    emphasis: Annotated[
        str,
        typer.Option(
            help="Weigh runs by FLOPs^POWER in every fit. auto: 0, and powers are tried for the "
            "chosen law.",
            metavar="POWER",
        ),
    ] = "auto",
    seed: Annotated[int, typer.Option(help="Seed of the fits' starts.")] = 0,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Fit laws to the smaller runs and rank them by their error on the larger ones."""
    from autotune.cli.fit_request import parse_emphasis
    from autotune.fitting import splits
    from autotune.fitting.compare import compare as compare_laws
    from autotune.fitting.emphasis import POWERS
    from autotune.fitting.settings import FitSettings

    wanted = _wanted(laws, n, sparsity)
    power = parse_emphasis(emphasis)
    request = splits.parse(split)
    read = open_runs(runs, where=where, mixed_corpora=mixed_corpora)
    for warning in read.warnings:
        console.talk(f"warning: {warning}")
    cut = splits.cut(request, read.table)
    console.talk(_divided(cut, request))
    made = compare_laws(
        read.table,
        cut,
        wanted=wanted,
        settings=FitSettings(seed=seed, emphasis=power or 0.0),
        powers=POWERS if power is None else (),
        tell=lambda name: console.talk(f"fitting {name}"),
    )
    if json:
        console.emit_json(_document(made, request, cut) | {"warnings": list(read.warnings)})
    else:
        console.say(_text(made, request))
    raise typer.Exit(1 if made.failed else 0)


def _wanted(laws: str, n: str, sparsity: str) -> "Wanted":
    from autotune import checks
    from autotune.cli.law_names import refuse_lossless
    from autotune.fitting.candidates import Wanted
    from autotune.laws.catalogue import FORMS

    names = () if laws == "all" else tuple(dict.fromkeys(laws.split(",")))
    for name in names:
        refuse_lossless(name.strip())
    return Wanted(
        forms=tuple(checks.one_of("law form", name.strip(), FORMS) for name in names),
        n=_either("--n", n, ("active", "total")),
        sparsity=_either("--sparsity", sparsity, ("param", "expert")),
    )


def _either(option: str, text: str, values: tuple[str, str]) -> tuple[str, ...]:
    from autotune import checks

    checks.one_of(f"value of {option}", text, (*values, "both"))
    return values if text == "both" else (text,)


def _divided(cut: "Cut", split: "Split") -> str:
    if split.kind == "rolling":
        return f"{len(cut.train)} runs; errors are those beyond each rolling origin"
    return f"fitting on {len(cut.train)} runs ({cut.label}), scoring on the {len(cut.test)} others"


def _document(made: "Comparison", split: "Split", cut: "Cut") -> dict[str, Any]:
    choice = made.choice
    return {
        "split": {
            "request": str(split),
            "train": cut.label,
            "n_train": len(cut.train),
            "n_test": len(cut.test),
        },
        "rows": [_record(row) for row in made.rows],
        "not_applicable": made.not_applicable,
        "failed": made.failed,
        "chosen": _named(choice.candidate)
        | {
            "emphasis": choice.emphasis,
            "test": _errors(made.chosen),
            "rolling": _rolling(choice.rolling),
            "reasons": list(choice.reasons),
        },
    }


def _named(candidate: "Candidate") -> dict[str, Any]:
    convention = candidate.convention
    return {
        "law": candidate.form.form,
        "convention": {"n": convention.n, "sparsity": convention.sparsity},
    }


def _record(row: "Row") -> dict[str, Any]:
    return _named(row.candidate) | {
        "n_coefficients": row.candidate.n_coefficients,
        "coefficients": row.law.coefficients,
        "train": _errors(row.train),
        "test": _errors(row.test),
        "rolling": _rolling(row.rolling),
        "starts": {"total": row.starts[0], "agreeing": row.starts[1]},
    }


def _errors(score: "Score") -> dict[str, Any]:
    return {
        "mre": score.mre,
        "log_rmse": score.log_rmse,
        "bias": score.bias,
        "n_runs": score.n_runs,
    }


def _rolling(rolling: "Rolling") -> dict[str, Any]:
    return {
        "error": rolling.error,
        **_errors(rolling.pooled),
        "origins": [
            {"n_train": n} | _errors(score)
            for n, score in zip(rolling.n_train, rolling.origins, strict=True)
        ],
    }


def _text(made: "Comparison", split: "Split") -> str:
    rows = [_cells(row, chosen=row.candidate == made.choice.candidate) for row in made.rows]
    lines = [
        f"Split {split}; log errors are of the loss, best on hidden runs first.",
        console.table(HEADERS, rows, left=(0, 1, 2)),
        f"* chosen by the training runs alone: {made.choice.candidate}{_weighted(made)}. "
        f"{'. '.join(made.choice.reasons)}.",
    ]
    for title, listed in (("Not applicable", made.not_applicable), ("Failed", made.failed)):
        lines += [f"{title}: {name}: {why}" for name, why in listed.items()]
    return "\n".join(lines)


def _weighted(made: "Comparison") -> str:
    """What the choice's emphasis comes to, where the table above has it without."""
    if any(row.candidate == made.choice.candidate and row.test == made.chosen for row in made.rows):
        return ""
    return (
        f", runs weighted by compute^{made.choice.emphasis:g}: test log-RMSE "
        f"{made.chosen.log_rmse:.5f}, MRE {made.chosen.mre:.3%}, bias {made.chosen.bias:+.5f}"
    )


def _cells(row: "Row", *, chosen: bool) -> tuple[str, ...]:
    candidate = row.candidate
    return (
        candidate.form.form + (" *" if chosen else ""),
        candidate.convention.n,
        candidate.convention.sparsity,
        str(candidate.n_coefficients),
        f"{row.test.log_rmse:.5f}",
        f"{row.test.mre:.3%}",
        f"{row.test.bias:+.5f}",
        f"{row.rolling.error:.5f}",
        f"{row.train.log_rmse:.5f}",
        f"{row.starts[1]}/{row.starts[0]}",
    )
