"""How total parameters follow from active ones when no sparsity is sought."""

import math
from dataclasses import dataclass
from typing import Protocol

from autotune.planning import roots

VOCABULARY = 50257
WIDTH_PER_BLOCK = 64
DENSE_PER_BLOCK = 4.0  # attention, in units of d^2
EXPERT_PER_BLOCK = 9.0  # a gated feed-forward layer of hidden width 3 d
WIDTHS = (math.log(1e-3), math.log(1e15))


class Layout(Protocol):
    """Ties n = ln N_active to u = ln(N_total/N_active); N_total rises with N_active."""

    def expansion(self, n: float) -> float:
        """The u of a model of size n."""
        ...

    def size_of_total(self, log_total: float) -> float:
        """The n of a model with so many parameters in all."""
        ...


@dataclass(frozen=True, slots=True)
class FixedSparsity:
    """The same share of parameters is active at every size.

    Attributes:
        u: ln(N_total/N_active).
    """

    u: float

    def expansion(self, n: float) -> float:
        """The same u at every size."""
        del n
        return self.u

    def size_of_total(self, log_total: float) -> float:
        """Subtract u."""
        return log_total - self.u


@dataclass(frozen=True, slots=True)
class LudziejewskiLayout:
    """The models of Ludziejewski et al. (2025), arXiv:2502.05172: E experts, one active.

    N_total = 2 d V + (4 + 9 E) n_blocks d^2, with V = 50257, n_blocks = d/64, and N_active the
    same with E = 1. The expansion thus rises with size, as embeddings lose weight.

    Attributes:
        n_experts: E.
    """

    n_experts: float

    def expansion(self, n: float) -> float:
        """Find the width d of that size, then count."""
        width = _width(n, 1.0)
        return _log_parameters(width, self.n_experts) - _log_parameters(width, 1.0)

    def size_of_total(self, log_total: float) -> float:
        """Find the width d of that total, then count."""
        return _log_parameters(_width(log_total, self.n_experts), 1.0)


def _log_parameters(log_width: float, n_experts: float) -> float:
    width = math.exp(log_width)
    blocks = width / WIDTH_PER_BLOCK
    per_block = (DENSE_PER_BLOCK + EXPERT_PER_BLOCK * n_experts) * width**2
    return math.log(2 * width * VOCABULARY + per_block * blocks)


def _width(log_parameters: float, n_experts: float) -> float:
    return roots.bracketed(lambda x: _log_parameters(x, n_experts) - log_parameters, WIDTHS)
