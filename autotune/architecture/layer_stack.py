"""Depth and widths of a sparse model, whole or not, and the triad that they cost."""

from dataclasses import dataclass

import numpy as np

from autotune.architecture.sparse_constants import TRAINING_FLOPS, SparseConstants
from autotune.architecture.triad import Triad
from autotune.types import Floats

MATRICES = 3
"""Matrices of a gated feed-forward layer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerStack:
    """Layers and widths: arrays that broadcast together, of no dimension for one model.

    Attributes:
        n_layers: L, all layers.
        n_dense_layers: L_d, those with a dense feed-forward layer of width `dense_ratio * d`.
        d_model: d, hidden size.
        expert_width: d_m, hidden width of an expert, routed or shared.
    """

    n_layers: Floats
    n_dense_layers: Floats
    d_model: Floats
    expert_width: Floats

    @property
    def n_moe_layers(self) -> Floats:
        """L_m = L - L_d."""
        return np.subtract(self.n_layers, self.n_dense_layers, dtype=np.float64)

    def pick(self, i: int) -> "LayerStack":
        """One of many stacks, whose arrays have one dimension."""
        return LayerStack(
            n_layers=np.asarray(self.n_layers[i]),
            n_dense_layers=np.asarray(self.n_dense_layers[i]),
            d_model=np.asarray(self.d_model[i]),
            expert_width=np.asarray(self.expert_width[i]),
        )


def triad(stack: LayerStack, constants: SparseConstants) -> Triad:
    """M, N_a and N of a stack: arXiv:2603.21862, eq. 6-12, for any constants.

    On whole numbers below 2^53 the sums are exact.
    """
    layers, dense, d, width = (
        np.asarray(value, dtype=np.float64)
        for value in (stack.n_layers, stack.n_dense_layers, stack.d_model, stack.expert_width)
    )
    attention = (constants.attention_slope * d + constants.attention_offset) * layers
    dense_ffn = MATRICES * constants.dense_ratio * d * d * dense
    expert = MATRICES * d * width * (layers - dense)  # one expert in every layer that has some
    n_active = attention + dense_ffn + constants.n_used * expert
    return Triad(
        flops_per_token=TRAINING_FLOPS * n_active + constants.score_flops * layers,
        n_active=n_active,
        n_total=n_active + (constants.n_experts - constants.top_k) * expert,
    )
