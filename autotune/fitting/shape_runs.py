"""Finished runs of sparse models by what they cost and held, and the budgets that they share."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from autotune.architecture.layer_stack import LayerStack, triad
from autotune.architecture.sparse_constants import SparseConstants
from autotune.architecture.triad import Triad
from autotune.architecture.triad_inverse import widths
from autotune.types import Floats

SAME_BUDGET = 1.25
"""Runs whose FLOPs differ by less than this factor share a budget."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShapeRuns:
    """Runs, arrays of shape (n,).

    Attributes:
        flops: Training FLOPs C.
        triad: M, N_a and N by the algebra.
        d_model: Hidden size.
        middle: Middle of the hidden sizes that the triad of a run allows with its heads.
        loss: Final loss, nats per token.
        held: What is held fixed, per run: heads may differ, sparsity and sequences are the same.
        lr: Peak learning rate, None if it is not known.
        batch_tokens: Tokens per batch, None if that is not known.
        lines: Where each run stands in the file.
        name: What to call the table.
    """

    flops: Floats
    triad: Triad
    d_model: Floats
    middle: Floats
    loss: Floats
    held: tuple[SparseConstants, ...]
    lr: Floats | None = None
    batch_tokens: Floats | None = None
    lines: NDArray[np.int64]
    name: str

    def __len__(self) -> int:
        return len(self.loss)

    @property
    def max_expansion(self) -> float:
        """Upper bound of N/N_a."""
        return self.held[0].max_expansion

    def commonest(self, rows: NDArray[np.int64]) -> SparseConstants:
        """What most of some runs hold fixed; of equals, the first."""
        counts: Counter[SparseConstants] = Counter(self.held[int(i)] for i in rows)
        return max(counts, key=lambda each: counts[each])

    def numbers(self) -> dict[str, Floats]:
        """The numbers that a shape is chosen by."""
        return {
            "M": self.triad.flops_per_token,
            "density": self.triad.density,
            "expansion": self.triad.expansion,
            "width": self.d_model,
        }

    def budgets(self) -> list[NDArray[np.int64]]:
        """Indices of the runs of each budget, least compute first."""
        order = np.argsort(self.flops, kind="stable")
        apart = np.diff(np.log(self.flops[order])) > np.log(SAME_BUDGET)
        return list(np.split(order, np.flatnonzero(apart) + 1))


def costs(stack: LayerStack, held: Sequence[SparseConstants]) -> tuple[Triad, Floats]:
    """What stacks cost, each with its own constants, and the middles of their hidden sizes.

    Args:
        stack: Arrays of shape (n,).
        held: The constants of each.
    """
    n = len(held)
    m, active, total, middle = (np.empty(n) for _ in range(4))
    for each in dict.fromkeys(held):
        at = np.array([other == each for other in held])
        part = LayerStack(
            n_layers=stack.n_layers[at], n_dense_layers=stack.n_dense_layers[at],
            d_model=stack.d_model[at], expert_width=stack.expert_width[at],
        )  # fmt: skip
        cost = triad(part, each)
        m[at], active[at], total[at] = cost.flops_per_token, cost.n_active, cost.n_total
        middle[at] = widths(cost, each).middle
    return Triad(flops_per_token=m, n_active=active, n_total=total), middle
