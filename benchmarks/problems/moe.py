"""A mixture of experts of four parameters at a fixed budget, after Abnar et al. (2025).

The law and its coefficients are published. **The routing cost is invented**: without one the
law has no optimum inside these ranges, for it asks for as many experts as it may have. The
sparsity is derived from the share of parameters held by experts, S = f (1 - k/E), or E and k
would have no effect.
"""

import functools
from collections.abc import Mapping

import numpy as np
from ConfigSpace import ConfigurationSpace, Float, Integer
from scipy.optimize import minimize

from autotune.laws.abnar import ABNAR_2025
from autotune.problem import Problem, Reference
from autotune.types import Floats, FloatsLike, Value

FLOPS = 1e21
SIZES = (1e7, 1e12)
MOST_SHARE, MOST_EXPERTS, MOST_TOP_K = 0.98, 256, 16
NOT_A_NETWORK = 0.2  # added to the loss where more experts are to run than there are
POLISHED = 40

CAVEAT = (
    "the routing cost is invented, to give the published law an optimum inside its ranges, and "
    "so is a penalty of 0.2 where top_k > n_experts"
)


def throughput(n_experts: FloatsLike, top_k: FloatsLike) -> Floats:
    """Share of the budget left after routing and communication: invented."""
    spread, top_k = np.log2(np.asarray(n_experts)), np.asarray(top_k)
    return np.asarray(1 / (1 + 0.015 * spread**2 + 0.05 * np.abs(top_k - 2)))


def loss(
    n_total: FloatsLike, expert_share: FloatsLike, n_experts: FloatsLike, top_k: FloatsLike
) -> Floats:
    """Loss in nats per token at the budget; arguments broadcast together."""
    n_total, n_experts = np.asarray(n_total), np.asarray(n_experts)
    running = np.minimum(top_k, n_experts)
    sparsity = np.asarray(expert_share) * (1 - running / n_experts)
    n_active = n_total * (1 - sparsity)
    tokens = FLOPS * throughput(n_experts, running) / (6 * n_active)
    predicted = ABNAR_2025.loss(n_active, tokens, sparsity)
    return np.where(np.asarray(top_k) > n_experts, predicted + NOT_A_NETWORK, predicted)


@functools.cache
def optimum() -> Reference:
    """Every pair of experts and top-k on a grid of the other two, the best by L-BFGS-B."""
    log_n, share = np.linspace(*np.log(SIZES), 120)[:, None], np.linspace(0, MOST_SHARE, 50)
    found: list[tuple[float, int, int, float, float]] = []
    for n_experts in range(1, MOST_EXPERTS + 1):
        for top_k in range(1, min(MOST_TOP_K, n_experts) + 1):
            values = loss(np.exp(log_n), share, n_experts, top_k)
            i, j = np.unravel_index(values.argmin(), values.shape)
            at = float(log_n[i, 0]), float(share[j])
            found.append((float(values[i, j]), n_experts, top_k, *at))
    return min((_polished(*each[1:]) for each in sorted(found)[:POLISHED]), key=lambda r: r.value)


def _polished(n_experts: int, top_k: int, log_n: float, share: float) -> Reference:
    best = minimize(
        lambda x: float(loss(np.exp(x[0]), x[1], n_experts, top_k)),
        [log_n, share],
        method="L-BFGS-B",
        bounds=[np.log(SIZES), (0, MOST_SHARE)],
        options={"ftol": 1e-15, "gtol": 1e-12},
    )
    config: dict[str, Value] = {
        "n_total": float(np.exp(best.x[0])),
        "expert_share": float(best.x[1]),
        "n_experts": n_experts,
        "top_k": top_k,
    }
    return Reference(float(best.fun), config, "every (n_experts, top_k), then L-BFGS-B")


def law_inputs(columns: Mapping[str, Floats]) -> dict[str, Floats]:
    """What a law is asked about as a prior: it knows nothing of the routing cost."""
    running = np.minimum(columns["top_k"], columns["n_experts"])
    sparsity = columns["expert_share"] * (1 - running / columns["n_experts"])
    n_active = columns["n_total"] * (1 - sparsity)
    return {"n_active": n_active, "tokens": FLOPS / (6 * n_active), "sparsity": sparsity}


def problem() -> Problem:
    """Least loss of a sparse model for 1e21 FLOPs, with an invented routing cost."""

    def objective(config: dict[str, Value]) -> float:
        return float(loss(*(float(config[name]) for name in order)))

    order = ("n_total", "expert_share", "n_experts", "top_k")
    space = ConfigurationSpace(name="moe")
    space.add(
        Float("n_total", SIZES, log=True),
        Float("expert_share", (0.0, MOST_SHARE)),
        Integer("n_experts", (1, MOST_EXPERTS), log=True),
        Integer("top_k", (1, MOST_TOP_K)),
    )
    return Problem(
        name="moe",
        summary=f"Sparse model of least loss for {FLOPS:g} FLOPs; {CAVEAT}.",
        space=space,
        objective=objective,
        unit="nats per token",
        units={"n_total": "parameters"},
        source=f"{ABNAR_2025.source.citation}, {ABNAR_2025.source.where}; {CAVEAT}.",
        best_known=optimum,
        law_inputs=law_inputs,
    )
