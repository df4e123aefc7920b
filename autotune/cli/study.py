"""`autotune study`: the closed loop of suggesting runs, training them, and planning again."""

from typing import Annotated

import typer

from autotune.cli import console, storage_option
from autotune.cli.option import option

EPILOG = """examples:

  autotune study recorded_runs --set runs=gadre2024_c4 --target-flops 1e22 --spend 1e21

  autotune study train_run --target-flops 1e15 --spend 3e13 --workers 2 --settle 0.002

  autotune study my/problem.py --target-flops 1e24 --spend 1e21 --law hoffmann,interaction

  mpiexec -n 9 autotune study train_run --target-flops 1e16 --spend 1e15

PROBLEM trains one run per trial: its law_inputs say the n_active and tokens of a configuration, and
its objective is the loss. A derived quantity `flops` is its cost, 6 N_active D without one. Metrics
named loss@TOKENS are losses of the same run at fewer tokens; its `branches` say at which, so that a
run is valued with them. A parameter `seed` allows replicates.

Begins with cheap runs far apart and one long run, which costs a third of the spend where --largest
and the problem allow it. Then it trains what lowers the expected regret most, until the spend is
gone, the plan is settled, or no runs that can be paid for promise to take a twentieth of the regret
away (--least-gain). The same command continues after any interruption.

exit status: 0 done; 1 some runs failed; 2 bad input; 3 nothing usable; 130 interrupted, all saved
"""
AIM = "What it is for"
RUN = "How it runs"


def register(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    app.command("study", epilog=EPILOG)(study)


Text = str | None


def study(
    context: typer.Context,
    problem: Annotated[str, typer.Argument(help="A name of `autotune problems`, or a path.")],
    options: Annotated[
        list[str] | None,
        option("--set", text="Option of the problem.", panel=RUN, metavar="NAME=VALUE"),
    ] = None,
    target_flops: Annotated[
        Text, option("--target-flops", text="Budget to plan for, in FLOPs.", panel=AIM)
    ] = None,
    spend: Annotated[Text, option("--spend", text="FLOPs for all runs.", panel=AIM)] = None,
    settle: Annotated[
        float, option("--settle", text="Expected regret, in nats, that is enough.", panel=AIM)
    ] = 0.0,
    least_gain: Annotated[
        float,
        option("--least-gain", text="Least share of the regret that runs must promise.", panel=AIM),
    ] = 0.05,
    largest: Annotated[Text, option("--largest", text="Most FLOPs of one run.", panel=AIM)] = None,
    n: Annotated[int, option("-n", text="Most runs of a round.", panel=AIM)] = 4,
    law: Annotated[
        str, option("--law", text="Forms, separated by commas, or auto.", panel=AIM)
    ] = "auto",
    seed: Annotated[int, option("--seed", text="Of draws and simulated outcomes.", panel=AIM)] = 0,
    workers: Annotated[
        int, typer.Option("--workers", help="Runs at once; 0 for in this process.", min=0)
    ] = 1,
    trial_timeout: Annotated[
        Text, option("--trial-timeout", text="End a run after this long.", panel=RUN)
    ] = None,
    timeout: Annotated[
        Text, option("--timeout", text="Stop after this long: 30m, 6h.", panel=RUN)
    ] = None,
    walltime: Annotated[
        Text, option("--walltime", text="Time the job has from its start.", panel=RUN)
    ] = None,
    name: Annotated[
        Text, option("--study", text="Name of the record.  [default: the problem's]", panel=RUN)
    ] = None,
    storage: Annotated[
        str, option("--storage", text=storage_option.HELP, panel=RUN)
    ] = storage_option.DEFAULT,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Train the runs that make the plan for a large budget surest, and plan again, in rounds."""
    given = {key: value for key, value in locals().items() if value is not None}
    from autotune.cli import study_run, study_view
    from autotune.cli.tune_evaluator import Crew
    from autotune.cli.tune_run import Limits, Place
    from autotune.problem_options import split
    from autotune.quantities import parse_seconds

    aim = study_run.aim(given)
    crew = Crew(context.obj)
    limits = Limits(
        0,
        workers=crew.workers(workers),
        seconds=parse_seconds(timeout) if timeout else None,
        trial_seconds=parse_seconds(trial_timeout) if trial_timeout else None,
        walltime=parse_seconds(walltime) if walltime else None,
    )
    patience = storage_option.PATIENCE_SECONDS
    with storage_option.opened(storage, patience=patience) as opened:
        place = Place(opened, name, crew)
        result = study_run.run(problem, split(options or []), aim, limits=limits, place=place)
    if json:
        console.emit_json(study_view.document(result))
    else:
        console.say(study_view.text(result))
    raise typer.Exit(result.exit_status)
