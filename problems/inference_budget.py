"""Model size for a lifetime budget: training and the inference that follows.

Training costs 6 N D FLOPs and serving `inference_tokens` costs 2 N each, so the lifetime
budget C leaves D = (C / N - 2 D_inference) / 6 training tokens: every configuration costs
exactly the budget. The more inference is expected, the smaller and longer-trained the best model.
The form of the cost is Sardana et al. (2023), arXiv:2401.00448, solved here for the loss at a
fixed cost instead of the cost at a fixed loss; both have the same optima.

Loss is in nats per token of the law's own corpus: do not compare it across laws.
"""

from collections.abc import Mapping

import numpy as np
from ConfigSpace import ConfigurationSpace, Float

from autotune import checks, problem_parts
from autotune.errors import InfeasibleError
from autotune.laws.trading import law_for
from autotune.problem import Problem, Reference
from autotune.types import Floats, FloatsLike, Value

SPARE = 0.999  # of the largest size, which would leave no FLOPs to train with


def problem(
    *,
    flops: float = 1e22,
    inference_tokens: float = 1e12,
    law: str = "besiroglu2024",
    sparsity: float = 0.0,
) -> Problem:
    """Find the size with the least predicted loss for training and inference together.

    Args:
        flops: Lifetime compute in FLOPs: 6 per active parameter and training token, 2 per
            active parameter and inference token.
        inference_tokens: Tokens served over the model's life.
        law: A preset of `autotune laws`; with a sparsity term unless `sparsity` is 0.
        sparsity: 1 - n_active / n_total, in [0, 1).
    """
    checks.fraction("sparsity", sparsity, hint="It is 1 - n_active / n_total.")
    checks.at_least("inference_tokens", inference_tokens, 0, hint="0 is training alone.")
    predictor = law_for(law, sparsity=sparsity)
    low, high = problem_parts.sizes_for(flops)
    if inference_tokens:
        high = min(high, SPARE * flops / (2 * inference_tokens))
    if high <= low:
        raise InfeasibleError(
            f"flops = {flops:g} cannot serve inference_tokens = {inference_tokens:g}: a model of "
            f"{low:g} parameters, the smallest considered, already costs more. Change one of them."
        )

    def tokens_for(n_active: Floats) -> Floats:
        return np.asarray((flops / n_active - 2 * inference_tokens) / 6, dtype=np.float64)

    def loss(n_active: Floats) -> Floats:
        return predictor.loss(n_active, tokens_for(n_active), sparsity)

    def objective(config: dict[str, Value]) -> dict[str, float]:
        n_active = float(config["n_active"])
        tokens = float(tokens_for(np.asarray(n_active)))
        return {
            "objective": float(loss(np.asarray(n_active))),
            **problem_parts.beyond(predictor, n_active, tokens, n_active / (1 - sparsity)),
        }

    def law_inputs(columns: Mapping[str, Floats]) -> dict[str, FloatsLike]:
        n_active = columns["n_active"]
        return {"n_active": n_active, "tokens": tokens_for(n_active), "sparsity": sparsity}

    def best_known() -> Reference:
        n_active, value = problem_parts.least(loss, np.array([low]), np.array([high]))
        command = problem_parts.plan_command(
            flops, law, sparsity=sparsity, inference_tokens=inference_tokens
        )
        config: dict[str, Value] = {"n_active": float(n_active[0])}
        return Reference(float(value[0]), config, "exact: 1-D minimum", command)

    space = ConfigurationSpace(name="inference_budget")
    space.add(Float("n_active", (low, high), log=True))
    return Problem(
        name="inference_budget",
        summary=f"Size of least loss for {flops:g} FLOPs of training and {inference_tokens:g} "
        f"inference tokens by {law}.",
        space=space,
        objective=objective,
        unit=predictor.source.loss_unit,
        units=problem_parts.UNITS,
        source=problem_parts.provenance(predictor)
        + " Cost: Sardana et al. (2023), arXiv:2401.00448.",
        derived={
            **problem_parts.model_of(
                tokens=lambda c: float(tokens_for(np.asarray(float(c["n_active"])))),
                n_total=lambda c: float(c["n_active"]) / (1 - sparsity),
            ),
            "training_share": lambda c: 6 * float(c["n_active"]) * float(c["tokens"]) / flops,
        },
        best_known=best_known,
        law_inputs=law_inputs,
    )
