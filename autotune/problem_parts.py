"""What a compute budget and an expert layout make of a model, and the best of them exactly.

The shared part of the problems in `problems/`: each derives the training tokens from the
budget, so every configuration costs exactly the budget, C = 6 N_active D.
"""

from collections.abc import Callable, Mapping

import numpy as np
from ConfigSpace import ConfigurationSpace, Float

from autotune import checks
from autotune.derived import Rule
from autotune.laws.base import ScalingLaw
from autotune.laws.trading import law_for
from autotune.problem import Problem, Reference
from autotune.types import Floats, FloatsLike, Value

TOKENS_PER_PARAM = 20.0
REACH = 300.0
GRID = 65
GOLDEN = (np.sqrt(5) - 1) / 2
STEPS = 48


def provenance(law: ScalingLaw) -> str:
    """Where a law is from, what its FLOPs and its corpus are, and what to know about it."""
    source = law.source
    text = f"{source.citation}, {source.where}; FLOPs {source.flops}; corpus {source.corpus}"
    return f"{text}. {source.caveat}" if source.caveat else f"{text}."


UNITS = {
    "n_active": "parameters",
    "n_total": "parameters",
    "tokens": "tokens",
    "inference_flops": "FLOPs per token",
    "extrapolation": "x the law's fitted range (1: inside)",
}


def beyond(law: ScalingLaw, n_active: float, tokens: float, n_total: float) -> dict[str, float]:
    """What is recorded beside a model's loss; `UNITS` has the unit.

    Returns:
        `extrapolation`: how many times the model lies past the range that the law was fitted on,
        in the input where it does so most; 1 is inside. Ranges that the source does not state
        are not counted.
    """
    sparsity = 1 - n_active / n_total
    model = {"n_active": n_active, "n_total": n_total, "tokens": tokens, "sparsity": sparsity}
    times = law.source.range.times_outside(**model, flops=6 * n_active * tokens)
    return {"extrapolation": max((float(factor) for factor in times.values()), default=1.0)}


def model_of(tokens: Rule, n_total: Rule) -> dict[str, Rule]:
    """What is derived from a model's size: tokens, total parameters, sparsity, inference FLOPs."""
    return {
        "tokens": tokens,
        "n_total": n_total,
        "sparsity": lambda known: 1 - float(known["n_active"]) / float(known["n_total"]),
        "inference_flops": lambda known: 2 * float(known["n_active"]),
    }


def sizes_for(flops: float) -> tuple[float, float]:
    """The range of active parameters worth looking at for a budget.

    It reaches a factor of 300 to both sides of a model trained on 20 tokens per parameter.

    Raises:
        InputError: If the budget is not finite and > 0.
    """
    checks.positive("flops", flops, hint="A budget is in FLOPs, such as 1e21.")
    middle = float(np.sqrt(flops / (6 * TOKENS_PER_PARAM)))
    return middle / REACH, middle * REACH


def tokens_for(flops: float, n_active: FloatsLike) -> Floats:
    """Training tokens that spend a budget exactly: D = C / (6 N_active)."""
    return np.asarray(flops / (6 * np.asarray(n_active)), dtype=np.float64)


def expansion(n_experts: FloatsLike, top_k: FloatsLike, *, expert_share: float) -> Floats:
    """n_total / n_active of a model that runs `top_k` of its `n_experts` experts per token.

    Args:
        n_experts: Experts per layer, >= `top_k`.
        top_k: Experts that a token passes through.
        expert_share: Share of the *active* parameters that sit in experts, in (0, 1].
    """
    held = np.asarray(n_experts) / np.asarray(top_k)
    return np.asarray(np.maximum(1 - expert_share + expert_share * held, 1.0), dtype=np.float64)


