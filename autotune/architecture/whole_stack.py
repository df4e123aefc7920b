"""From a continuous stack of layers to whole layers and widths on a multiple."""

from dataclasses import dataclass

import numpy as np

from autotune.architecture.divisors import Divisors
from autotune.architecture.layer_stack import MATRICES, LayerStack, triad
from autotune.architecture.sparse_constants import SparseConstants
from autotune.architecture.triad import Triad
from autotune.architecture.triad_inverse import depth, expert_parameters, solve
from autotune.types import Floats, FloatsLike

TOLERANCE = 0.05
"""How far M, M/N_a and N/N_a of whole numbers may be off (arXiv:2603.21862, note of table 4)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WholeStacks:
    """Stacks of whole numbers beside the triad that they were to have, arrays of one length.

    Attributes:
        stack: Layers and widths.
        flops_per_token: Relative error of M.
        density: Relative error of M/N_a.
        expansion: Relative error of N/N_a.
    """

    stack: LayerStack
    flops_per_token: Floats
    density: Floats
    expansion: Floats

    @property
    def error(self) -> Floats:
        """The largest of the three, in size."""
        parts = (self.flops_per_token, self.density, self.expansion)
        return np.asarray(np.max(np.abs(np.stack(np.broadcast_arrays(*parts))), axis=0))


def rounded(
    asked: Triad, d_model: FloatsLike, *, constants: SparseConstants, divisors: Divisors
) -> LayerStack:
    """Every number rounded on its own, elementwise; at least one layer is dense, and one is not.

    This is the rule that reproduces the depth of nine in ten rows of the paper. `d_model` is taken
    as it is. Where M leaves less than two layers there is no whole stack.
    """
    whole = solve(asked, d_model, constants=constants)
    layers = divisors.pipeline * np.rint(np.divide(whole.n_layers, divisors.pipeline))
    dense = np.clip(np.rint(whole.n_dense_layers), 1.0, np.maximum(1.0, layers - 1))
    step = divisors.width_step
    width = step * np.rint(_width(asked, d_model, layers - dense, constants) / step)
    return LayerStack(
        n_layers=layers, n_dense_layers=dense, d_model=np.asarray(d_model), expert_width=width
    )


def near(
    asked: Triad, d_model: FloatsLike, *, constants: SparseConstants, divisors: Divisors
) -> WholeStacks:
    """Stacks of whole numbers around one triad, for each of the hidden sizes given.

    At every hidden size: the nearest number of layers and one step of it to either side; dense
    layers rounded down and up, one at least, and one layer with experts at least; the width of
    experts rounded down and up.
    """
    d = np.reshape(np.asarray(d_model, dtype=np.float64), (-1, 1, 1, 1))
    aside = np.array([-1.0, 0.0, 1.0]).reshape(1, -1, 1, 1)
    both = np.array([0.0, 1.0])
    nearest = np.rint(depth(asked, constants) / divisors.pipeline) + aside
    layers = divisors.pipeline * nearest
    free = np.asarray(solve(asked, d, constants=constants).n_dense_layers)
    possible = layers >= 2
    most = np.where(possible, layers - 1, 1.0)
    dense = np.clip(np.floor(free) + both.reshape(1, 1, -1, 1), 1.0, most)
    step = divisors.width_step
    moe = np.where(possible, layers - dense, 1.0)
    width = step * (np.floor(_width(asked, d, moe, constants) / step) + both)
    possible = possible & (width >= step)
    parts = np.broadcast_arrays(layers, dense, d, width, possible)
    kept = parts[-1]
    layers, dense, d, width = (part[kept] for part in parts[:-1])
    return compared(
        LayerStack(n_layers=layers, n_dense_layers=dense, d_model=d, expert_width=width),
        asked, constants=constants,
    )  # fmt: skip


def compared(stack: LayerStack, asked: Triad, *, constants: SparseConstants) -> WholeStacks:
    """Stacks beside the triad that they were to have."""
    found = triad(stack, constants)
    return WholeStacks(
        stack=stack,
        flops_per_token=np.asarray(found.flops_per_token / np.asarray(asked.flops_per_token) - 1),
        density=np.asarray(found.density / asked.density - 1),
        expansion=np.asarray(found.expansion / asked.expansion - 1),
    )


def _width(
    asked: Triad, d_model: FloatsLike, moe_layers: FloatsLike, constants: SparseConstants
) -> Floats:
    """Width of an expert where so many layers hold the expert parameters of the triad."""
    cost = MATRICES * np.asarray(d_model) * constants.n_used * np.asarray(moe_layers)
    return np.asarray(expert_parameters(asked, constants) / cost)
