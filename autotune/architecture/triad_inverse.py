"""From M, N_a, N and a hidden size back to layers and widths, in closed form."""

from dataclasses import dataclass

import numpy as np

from autotune.architecture.layer_stack import MATRICES, LayerStack
from autotune.architecture.sparse_constants import TRAINING_FLOPS, SparseConstants
from autotune.architecture.triad import Triad, refuse_impossible
from autotune.errors import InputError
from autotune.types import Floats, FloatsLike


@dataclass(frozen=True, slots=True)
class Widths:
    """The hidden sizes that give a triad, both ends excluded: not-a-number where none does.

    Attributes:
        low: At it no layer has experts, whose width grows without bound.
        high: At it no layer is dense.
    """

    low: Floats
    high: Floats

    @property
    def middle(self) -> Floats:
        """The paper's hidden size of phase 1, as read from its table 14."""
        return (self.low + self.high) / 2

    @property
    def room(self) -> Floats:
        """Length of the interval."""
        return self.high - self.low


def expert_parameters(triad: Triad, constants: SparseConstants) -> Floats:
    """P_moe, active parameters of experts over all layers, shared ones included."""
    idle = np.subtract(triad.n_total, triad.n_active, dtype=np.float64)
    return np.asarray(idle / constants.idle_per_used)


def depth(triad: Triad, constants: SparseConstants) -> Floats:
    """L, which follows from M and N_a alone: what weights do not cost, attention scores do."""
    scores = np.subtract(
        triad.flops_per_token, TRAINING_FLOPS * np.asarray(triad.n_active), dtype=np.float64
    )
    return np.asarray(scores / constants.score_flops)


def _per_layer(triad: Triad, constants: SparseConstants) -> Floats:
    """Active parameters of a layer beside experts and the constant part of its attention."""
    rest = triad.n_active - expert_parameters(triad, constants)
    return np.asarray(rest / depth(triad, constants) - constants.attention_offset)


def widths(triad: Triad, constants: SparseConstants) -> Widths:
    """The interval of hidden sizes, elementwise: L_d > 0 above, L_m > 0 below.

    With b the attention parameters per unit of hidden size, r the ratio of dense widths and
    left = (N_a - P_moe)/L - (constant part), the low end is the root of 3 r d^2 + b d = left.
    """
    slope, square = constants.attention_slope, MATRICES * constants.dense_ratio
    with np.errstate(invalid="ignore", divide="ignore"):
        left = _per_layer(triad, constants)
        possible = (
            (depth(triad, constants) > 0) & (expert_parameters(triad, constants) > 0) & (left > 0)
        )
        left = np.where(possible, left, np.nan)
        low = 2 * left / (slope + np.sqrt(slope**2 + 4 * square * left))
    return Widths(low=low, high=left / slope)


def solve(triad: Triad, d_model: FloatsLike, *, constants: SparseConstants) -> LayerStack:
    """L, L_d and d_m at a hidden size, elementwise; negative ones where it is out of `widths`.

    Exactly at the low end, where no layer has experts, the width of one is infinite.
    """
    d = np.asarray(d_model, dtype=np.float64)
    layers = depth(triad, constants)
    experts = expert_parameters(triad, constants)
    beside = _per_layer(triad, constants) - constants.attention_slope * d
    with np.errstate(divide="ignore", invalid="ignore"):
        dense = layers * beside / (MATRICES * constants.dense_ratio * d * d)
        width = experts / (MATRICES * d * constants.n_used * (layers - dense))
    return LayerStack(n_layers=layers, n_dense_layers=dense, d_model=d, expert_width=width)


def solve_one(triad: Triad, d_model: float, *, constants: SparseConstants) -> LayerStack:
    """As `solve`, for one triad that has to be possible at that hidden size.

    Raises:
        InputError: If the triad is impossible, saying which of M, N_a and N is out; or if only the
            hidden size is, with the interval of possible ones.
    """
    refuse_impossible(triad, constants)
    ends = widths(triad, constants)
    if not ends.low < d_model < ends.high:
        raise InputError(
            f"hidden size {d_model:g} is out: this M, N_a and N need one between "
            f"{float(ends.low):.1f} and {float(ends.high):.1f}."
        )
    return solve(triad, d_model, constants=constants)


def width_of_ratio(triad: Triad, ratio: FloatsLike, *, constants: SparseConstants) -> Floats:
    """The hidden size at which active experts are `ratio` times as wide as the model.

    rho = (K + shared) d_m / d falls as d grows, so that one d has it. With L_m as in `solve`, the
    condition 3 rho d^2 L_m = P_moe is 3 rho d^2 + (rho/r) b d = (rho/r) left + P_moe/L, with r, b
    and left as in `widths`.

    Returns:
        That d; not-a-number where the triad is impossible. It may lie above `widths`, where a
        smaller rho would need a negative number of dense layers.
    """
    rho = np.asarray(ratio, dtype=np.float64)
    ends = widths(triad, constants)
    left = ends.high * constants.attention_slope
    experts = expert_parameters(triad, constants) / depth(triad, constants)
    scaled = rho / constants.dense_ratio
    a, b, c = MATRICES * rho, scaled * constants.attention_slope, scaled * left + experts
    return np.asarray(2 * c / (b + np.sqrt(b * b + 4 * a * c)))
