"""`autotune problems`: what can be tuned, with options, parameters, units and best value."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from autotune.cli import console, phase_view

if TYPE_CHECKING:
    from autotune.problem import Problem
    from autotune.problem_file import ProblemFile

LIST_EPILOG = """examples:

  autotune problems list

  autotune problems list --json
"""
SHOW_EPILOG = """examples:

  autotune problems show moe_budget

  autotune problems show moe_budget --set flops=1e22 --set law=abnar2025 --json

  autotune problems show my/problem.py
"""

app = typer.Typer(
    help="List the tuning problems, or show one.",
    epilog="examples:\n\n  autotune problems list\n\n  autotune problems show moe_budget",
    no_args_is_help=True,
)


def register(parent: typer.Typer) -> None:
    """Add the verb to the command line."""
    parent.add_typer(app, name="problems")


@app.command("list", epilog=LIST_EPILOG)
def list_(
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """List the problems that are known by name."""
    from autotune import problem_file, share

    files = [problem_file.read(str(p)) for p in share.listing("problems", suffix=".py")]
    if json:
        console.emit_json({"problems": [_file_record(file) for file in files]})
        return
    rows = [(file.name, file.summary) for file in files]
    console.say(console.table(["problem", "what"], rows, left=(0, 1)))


@app.command("show", epilog=SHOW_EPILOG)
def show(
    problem: Annotated[str, typer.Argument(help="A name from the list, or a path.")],
    options: Annotated[
        list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="Option; repeatable.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Show a problem: its options, parameters with ranges and units, and best known value."""
    from autotune import problem_file
    from autotune.errors import InputError
    from autotune.problem_options import split

    file = problem_file.read(problem)
    given = split(options or [])
    built: Problem | None = None
    if given or all(option.default is not None for option in file.options):
        built = file.build(given)
    elif json:
        raise InputError(f"{file.name} needs options before its space is known: see --help.")
    if json and built is not None:
        console.emit_json(_file_record(file) | _problem_record(built))
        return
    _say(file, built)


def _file_record(file: "ProblemFile") -> dict[str, Any]:
    return {
        "name": file.name,
        "summary": file.summary,
        "file": str(file.path),
        "options": [
            {"name": o.name, "type": o.kind, "default": o.default, "doc": o.doc}
            for o in file.options
        ],
    }


def _problem_record(problem: "Problem") -> dict[str, Any]:
    from dataclasses import asdict

    best = problem.best_known()
    return {
        "question": problem.summary,
        "unit": problem.unit,
        "and_minimize": problem.and_minimize or None,
        "fidelity": problem.fidelity or None,
        "cost": problem.cost if problem.fidelity else None,
        "noise": None if problem.noise == "" else problem.noise,
        "phases": [asdict(phase) for phase in problem.phases],
        "source": problem.source,
        "set": dict(problem.options),
        "parameters": [asdict(parameter) for parameter in problem.parameters()],
        "constraints": [constraint.text for constraint in problem.constraints],
        "derived": {name: problem.units.get(name, "") for name in problem.derived},
        "best_known": None if best is None else asdict(best),
    }


def _say(file: "ProblemFile", problem: "Problem | None") -> None:
    from autotune.search.noise import Noise

    console.say(file.doc.strip() + "\n")
    rows = [
        (o.name, "required" if o.default is None else console.short(o.default), o.kind, o.doc)
        for o in file.options
    ]
    if rows:
        headers = ["option (--set)", "default", "kind", "what"]
        console.say(console.table(headers, rows, left=(0, 2, 3)) + "\n")
    if problem is None:
        console.say("Its parameters depend on the required options.")
        return
    record = _problem_record(problem)
    parameters = [
        (p["name"], p["kind"], p["range"], p["unit"], p["condition"]) for p in record["parameters"]
    ]
    console.say(
        console.table(
            ["parameter", "kind", "range", "unit", "active if"], parameters, left=range(5)
        )
    )
    for text in record["constraints"]:
        console.say(f"constraint: {text}")
    for name, unit in record["derived"].items():
        console.say(f"derived:    {name} {f'({unit})' if unit else ''}".rstrip())
    console.say(f"\nobjective:  {problem.summary} {problem.unit}".rstrip())
    if problem.and_minimize:
        console.say(f"and:        {problem.and_minimize}")
    if problem.fidelity:
        console.say(f"fidelity:   {problem.fidelity}, a trial costs its {problem.cost}")
    if (noise := Noise.parse(problem.noise)) is not None:
        console.say(f"noise:      {noise.text(problem.unit)}")
    if problem.phases:
        console.say(f"phases:     {phase_view.plan(problem.phases)}")
    console.say(f"source:     {problem.source}")
    best = record["best_known"]
    if best is None:
        console.say("best known: none")
    else:
        at = ", ".join(f"{name} = {console.short(value)}" for name, value in best["config"].items())
        console.say(f"best known: {best['value']:.6f} at {at} ({best['how']})")
