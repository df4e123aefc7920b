"""The best model of whole numbers of layers, widths and experts for a budget."""

from dataclasses import dataclass

import numpy as np

from autotune.curves.case import Case
from autotune.errors import InfeasibleError, InputError
from autotune.planning import joint_design
from autotune.planning.design_question import DesignQuestion

WIDTH_STEP = 128
ASPECT = (64.0, 160.0)
"""OUR choice: d / L of dense models, which holds those of Hoffmann et al. (2022), table A9, above
0.5B parameters."""
PER_WIDTH = 12.0
"""Parameters of a layer over d^2, embeddings not counted (Kaplan et al. 2020, table 1)."""


@dataclass(frozen=True, slots=True)
class Whole:
    """A model that can be built.

    Attributes:
        text: Its shape.
        n_active: Parameters used per token, as the law counts them.
        sparsity: 1 - n_active/n_total.
        tokens: What the budget pays for.
        loss: What the law says of it.
    """

    text: str
    n_active: float
    sparsity: float
    tokens: float
    loss: float


def whole(case: Case, flops: float) -> Whole | None:
    """The best model of whole numbers, None where the law or the budget gives none.

    A dense law chooses among L layers of width d with 12 L d^2 parameters; a sparse one gets
    the design of `autotune design --flops C --law NAME`.
    """
    if case.plan.sparsity == 0 and case.law.dense:
        return _dense(case, flops)
    try:
        return _sparse(case, flops)
    except (InputError, InfeasibleError):
        return None


def _dense(case: Case, flops: float) -> Whole | None:
    width = WIDTH_STEP * np.arange(2.0, 400.0)[:, None]
    layers = np.arange(2.0, 257.0)
    size = PER_WIDTH * layers * width**2
    tokens = case.tokens(size, flops)
    ratio = width / layers
    possible = (ratio >= ASPECT[0]) & (ratio <= ASPECT[1]) & (tokens >= 1)
    limits = case.constraints
    for cap, number in ((limits.max_active, size), (limits.max_tokens, tokens)):
        possible &= number <= (cap or np.inf)
    if not possible.any():
        return None
    loss = np.where(possible, case.losses(size, np.maximum(tokens, 1.0), 0.0), np.inf)
    i, j = np.unravel_index(int(np.argmin(loss)), loss.shape)
    d, depth = int(width[i, 0]), int(layers[j])
    return Whole(
        f"{depth} layers of width {d}",
        *map(float, (size[i, j], 0.0, tokens[i, j], loss[i, j])),
    )


def _sparse(case: Case, flops: float) -> Whole:
    question = DesignQuestion(flops=flops, max_total=case.constraints.max_total)
    found = joint_design.joint(question, case.plan.law, fit=case.law)
    (made,) = joint_design.models(question, found, top=1)
    experts = made.model.experts
    assert experts is not None
    text = (
        f"{made.model.n_layers} layers of width {made.model.d_model}, {experts.top_k} of "
        f"{experts.n_experts} experts of width {experts.width}"
    )
    size, total = float(made.triad.n_active), float(made.triad.n_total)
    return Whole(text, size, 1 - size / total, made.tokens, found.value(made))
