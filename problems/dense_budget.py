"""Compute-optimal dense model: how many parameters to train for a budget.

Training tokens are what the budget pays for, D = C / (6 N), so every size costs exactly the
budget. One parameter and a smooth objective: `autotune plan` has the answer in closed form;
this problem is the smallest end-to-end check of a search.

Loss is in nats per token of the law's own corpus: do not compare it across laws.
"""

import numpy as np
from ConfigSpace import ConfigurationSpace, Float

from autotune import problem_parts
from autotune.problem import Problem, Reference
from autotune.types import Value


def problem(*, flops: float = 1e21, law: str = "besiroglu2024") -> Problem:
    """Find the dense model with the least predicted loss for a compute budget.

    Args:
        flops: Training compute in FLOPs, 6 per parameter and token.
        law: A preset of `autotune laws`; a sparse one is used at sparsity 0.
    """
    low, high = problem_parts.sizes_for(flops)
    predictor = problem_parts.law_for(law)

    def objective(config: dict[str, Value]) -> dict[str, float]:
        n_active = float(config["n_active"])
        tokens = float(problem_parts.tokens_for(flops, n_active))
        loss = float(predictor.loss(n_active, tokens))
        return {"objective": loss, **problem_parts.measures(predictor, n_active, tokens, n_active)}

    def best_known() -> Reference:
        n_active, loss = problem_parts.least(
            lambda n: predictor.loss(n, problem_parts.tokens_for(flops, n)),
            np.array([low]),
            np.array([high]),
        )
        return Reference(float(loss[0]), {"n_active": float(n_active[0])}, "exact: 1-D minimum")

    space = ConfigurationSpace(name="dense_budget")
    space.add(Float("n_active", (low, high), log=True))
    return Problem(
        name="dense_budget",
        summary=f"Dense model of least loss for {flops:g} FLOPs by {law}.",
        space=space,
        objective=objective,
        unit=predictor.source.loss_unit,
        units=problem_parts.UNITS,
        source=problem_parts.provenance(predictor),
        best_known=best_known,
    )
