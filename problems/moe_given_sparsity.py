"""Compute-optimal size of a mixture of experts whose sparsity is settled.

The first direction of the generalized law: given the sparsity and the budget, how large should
the active model be and how many tokens should it see? Training tokens are what the budget pays
for, D = C / (6 N_active), so every configuration costs exactly the budget. For laws of
Hoffmann's kind the optimum has a closed form (`autotune plan`), against which a search can be
checked.

Loss is in nats per token of the law's own corpus: do not compare it across laws.
"""

import numpy as np
from ConfigSpace import ConfigurationSpace, Float

from autotune import checks, problem_parts
from autotune.problem import Problem, Reference
from autotune.types import Value


def problem(*, flops: float = 1e21, law: str = "generalized-moe", sparsity: float = 0.9) -> Problem:
    """Find the active size with the least predicted loss for a budget at a given sparsity.

    Args:
        flops: Training compute in FLOPs, 6 per active parameter and token.
        law: A preset of `autotune laws`; with a sparsity term unless `sparsity` is 0.
        sparsity: 1 - n_active / n_total, in [0, 1).
    """
    checks.fraction("sparsity", sparsity, hint="It is 1 - n_active / n_total.")
    low, high = problem_parts.sizes_for(flops)
    predictor = problem_parts.law_for(law, sparsity=sparsity)

    def objective(config: dict[str, Value]) -> dict[str, float]:
        n_active = float(config["n_active"])
        tokens = float(problem_parts.tokens_for(flops, n_active))
        loss = float(predictor.loss(n_active, tokens, sparsity))
        n_total = n_active / (1 - sparsity)
        return {"objective": loss, **problem_parts.measures(predictor, n_active, tokens, n_total)}

    def best_known() -> Reference:
        n_active, loss = problem_parts.least(
            lambda n: predictor.loss(n, problem_parts.tokens_for(flops, n), sparsity),
            np.array([low]),
            np.array([high]),
        )
        return Reference(float(loss[0]), {"n_active": float(n_active[0])}, "exact: 1-D minimum")

    space = ConfigurationSpace(name="moe_given_sparsity")
    space.add(Float("n_active", (low, high), log=True))
    return Problem(
        name="moe_given_sparsity",
        summary=f"Active size of least loss for {flops:g} FLOPs at sparsity {sparsity:g} by {law}.",
        space=space,
        objective=objective,
        unit=predictor.source.loss_unit,
        units=problem_parts.UNITS,
        source=problem_parts.provenance(predictor),
        best_known=best_known,
    )
