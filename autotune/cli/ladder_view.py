"""A ladder as text and as a JSON document: before it runs, and after."""

from typing import TYPE_CHECKING, Any

from autotune.cli import console
from autotune.cli.ladder_request import Request
from autotune.ladder.trunk import Trunk
from autotune.quantities import format_count, format_seconds

if TYPE_CHECKING:
    from autotune.cli.ladder_run import LadderResult

PLAN_HEADERS = ("trunk", "d x L", "N active", "N total", "token budgets", "FLOPs", "expected")


def plan_text(request: Request) -> str:
    """What is trained, in which order, and what it costs."""
    made = request.plan
    dropped = f"; {made.dropped} more have no room in the budget" if made.dropped else ""
    return "\n".join(
        [
            console.table(
                PLAN_HEADERS, [_cells(trunk, request) for trunk in made.trunks], left=(0, 1, 4)
            ),
            f"{made.n_runs} runs on {len(made.trunks)} trunks{dropped}. "
            f"{made.flops:.3g} FLOPs in all, {made.saving:.2f} times less than separate runs.",
            f"Expected: {format_seconds(made.worker_seconds)} of work, "
            f"{format_seconds(made.seconds)} on {request.workers} "
            f"worker{'' if request.workers == 1 else 's'} ({request.pace.origin}).",
            "N counts matrices of the layers; FLOPs are exact, of matrix products.",
        ]
    )


def _cells(trunk: Trunk, request: Request) -> tuple[str, ...]:
    return (
        trunk.name,
        f"{trunk.model.d_model}x{trunk.model.n_layers}",
        format_count(trunk.n_active),
        format_count(trunk.n_total),
        " ".join(format_count(tokens) for tokens in trunk.tokens),
        f"{trunk.flops:.3g}",
        format_seconds(request.pace.seconds(trunk)),
    )


def plan_document(request: Request) -> dict[str, Any]:
    """The same as data."""
    made = request.plan
    return {
        "trunks": [
            {
                "trunk": trunk.name,
                "d_model": trunk.model.d_model,
                "n_layers": trunk.model.n_layers,
                "n_active": trunk.n_active,
                "n_total": trunk.n_total,
                "seed": trunk.seed,
                "tokens": list(trunk.tokens),
                "flops_per_token": trunk.flops_per_token,
                "flops": trunk.flops,
                "expected_seconds": request.pace.seconds(trunk),
            }
            for trunk in made.trunks
        ],
        "runs": made.n_runs,
        "dropped": made.dropped,
        "flops": made.flops,
        "saving": made.saving,
        "expected_seconds": made.seconds,
        "expected_worker_seconds": made.worker_seconds,
        "workers": request.workers,
    }


def text(request: Request, done: "LadderResult") -> str:
    """The losses as a grid, what failed, and what to do with the table."""
    budgets = request.description.tokens
    losses = {(name, each.budget): each for name, each in done.results}
    names = {name: each.size for name, each in done.results}
    rows = []
    for name, size in names.items():
        cells = [losses.get((name, tokens)) for tokens in budgets]
        shown = ["" if c is None else _loss(c.loss, str(c.state)) for c in cells]
        rows.append((name, format_count(size.n_active), *shown))
    headers = ("loss, nats per token", "N active", *(format_count(each) for each in budgets))
    lines = [console.table(headers, rows)] if rows else []
    lines += [f"{name}: {each.kind}: {each.detail}" for name, each in done.failures.items()]
    if done.left:
        lines.append(f"{done.left} runs are left ({done.ended}); the same command continues.")
    lines.append(f"Run table: {request.out}")
    lines.append(f"Next: autotune compare {request.out}")
    return "\n".join(lines)


def _loss(loss: float | None, state: str) -> str:
    return state if loss is None else f"{loss:.4f}"


def document(request: Request, done: "LadderResult") -> dict[str, Any]:
    """Plan, runs and failures as data."""
    from autotune.training import run_table

    return {
        "study": str(request.folder),
        "table": str(request.out),
        "ended": done.ended,
        "left": done.left,
        "plan": plan_document(request),
        "runs": list(run_table.rows(done.results)),
        "failed": [
            {"trunk": name, "kind": str(each.kind), "detail": each.detail}
            for name, each in done.failures.items()
        ],
    }
