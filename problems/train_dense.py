"""Train dense models at a fixed FLOP budget: which size, and which learning rate.

Each trial is a real training run. Training tokens are what the budget pays for at the model's exact
FLOPs per token, so every trial at full fidelity costs the same. `share` is the fidelity: a trial
that spends a part of the budget trains on that part of the tokens, and its loss is an approximation
from above.

Losses are in nats per token of the corpus, by default bytes of Python's standard library: compare
sizes and exponents with published laws, never losses.

    autotune tune train_dense --set flops=2e11 --max-evals 20 --workers 2
"""

from typing import Literal

from ConfigSpace import ConfigurationSpace, Float

from autotune import problem_parts
from autotune.architecture.shape import Architecture
from autotune.problem import Problem
from autotune.training.at_budget import AtBudget
from autotune.training.small_shape import of_size
from autotune.types import Config

SMALLEST = 2.5e3  # parameters in layers: width 16, one layer
REACH = 10.0


def problem(
    *,
    flops: float = 1e12,
    corpus: str = "",
    context: int = 128,
    least_share: float = 0.25,
    seed: int = 0,
    device: Literal["cpu", "cuda"] = "cpu",
) -> Problem:
    """Find the dense model with the least measured loss for a budget.

    Args:
        flops: Exact training FLOPs of a trial at full fidelity.
        corpus: A file or folder of text; empty for Python's standard library.
        context: Tokens of a sequence.
        least_share: Smallest share of the budget that a trial may spend; 1 for no fidelity.
        seed: Of initial weights and token order.
        device: Where trials run; under MPI each rank takes its own GPU.
    """
    at = AtBudget(
        flops=flops,
        shape_of=_shape,
        corpus_path=corpus,
        context=context,
        least_share=least_share,
        seed=seed,
        device=device,
    )
    middle = (flops / (6 * problem_parts.TOKENS_PER_PARAM)) ** 0.5
    low = max(SMALLEST, middle / REACH)
    space = ConfigurationSpace(name="train_dense")
    space.add(
        Float("n_active", (low, max(2 * low, middle * REACH / 2)), log=True),
        Float("lr_multiplier", (0.25, 4.0), log=True, default=1.0),
    )
    summary = f"Dense model of least measured loss for {flops:g} FLOPs."
    return at.problem(space, summary, derived={"tokens": at.tokens})


def _shape(config: Config) -> Architecture:
    return of_size(float(config["n_active"]))
