"""Compute-optimal size of a mixture of experts whose sparsity is settled.

The first direction of the generalized law: given the sparsity and the budget, how large should
the active model be and how many tokens should it see? Training tokens are what the budget pays
for, D = C / (6 N_active), so every configuration costs exactly the budget. For laws of
Hoffmann's kind the optimum has a closed form (`autotune plan`), against which a search can be
checked.

Loss is in nats per token of the law's own corpus: do not compare it across laws.
"""

from autotune import checks, problem_parts
from autotune.problem import Problem


def problem(*, flops: float = 1e21, law: str = "generalized-moe", sparsity: float = 0.9) -> Problem:
    """Find the active size with the least predicted loss for a budget at a given sparsity.

    Args:
        flops: Training compute in FLOPs, 6 per active parameter and token.
        law: A preset of `autotune laws`; with a sparsity term unless `sparsity` is 0.
        sparsity: 1 - n_active / n_total, in [0, 1).
    """
    checks.fraction("sparsity", sparsity, hint="It is 1 - n_active / n_total.")
    return problem_parts.size_problem(
        "moe_given_sparsity",
        f"Active size of least loss for {flops:g} FLOPs at sparsity {sparsity:g} by {law}.",
        law,
        flops=flops,
        sparsity=sparsity,
    )
