"""Train mixtures of experts at a fixed FLOP budget: size, experts, top-k, granularity, rate.

Each trial is a real training run. Training tokens are what the budget pays for at the model's exact
FLOPs per token, so every trial at full fidelity costs the same; one expert is a dense model. The
width sets the size, and the depth follows from it. `share` is the fidelity: a trial that spends a
part of the budget trains on that part of the tokens. Cheap trials favour dense models: a mixture
gains with tokens, so its rank at a small share says little.

Losses are in nats per token of the corpus, by default bytes of Python's standard library: compare
ranks with published laws, never losses.

    autotune tune train_moe --set flops=2e11 --max-evals 20 --workers 2
"""

from typing import Literal

from ConfigSpace import ConfigurationSpace, Float, Integer, OrdinalHyperparameter

from autotune import checks
from autotune.architecture.shape import Architecture
from autotune.errors import InputError
from autotune.problem import Constraint, Problem
from autotune.training.at_budget import AtBudget
from autotune.training.small_shape import Mixture, of_widths
from autotune.types import Config

STEP = 8  # of the width
DEPTH = (0.35, 0.6)  # layers = 0.35 width^0.6: 16x2, 32x3, 64x4, 128x6
GRANULARITY = (1.0, 1.5, 2.0, 4.0)


def problem(
    *,
    flops: float = 1e12,
    corpus: str = "",
    max_width: int = 96,
    max_experts: int = 32,
    max_top_k: int = 4,
    context: int = 128,
    least_share: float = 0.25,
    seed: int = 0,
    device: Literal["cpu", "cuda"] = "cpu",
) -> Problem:
    """Find the sparse model with the least measured loss for a budget.

    Args:
        flops: Exact training FLOPs of a trial at full fidelity.
        corpus: A file or folder of text; empty for Python's standard library.
        max_width: Largest width of the model, a multiple of 8.
        max_experts: Most experts per layer, a power of two; 1 is a dense model.
        max_top_k: Most experts that a token goes to.
        context: Tokens of a sequence.
        least_share: Smallest share of the budget that a trial may spend; 1 for no fidelity.
        seed: Of initial weights and token order.
        device: Where trials run; under MPI each rank takes its own GPU.
    """
    checks.at_least("max_top_k", max_top_k, 2, hint="1 expert per token leaves no choice.")
    checks.at_least("max_experts", max_experts, 2, hint="1 is train_dense.")
    if max_width % STEP or max_width < 3 * STEP:
        raise InputError(f"max_width must be a multiple of 8 from 24 on, not {max_width}.")
    at = AtBudget(
        flops=flops,
        shape_of=_shape,
        corpus_path=corpus,
        context=context,
        least_share=least_share,
        seed=seed,
        device=device,
    )
    experts = [2**i for i in range(max_experts.bit_length())]
    space = ConfigurationSpace(name="train_moe")
    space.add(
        Integer("d_model", (2 * STEP, max_width), log=True, meta={"q": STEP}),
        OrdinalHyperparameter("n_experts", experts, default_value=experts[-1]),
        Integer("top_k", (1, max_top_k), default=2),
        OrdinalHyperparameter("granularity", GRANULARITY, default_value=1.5),
        Float("lr_multiplier", (0.25, 4.0), log=True, default=1.0),
    )
    return at.problem(
        space,
        f"Sparse model of least measured loss for {flops:g} FLOPs.",
        constraints=(
            Constraint("top_k <= n_experts", lambda c: float(c["top_k"]) <= float(c["n_experts"])),
        ),
        derived={"n_active": at.n_active, "n_total": at.n_total, "tokens": at.tokens},
    )


def _shape(config: Config) -> Architecture:
    """The model of a configuration; experts are as wide as 4 d_model / granularity."""
    width, experts = int(config["d_model"]), int(config["n_experts"])
    layers = max(1, round(DEPTH[0] * width ** DEPTH[1]))
    top_k = min(int(config["top_k"]), experts)
    granularity = float(config["granularity"])
    if experts == 1:
        return of_widths(width, layers)
    mixture = Mixture(n_experts=experts, top_k=top_k, granularity=granularity)
    return of_widths(width, layers, mixture=mixture)
