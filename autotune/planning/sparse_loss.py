"""What a law of the catalogue says of a sparse architecture: it sees sizes, not depth or width."""

from dataclasses import dataclass

import numpy as np

from autotune.architecture.layer_stack import LayerStack
from autotune.architecture.sparse_constants import SparseConstants
from autotune.architecture.triad import Triad
from autotune.errors import InputError
from autotune.laws import catalogue
from autotune.laws.base import ScalingLaw
from autotune.laws.trading import refuse_unfit
from autotune.types import Floats, FloatsLike

LAYOUT = ("n_experts", "top_k", "granularity", "shared_share")
"""Further inputs of laws that an architecture has."""


@dataclass(frozen=True, slots=True)
class SparseLoss:
    """A law of active parameters, all parameters and tokens, at fixed constants.

    Attributes:
        law: It reads sparsity; further inputs are those of `LAYOUT`.
        constants: Experts and top-k.
    """

    law: ScalingLaw
    constants: SparseConstants

    def __call__(self, sizes: Triad, stack: LayerStack, tokens: FloatsLike) -> Floats:
        """Loss of architectures, elementwise; N_a and N are the triad's, without embeddings."""
        held = self.constants
        known: dict[str, FloatsLike] = {
            "n_experts": held.n_experts,
            "top_k": held.top_k,
            "shared_share": held.n_shared / held.n_used,
        }
        if "granularity" in self.law.factors:
            known["granularity"] = 4 * np.asarray(stack.d_model) / np.asarray(stack.expert_width)
        return self.law.loss(
            sizes.n_active, tokens, 1 - 1 / sizes.expansion,
            **{name: known[name] for name in self.law.factors},
        )  # fmt: skip


def named(name: str, constants: SparseConstants, *, law: ScalingLaw | None = None) -> SparseLoss:
    """A law by its name in the catalogue, or one of another name, a team's own fit for example.

    Raises:
        InputError: If there is none, or it does not tell sparse models of one size apart.
    """
    law = catalogue.preset(name) if law is None else law
    refuse_unfit(name, law, factors=LAYOUT, sparsity=0.5)
    if not law.reads_sparsity:
        raise InputError(
            f"law {name} does not read how many parameters a model has in all, so that N/N_a is "
            "nothing to it. Choose another law, for example generalized-moe."
        )
    return SparseLoss(law, constants)
