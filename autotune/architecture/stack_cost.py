"""What a stack of layers costs as a complete model, by the exact convention, over arrays."""

from dataclasses import dataclass

import numpy as np

from autotune.architecture.attention import GroupedQuery
from autotune.architecture.flops import TRAINING
from autotune.architecture.layer_stack import MATRICES, LayerStack
from autotune.architecture.sparse_constants import SparseConstants
from autotune.types import Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class StackCost:
    """Exact cost of the models of `backbone.complete`, elementwise.

    Attributes:
        flops_per_token: Training FLOPs of every matrix product, router and output head included,
            and of the scores of the keys that a causal mask shows.
        n_total: Every parameter.
    """

    flops_per_token: Floats
    n_total: Floats


def stack_cost(stack: LayerStack, constants: SparseConstants, *, vocabulary: int) -> StackCost:
    """Cost of stacks that need not be whole; on whole ones that of the exact count."""
    layers, dense, d, width = (
        np.asarray(value, dtype=np.float64)
        for value in (stack.n_layers, stack.n_dense_layers, stack.d_model, stack.expert_width)
    )
    moe = layers - dense
    attention = (constants.attention_slope * d + constants.attention_offset) * layers
    beside = attention + MATRICES * constants.dense_ratio * d * d * dense
    beside = beside + constants.n_experts * d * moe + vocabulary * d  # router, head
    expert = MATRICES * d * width * moe
    keys = (constants.seq_len + 1) / 2
    forward = 2 * (beside + constants.n_used * expert)
    forward = forward + 2 * constants.attention.score_width * keys * layers
    rest = vocabulary * d + 2 * d * layers + d + constants.n_experts * moe  # norms, router's bias
    rest = rest + _inner_norms(constants) * layers
    return StackCost(
        flops_per_token=TRAINING * forward,
        n_total=beside + (constants.n_experts + constants.n_shared) * expert + rest,
    )


def _inner_norms(constants: SparseConstants) -> int:
    """Weights of the norms inside attention, as `backbone.complete` has them."""
    attention = constants.attention
    return 2 * attention.head_dim if isinstance(attention, GroupedQuery) else attention.norms
