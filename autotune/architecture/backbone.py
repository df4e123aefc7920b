"""A complete architecture around a stack of whole layers: that of dots.llm1, the paper's own."""

from dataclasses import replace

from autotune.architecture.attention import GroupedQuery, QkNorm
from autotune.architecture.feed_forward import Experts, FeedForward
from autotune.architecture.layer_stack import LayerStack
from autotune.architecture.shape import Architecture
from autotune.architecture.sparse_constants import SparseConstants


def complete(
    stack: LayerStack, constants: SparseConstants, *, vocabulary: int, name: str
) -> Architecture:
    """The model of one stack of whole numbers.

    Beside the matrices of the triad it has what dots.llm1 has (arXiv:2506.05767): untied
    embeddings, norms of queries and keys per head, and a router with a correction per expert.
    """
    d, attention = int(stack.d_model), constants.attention
    if isinstance(attention, GroupedQuery):
        attention = replace(attention, qk_norm=QkNorm.HEAD)
    return Architecture(
        name=name,
        n_layers=int(stack.n_layers),
        d_model=d,
        vocabulary=vocabulary,
        attention=attention,
        ffn=FeedForward(width=round(constants.dense_ratio * d)),
        experts=Experts(
            n_experts=constants.n_experts,
            top_k=constants.top_k,
            width=int(stack.expert_width),
            n_shared=constants.n_shared,
            router_bias=True,
        ),
        n_dense_layers=int(stack.n_dense_layers),
    )
