"""`autotune tune`: run a search over a problem, here or in processes."""

from pathlib import Path
from typing import Annotated

import typer

from autotune.cli import console, storage_option

EPILOG = """examples:

  autotune tune moe_budget --max-evals 100

  autotune tune moe_budget --set flops=1e22 --set max_total=50B --study moe-1e22 --workers 4

  autotune tune moe_budget --and-minimize inference_flops:log --study two

  autotune tune my/problem.py --max-evals=10 --learner RF --acq-func LCB --set-SEED 2345

  autotune tune moe_budget --prior-law abnar2025 --max-evals 20

  autotune tune problem.Problem --evaluator subprocess --max-evals=10 --learner RF

  autotune tune command --set 'command=python train.py' --set params=lr:float:1e-4:1e-1:log

  autotune tune moe_budget --storage postgresql://me@db.example.org/autotune

The same command continues a study that was interrupted.

exit status: 0 done, or to be continued; 1 some trials failed, or none has the second objective;
2 bad input; 3 every trial failed; 130 interrupted, everything saved
"""


def register(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    app.command("tune", epilog=EPILOG)(tune)


def tune(
    context: typer.Context,
    problem: Annotated[
        str, typer.Argument(help="A name of `autotune problems`, a path, or module.Problem.")
    ],
    options: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="Option of the problem; repeatable."),
    ] = None,
    max_evals: Annotated[
        int, typer.Option("--max-evals", help="Trials the study holds in the end.", min=1)
    ] = 100,
    and_minimize: Annotated[
        str | None,
        typer.Option(
            "--and-minimize",
            metavar="NAME[:log]",
            help="A second objective: a metric, a numeric parameter, or seconds; with :log, its "
            "logarithm.",
        ),
    ] = None,
    fidelity: Annotated[
        str | None,
        typer.Option(
            "--fidelity",
            metavar="NAME",
            help="A parameter whose smaller values make trials cheaper; the objective is wanted "
            "at its largest.",
        ),
    ] = None,
    cost: Annotated[
        str | None,
        typer.Option(
            "--cost",
            metavar="NAME",
            help="What a trial costs, with --fidelity: a metric, a parameter, or seconds.  "
            "[default: the problem's, or seconds]",
        ),
    ] = None,
    noise: Annotated[
        str | None,
        typer.Option(
            "--noise",
            metavar="SD|NAME",
            help="Standard deviation of a value, in its unit, or the metric that holds it.  "
            "[default: the problem's, or estimated]",
        ),
    ] = None,
    max_cost: Annotated[
        str | None,
        typer.Option("--max-cost", help="Stop when the trials of the study cost this much."),
    ] = None,
    timeout: Annotated[
        str | None, typer.Option("--timeout", help="Stop after this long: 90s, 30m, 6h.")
    ] = None,
    walltime: Annotated[
        str | None,
        typer.Option(
            "--walltime",
            help="Time the job has from its start; Slurm and PBS are asked if it is not given.",
        ),
    ] = None,
    margin: Annotated[
        str | None,
        typer.Option(
            "--margin",
            help="Time before the job's end by which trials should be over.  [default: 10 % of "
            "it, 5m at most]",
        ),
    ] = None,
    trial_timeout: Annotated[
        str | None, typer.Option("--trial-timeout", help="End a trial after this long.")
    ] = None,
    workers: Annotated[
        int, typer.Option("--workers", help="Trials at once; 0 runs them in this process.", min=0)
    ] = 1,
    ranks: Annotated[
        int | None,
        typer.Option("--ranks", help="MPI ranks there must be, rank 0 included.", min=2),
    ] = None,
    ranks_per_trial: Annotated[
        int,
        typer.Option("--ranks-per-trial", help="Ranks of a trial that is an MPI program.", min=1),
    ] = 1,
    lost_after: Annotated[
        str | None,
        typer.Option(
            "--lost-after",
            help="Silence after which an MPI rank's trial goes to another.  [default: 5m]",
        ),
    ] = None,
    engine: Annotated[
        str,
        typer.Option("--engine", help="native, skopt (scikit-optimize) or ytopt (if installed)."),
    ] = "native",
    learner: Annotated[
        str, typer.Option("--learner", help="auto, GP, RF, ET, GBRT or random (DUMMY).")
    ] = "auto",
    acq: Annotated[
        str | None,
        typer.Option(
            "--acq",
            "--acq-func",
            help="LCB, EI, PI, gp_hedge or TS.  [default: EI; with skopt LCB for GP, gp_hedge "
            "otherwise]",
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
            help="Value of a running trial: cl_min|mean|max, or believer (native only).  "
            "[default: believer; cl_max with skopt]",
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
    trust_region: Annotated[
        bool,
        typer.Option(
            "--trust-region",
            help="Propose from a box about the best trial, which narrows while nothing is gained.",
        ),
    ] = False,
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
    storage: Annotated[
        str, typer.Option("--storage", help=storage_option.HELP)
    ] = storage_option.DEFAULT,
    scratch: Annotated[
        Path | None,
        typer.Option(
            "--scratch",
            help="Folder in which trials run if the storage is a server.  [default: a temporary "
            "one]",
        ),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
    evaluator: Annotated[
        str | None,
        typer.Option("--evaluator", help="ytopt's: subprocess or ray; both mean --workers here."),
    ] = None,
    eval_timeout_minutes: Annotated[
        float | None,
        typer.Option("--eval-timeout-minutes", help="ytopt's --trial-timeout; enforced here."),
    ] = None,
    redis_address: Annotated[
        str | None, typer.Option("--redis-address", help="ytopt's Ray cluster: refused here.")
    ] = None,
) -> None:
    """Search for the configuration of least objective, and record every trial."""
    from autotune.cli.tune_evaluator import Crew
    from autotune.cli.tune_report import report
    from autotune.cli.tune_run import Aims, Limits, Place, run
    from autotune.cli.ytopt_flags import say_evaluator, trial_seconds
    from autotune.problem_options import split
    from autotune.quantities import parse_count, parse_seconds
    from autotune.search.settings import SearchSettings

    lost = parse_seconds(lost_after) if lost_after else None
    crew = Crew(context.obj, ranks, ranks_per_trial, lost)
    at_once = crew.workers(workers)
    settings = SearchSettings(
        engine=engine,
        learner="random" if learner == "DUMMY" else learner,
        acq=acq,
        kappa=kappa,
        liar=liar,
        initial_points=initial_points,
        seed=seed,
        prior_laws=tuple(prior_law or ()),
        prior_studies=tuple(prior_study or ()),
        trust_region=trust_region,
        workers=max(at_once, 1),
    )
    limits = Limits(
        max_evals,
        workers=at_once,
        seconds=parse_seconds(timeout) if timeout else None,
        trial_seconds=trial_seconds(trial_timeout, eval_timeout_minutes),
        cost=parse_count(max_cost) if max_cost else None,
        walltime=parse_seconds(walltime) if walltime else None,
        margin=parse_seconds(margin) if margin else None,
    )
    say_evaluator(evaluator, redis_address, workers=workers)
    patience = storage_option.PATIENCE_SECONDS
    with storage_option.opened(storage, patience=patience) as opened:
        result = run(
            problem,
            split(options or []),
            settings,
            limits,
            place=Place(opened, study, crew, scratch),
            aims=Aims(and_minimize, fidelity, cost, noise),
        )
    if json:
        console.emit_json(report(result).as_json())
    else:
        console.say(report(result).as_text())
    raise typer.Exit(result.exit_status)
