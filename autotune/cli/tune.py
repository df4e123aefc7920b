"""`autotune tune`: run a search over a problem, here or in processes."""

from pathlib import Path
from typing import Annotated

import typer

from autotune.cli import console

EPILOG = """examples:

  autotune tune moe_budget --max-evals 100

  autotune tune moe_budget --set flops=1e22 --set max_total=50B --study moe-1e22 --workers 4

  autotune tune my/problem.py --max-evals=10 --learner RF --acq-func LCB --set-SEED 2345

  autotune tune moe_budget --prior-law abnar2025 --max-evals 20

  autotune tune command --set 'command=python train.py' --set params=lr:float:1e-4:1e-1:log

The same command continues a study that was interrupted.

exit status: 0 done; 1 some trials failed; 2 bad input; 3 every trial failed;
130 interrupted, everything saved
"""


def register(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    app.command("tune", epilog=EPILOG)(tune)


def tune(
    problem: Annotated[str, typer.Argument(help="A name of `autotune problems`, or a path.")],
    options: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="Option of the problem; repeatable."),
    ] = None,
    max_evals: Annotated[
        int, typer.Option("--max-evals", help="Trials the study holds in the end.", min=1)
    ] = 100,
    timeout: Annotated[
        str | None, typer.Option("--timeout", help="Stop after this long: 90s, 30m, 6h.")
    ] = None,
    trial_timeout: Annotated[
        str | None, typer.Option("--trial-timeout", help="End a trial after this long.")
    ] = None,
    workers: Annotated[
        int, typer.Option("--workers", help="Trials at once; 0 runs them in this process.", min=0)
    ] = 1,
    engine: Annotated[
        str, typer.Option("--engine", help="native, or skopt (scikit-optimize).")
    ] = "native",
    learner: Annotated[
        str, typer.Option("--learner", help="GP, RF, ET, GBRT or random (DUMMY).")
    ] = "GP",
    acq: Annotated[
        str | None,
        typer.Option(
            "--acq",
            "--acq-func",
            help="LCB, EI, PI or gp_hedge.  [default: EI with the native GP, LCB with skopt's, "
            "gp_hedge otherwise]",
        ),
    ] = None,
    kappa: Annotated[
        float, typer.Option("--kappa", "--set-KAPPA", help="Exploration weight of LCB.")
    ] = 1.96,
    liar: Annotated[
        str | None,
        typer.Option(
            "--liar",
            "--liar-strategy",
            help="Value of a running trial: cl_min|mean|max, or believer (native GP only).  "
            "[default: believer with the native GP, cl_max otherwise]",
        ),
    ] = None,
    initial_points: Annotated[
        int | None,
        typer.Option(
            "--initial-points",
            "--set-NI",
            help="Trials before the first model.  [default: 10; 4 with a prior]",
        ),
    ] = None,
    prior_law: Annotated[
        list[str] | None,
        typer.Option(
            "--prior-law", metavar="NAME", help="Scaling law to begin with; a preset or saved fit."
        ),
    ] = None,
    prior_study: Annotated[
        list[str] | None,
        typer.Option(
            "--prior-study", metavar="NAME", help="Study of other budgets to begin with; or DIR."
        ),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", "--set-SEED", help="Seed of the search.")] = 12345,
    study: Annotated[
        str | None, typer.Option("--study", help="Name of the record.  [default: the problem's]")
    ] = None,
    storage: Annotated[Path, typer.Option("--storage", help="Folder of studies.")] = Path(
        "results/local"
    ),
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Search for the configuration of least objective, and record every trial."""
    from autotune.cli.tune_report import report
    from autotune.cli.tune_run import Limits, Place, run
    from autotune.problem_options import split
    from autotune.quantities import parse_seconds
    from autotune.search.settings import SearchSettings

    settings = SearchSettings(
        engine=engine,
        learner="random" if learner == "DUMMY" else learner,
        acq=acq or (None if learner == "GP" else "gp_hedge"),
        kappa=kappa,
        liar=liar,
        initial_points=initial_points,
        seed=seed,
        prior_laws=tuple(prior_law or ()),
        prior_studies=tuple(prior_study or ()),
    )
    limits = Limits(
        max_evals,
        workers=workers,
        seconds=parse_seconds(timeout) if timeout else None,
        trial_seconds=parse_seconds(trial_timeout) if trial_timeout else None,
    )
    result = run(problem, split(options or []), settings, limits, place=Place(storage, study))
    if json:
        console.emit_json(report(result).as_json())
    else:
        console.say(report(result).as_text())
    raise typer.Exit(result.exit_status)
