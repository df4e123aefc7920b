"""How a study of the closed loop reads: a line for each round, and the plan in the end."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from autotune.cli import console
from autotune.quantities import format_count
from autotune.suggestion.regret import LEVEL
from autotune.suggestion.target import open_end

if TYPE_CHECKING:
    from autotune.cli.study_run import Result

HEADERS = ("losses", "FLOPs spent", "best N", "band", "expected regret", "loss", "then")


def line(step: Mapping[str, Any]) -> str:
    """One round, while it happens."""
    return (
        f"round: {', '.join(f'{h} {c}' for h, c in zip(HEADERS, _cells(step), strict=True) if c)}"
    )


def document(result: "Result") -> dict[str, Any]:
    """The whole study as one JSON object."""
    rounds = result.rounds
    return {
        "study": result.study.name,
        "folder": None if result.study.server else str(result.study.folder),
        "place": result.study.place,
        "problem": result.problem.name,
        "target_flops": result.aim.target,
        "spend": result.aim.spend,
        "settle": result.aim.settle,
        "ended": result.ended,
        "trained": len(result.study.completed),
        "failed": len(result.study.outcomes) - len(result.study.completed),
        "level": LEVEL,
        "rounds": rounds,
        "plan": rounds[-1] if result.last is not None else None,
        "source": result.problem.source,
    }


def text(result: "Result") -> str:
    """A table of rounds, and what to train."""
    rounds = result.rounds
    lines = [
        f"{result.study.name}: {result.problem.summary} Target {result.aim.target:.4g} FLOPs.",
        "",
        console.table(HEADERS, [_cells(step) for step in rounds], left=(6,)),
        "",
        *_repeated(rounds),
        f"Ended: {result.ended}.",
    ]
    if result.last is not None and "best" in rounds[-1]:
        best = rounds[-1]["best"]
        lines += [_plan(rounds[-1]), *open_end(best["n_active"], best["tokens"])]
    return "\n".join(lines)


def _repeated(rounds: Sequence[Mapping[str, Any]]) -> list[str]:
    """What was known twice by the last round, as a sentence; none if nothing was."""
    count = rounds[-1].get("repeated", 0) if rounds else 0
    if not count:
        return []
    many = "1 loss" if count == 1 else f"{count} losses"
    return [
        f"Left out of the fits: {many} that another run of the same size, tokens and seed gave "
        "already, bit for bit."
    ]


def _plan(step: Mapping[str, Any]) -> str:
    best, band = step["best"], step["band"]
    return (
        f"Train {format_count(best['n_active'])} active parameters on "
        f"{format_count(best['tokens'])} tokens; the best size lies between "
        f"{format_count(band[0])} and {format_count(band[1])} ({LEVEL:.0%}), the loss expected is "
        f"{step['loss']:.4g} ({step['loss_interval'][0]:.4g} .. {step['loss_interval'][1]:.4g})."
    )


def _cells(step: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(_iterate(step))


def _iterate(step: Mapping[str, Any]) -> Iterator[str]:
    yield str(step["trained"])
    yield f"{step['spent']:.3g}"
    if "best" in step:
        yield format_count(step["best"]["n_active"])
        yield " .. ".join(map(format_count, step["band"]))
        yield f"{step['regret']:.2g} -> {step['regret_expected']:.2g}"
        yield f"{step['loss']:.4g}"
    else:
        yield from ("", "", "", "")
    yield f"{len(step['runs'])} runs ({step['why']})" if step["runs"] else step["why"]