def least(loss: Callable[[Floats], Floats], low: Floats, high: Floats) -> tuple[Floats, Floats]:
    """Minimise many functions of one positive variable at once, each over its own interval.

    A logarithmic grid brackets the least value of each, then a golden-section search closes
    in; exact for functions with one minimum, and for others if the grid separates theirs.

    Args:
        loss: Takes x of shape (m,), returns the m values.
        low: Lower ends, shape (m,), > 0.
        high: Upper ends, shape (m,), >= `low`.

    Returns:
        `(x, value)`, each of shape (m,); both ends of the interval are candidates.
    """
    left, right = np.log(low), np.log(high)
    grid = left + (right - left) * np.linspace(0, 1, GRID)[:, None]
    grid[[0, -1]] = left, right
    values = np.stack([loss(np.clip(np.exp(row), low, high)) for row in grid])
    at, rows = values.argmin(axis=0), np.arange(len(left))
    best_x, best = grid[at, rows], values[at, rows]
    left, right = grid[np.maximum(at - 1, 0), rows], grid[np.minimum(at + 1, GRID - 1), rows]
    for _ in range(STEPS):
        width = GOLDEN * (right - left)
        a, b = right - width, left + width
        lower = loss(np.exp(a)) < loss(np.exp(b))
        left, right = np.where(lower, left, a), np.where(lower, b, right)
    middle = (left + right) / 2
    inner = loss(np.clip(np.exp(middle), low, high))
    x = np.where(inner < best, middle, best_x)
    return np.clip(np.exp(x), low, high), np.minimum(inner, best)


def plan_command(flops: float, law: str, **options: float | str) -> str:
    """The `autotune plan` that asks a problem's question; a zero option is left out."""
    given = {
        "flops": flops,
        "law": law,
        **{name: value for name, value in options.items() if value},
    }
    words = [
        f"--{name.replace('_', '-')} {value if isinstance(value, str) else _written(value)}"
        for name, value in given.items()
    ]
    return " ".join(["autotune plan", *words])


def _written(value: float) -> str:
    return next(text for text in (f"{value:g}", repr(value)) if float(text) == value)


def size_problem(
    name: str, summary: str, law: str, *, flops: float, sparsity: float = 0.0
) -> Problem:
    """The problem of one size: n_active within a budget, at a given sparsity.

    Args:
        name: The problem's name.
        summary: What is asked, in one sentence.
        law: The preset whose loss is least at the answer.
        flops: Training compute, spent exactly.
        sparsity: 1 - n_active / n_total.
    """
    predictor = law_for(law, sparsity=sparsity)
    low, high = sizes_for(flops)

    def objective(config: dict[str, Value]) -> dict[str, float]:
        n_active = float(config["n_active"])
        tokens = float(tokens_for(flops, n_active))
        loss = float(predictor.loss(n_active, tokens, sparsity))
        return {"objective": loss, **beyond(predictor, n_active, tokens, n_active / (1 - sparsity))}

    def best_known() -> Reference:
        n_active, loss = least(
            lambda n: predictor.loss(n, tokens_for(flops, n), sparsity),
            np.array([low]),
            np.array([high]),
        )
        return Reference(
            float(loss[0]),
            {"n_active": float(n_active[0])},
            "exact: 1-D minimum",
            plan_command(flops, law, sparsity=sparsity),
        )

    def law_inputs(columns: Mapping[str, Floats]) -> dict[str, FloatsLike]:
        n_active = columns["n_active"]
        return {
            "n_active": n_active,
            "tokens": tokens_for(flops, n_active),
            "sparsity": sparsity,
        }

    space = ConfigurationSpace(name=name)
    space.add(Float("n_active", (low, high), log=True))
    return Problem(
        name=name,
        summary=summary,
        space=space,
        objective=objective,
        unit=predictor.source.loss_unit,
        units=UNITS,
        source=provenance(predictor),
        derived=model_of(
            tokens=lambda c: float(tokens_for(flops, float(c["n_active"]))),
            n_total=lambda c: float(c["n_active"]) / (1 - sparsity),
        ),
        best_known=best_known,
        law_inputs=law_inputs,
    )
