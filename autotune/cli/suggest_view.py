"""How suggested runs read: the runs, the band of best sizes, the regret, and what they rest on."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from autotune.cli import console, suggest_shape
from autotune.cli.suggest_request import Answer
from autotune.fitting.runs import RunTable
from autotune.quantities import format_count
from autotune.suggestion.regret import LEVEL

SOURCES = (
    "Frazier, Powell and Dayanik 2009 (knowledge gradient for correlated normal beliefs)",
    "Chick and Inoue 2001 (expected opportunity cost)",
    "Chaloner and Verdinelli 1995 (Bayesian experimental design)",
)
SHAPES = (
    "Shapes are width x layers as `autotune train --n-active` builds them, N counted in the "
    "matrices of the layers."
)
FLOP_CONVENTION = "6 N_active D"


def document(answer: Answer) -> dict[str, Any]:
    """Everything as one JSON object."""
    request, made = answer.request, answer.made
    runs = [_record(made.runs, i) for i in _order(answer)]
    for record, i in zip(runs, _order(answer), strict=True):
        if answer.configs:
            record["config"] = answer.configs[i]
        elif (shape := answer.shapes[i]) is not None:
            record["shape"] = suggest_shape.record(shape)
    return {
        "target_flops": request.target,
        "spend": request.spend,
        "spent": made.spent,
        "design": request.design,
        "runs": runs,
        "best_now": _record(made.best, 0),
        "level": LEVEL,
        "band_now": list(made.band),
        "band_after": list(made.band_after),
        "regret_now": made.regret,
        "regret_after": made.regret_after,
        "loss": made.loss,
        "loss_interval": list(made.loss_band),
        "laws": [
            {
                "law": view.candidate.form.form,
                "convention": {
                    "n": view.candidate.convention.n,
                    "sparsity": view.candidate.convention.sparsity,
                },
                "weight": view.weight,
                "sigma": view.posterior.sigma,
            }
            for view in answer.belief.views
        ],
        "flop_convention": FLOP_CONVENTION,
        "fitted_to": {"runs": answer.belief.table.name, "n": len(answer.belief.table)},
        "sources": list(SOURCES),
        "warnings": list(answer.warnings),
    }


def text(answer: Answer) -> str:
    """Tables and sentences."""
    request, made = answer.request, answer.made
    ratio = request.target / float(answer.belief.table.flops.max())
    lines = [
        f"Next runs for a plan at {request.target:.4g} FLOPs, chosen by {request.design}: "
        f"{made.spent:.3g} of {request.spend:.3g} FLOPs ({FLOP_CONVENTION})",
        "",
        console.table(_headers(answer), _rows(answer)),
        "",
        console.table(("at the target", "now", "expected after"), _expected(answer)),
        "",
        f"Best now: {_run(made.best)}; the target lies {ratio:.3g} times beyond the largest run.",
        "Laws: "
        + "; ".join(f"{v.candidate} {v.weight:.0%}" for v in answer.belief.views)
        + f", by error beyond rolling origins of {len(answer.belief.table)} runs of "
        f"{answer.belief.table.name}.",
        *([SHAPES] if any(answer.shapes) else []),
        "Sources: " + "; ".join(SOURCES) + ".",
    ]
    return "\n".join(lines)


def _order(answer: Answer) -> list[int]:
    """As chosen; longest first where the runs start together."""
    every = np.arange(len(answer.made.runs))
    if answer.request.batch:
        every = np.argsort(-answer.made.runs.flops, kind="stable")
    return [int(i) for i in every]


def _record(runs: RunTable, i: int) -> dict[str, Any]:
    own = {
        "n_active": float(runs.n_active[i]),
        "n_total": float(runs.n_total[i]),
        "tokens": float(runs.tokens[i]),
        "flops": float(runs.flops[i]),
    }
    return own | {name: float(values[i]) for name, values in runs.factors.items()}


def _headers(answer: Answer) -> list[str]:
    shape = ["shape"] if any(answer.shapes) else []
    names = answer.made.runs.factors
    return ["run", "N active", "N total", *names, "tokens", "tokens/N", "FLOPs", *shape]


def _rows(answer: Answer) -> Iterator[list[str]]:
    runs = answer.made.runs
    for place, i in enumerate(_order(answer), start=1):
        yield [
            str(place),
            format_count(float(runs.n_active[i])),
            format_count(float(runs.n_total[i])),
            *(format_count(float(values[i])) for values in runs.factors.values()),
            format_count(float(runs.tokens[i])),
            f"{runs.tokens[i] / runs.n_active[i]:.3g}",
            f"{runs.flops[i]:.3g}",
            *([getattr(answer.shapes[i], "name", "")] if any(answer.shapes) else []),
        ]


def _expected(answer: Answer) -> Iterator[tuple[str, str, str]]:
    made = answer.made
    yield (
        f"best N active, {LEVEL:.0%} band",
        " .. ".join(map(format_count, made.band)),
        " .. ".join(map(format_count, made.band_after)),
    )
    yield ("expected regret, nats", f"{made.regret:.3g}", f"{made.regret_after:.3g}")
    yield (
        f"loss of the best, {LEVEL:.0%} interval",
        f"{made.loss:.4g} ({made.loss_band[0]:.4g} .. {made.loss_band[1]:.4g})",
        "",
    )


def _run(runs: RunTable) -> str:
    size, tokens = format_count(float(runs.n_active[0])), format_count(float(runs.tokens[0]))
    factors = ", ".join(f"{name} {values[0]:g}" for name, values in runs.factors.items())
    return f"{size} active parameters on {tokens} tokens" + (f", {factors}" if factors else "")
