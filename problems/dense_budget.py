"""Compute-optimal dense model: how many parameters to train for a budget.

Training tokens are what the budget pays for, D = C / (6 N), so every size costs exactly the
budget. One parameter and a smooth objective: `autotune plan` has the answer in closed form;
this problem is the smallest end-to-end check of a search.

Loss is in nats per token of the law's own corpus: do not compare it across laws.
"""

from autotune import problem_parts
from autotune.problem import Problem


def problem(*, flops: float = 1e21, law: str = "besiroglu2024") -> Problem:
    """Find the dense model with the least predicted loss for a compute budget.

    Args:
        flops: Training compute in FLOPs, 6 per parameter and token.
        law: A preset of `autotune laws`; a sparse one is used at sparsity 0.
    """
    return problem_parts.size_problem(
        "dense_budget",
        f"Dense model of least loss for {flops:g} FLOPs by {law}.",
        law,
        flops=flops,
    )
