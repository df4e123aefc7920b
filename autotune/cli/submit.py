"""`autotune submit`: a search or a study as a job of Slurm or PBS, or in the background here."""

from typing import Annotated

import typer

from autotune.cli import console

EPILOG = """examples:

  autotune submit tune moe_budget --max-evals 40 --study shared --scheduler local

  autotune submit tune moe_budget --max-evals 500 --site frontier --account PROJ --nodes 4 --time 2h

  autotune submit tune my/problem.py --max-evals 200 --scheduler slurm --time 30m --chain 3

  autotune submit tune moe_budget --max-evals 200 --site mine.toml --array 0-7%4 --dry-run

Whatever is not an option of submit goes to `autotune tune` as it is. The script and the jobs' ids
are kept in the study's folder, under jobs/; `autotune status` and `autotune cancel` find them.

exit status: 0 submitted; 2 bad input, or the scheduler refused the job
"""
STUDY_EPILOG = """examples:

  autotune submit study train_run --target-flops 1e15 --spend 3e13 --scheduler local

  autotune submit study train_run --target-flops 1e18 --spend 1e17 --site frontier --account PROJ \
    --nodes 4 --time 2h --chain 3

Whatever is not an option of submit goes to `autotune study` as it is. One process decides the
rounds: more nodes run more trials of a round at once, a --chain goes on with the next round, and
there is no --array. A job near its end starts no trial that it could not finish.

exit status: 0 submitted; 2 bad input, or the scheduler refused the job
"""

app = typer.Typer(
    help="Run a search or a study as a job of Slurm or PBS, or in the background here.",
    epilog="examples:\n\n  autotune submit tune moe_budget --max-evals 40 --scheduler local\n\n"
    "  autotune submit tune moe_budget --site frontier --account PROJ --nodes 4 --dry-run",
    no_args_is_help=True,
)


def register(parent: typer.Typer) -> None:
    """Add the verb to the command line."""
    parent.add_typer(app, name="submit")


@app.callback()
def submit() -> None:
    """Run a search or a study as a job of Slurm or PBS, or in the background here."""


PASSES_ON = {"ignore_unknown_options": True}


@app.command("tune", epilog=EPILOG, context_settings=PASSES_ON)
@app.command(
    "study", epilog=STUDY_EPILOG, context_settings=PASSES_ON,
    help="Submit `autotune study PROBLEM ...` as a job.",
)  # fmt: skip
def tune(
    context: typer.Context,
    arguments: Annotated[
        list[str],
        typer.Argument(metavar="PROBLEM [OPTIONS OF THE VERB]...", help="As without submit."),
    ],
    site: Annotated[
        str | None,
        typer.Option("--site", help="Profile of a machine: a name of hpc/sites, or a .toml file."),
    ] = None,
    scheduler: Annotated[
        str | None,
        typer.Option("--scheduler", help="slurm, pbs or local: a machine without a profile."),
    ] = None,
    set_site: Annotated[
        list[str] | None,
        typer.Option("--set-site", metavar="KEY=VALUE", help="Replace a key; lists: repeat it."),
    ] = None,
    nodes: Annotated[int, typer.Option("--nodes", help="Nodes.")] = 1,
    ranks_per_node: Annotated[
        int | None,
        typer.Option(
            "--ranks-per-node",
            help="MPI processes per node; 1 on one node runs without MPI.  [default: 1; the "
            "site's on several nodes]",
        ),
    ] = None,
    time: Annotated[
        str | None, typer.Option("--time", help="Time limit: 30m, 2h, 01:30:00.")
    ] = None,
    account: Annotated[str, typer.Option("--account", help="Project that pays.")] = "",
    queue: Annotated[
        str, typer.Option("--queue", "--partition", help="Queue, or Slurm's partition.")
    ] = "",
    qos: Annotated[str, typer.Option("--qos", help="Slurm's quality of service.")] = "",
    array: Annotated[
        str, typer.Option("--array", help="Tasks that join the study: 0-7, 0-7%4 (four at once).")
    ] = "",
    chain: Annotated[
        int, typer.Option("--chain", help="Jobs in a row, each after the one before.")
    ] = 1,
    after: Annotated[
        str, typer.Option("--after", help="Start after this job has ended, however it ended.")
    ] = "",
    name: Annotated[
        str | None, typer.Option("--name", help="The job's name.  [default: the study's]")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print the script and submit nothing.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Submit `autotune tune PROBLEM ...` as a job."""
    from autotune.cli.submit_run import Wish, prepare, submit
    from autotune.problem_options import split_all

    wish = Wish(
        site=site,
        scheduler=scheduler,
        settings=split_all(set_site or [], flag="--set-site", example="mpi=pmi2"),
        nodes=nodes,
        ranks_per_node=ranks_per_node,
        time=time,
        account=account,
        queue=queue,
        qos=qos,
        array=array,
        chain=chain,
        after=after,
        name=name,
    )
    prepared = prepare(context.info_name or "tune", arguments, wish)
    for line in prepared.warnings:
        console.talk(f"warning: {line}")
    if dry_run:
        if json:
            console.emit_json(prepared.as_json())
        else:
            console.say(prepared.script.rstrip("\n"))
        return
    submission = submit(prepared)
    if json:
        console.emit_json(prepared.as_json() | {"jobs": list(submission.ids)})
        return
    script = prepared.arguments.folder / "jobs" / f"{submission.label}.sh"
    ids = ", ".join(submission.ids)
    console.say(f"submitted {ids} to {submission.scheduler}: {script}")
    console.say(f"watch it: {prepared.status_command}")
