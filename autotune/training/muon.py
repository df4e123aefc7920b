"""Muon: momentum whose matrices are made nearly orthogonal before they are applied.

Jordan et al. (2024), "Muon: An optimizer for hidden layers in neural networks".
"""

import torch
from torch import Tensor

from autotune.training.arena import Arena

COEFFICIENTS = (
    (7.71097, -22.11377, 16.24876),
    (3.21528, -2.41117, 0.5013),
    (2.21831, -1.59399, 0.41075),
)
"""a, b, c of each quintic step X <- a X + (b A + c A A) X with A = X X^T.

Each in turn comes nearest to 1 on what the steps before make of singular values in [0.02, 1]
(Amsel et al. 2025, arXiv:2505.16932, algorithm 1); the three leave them within 0.1 of 1.
"""
MOMENTUM = 0.95
SAFETY = 1.01  # rounding must not carry a singular value beyond 1
TINY = 1e-30  # of which neither the root's inverse nor its square leaves the range of floats


def orthogonal(matrices: Tensor) -> Tensor:
    """The matrices with singular values near 1 and the same singular vectors.

    Singular values below 0.02 of the norm become less than 1, in proportion. The norm is the
    fourth root of the sum of their fourth powers, which is nearer to the largest than Frobenius'.

    Args:
        matrices: Shape (..., m, n).
    """
    tall = matrices.shape[-2] > matrices.shape[-1]
    x = matrices.mT if tall else matrices
    batch = x.shape[:-2]
    x = x.reshape(-1, *x.shape[-2:])
    if x.is_cuda:
        x = x.bfloat16()
    gram = torch.bmm(x, x.mT)
    largest = gram.diagonal(dim1=-2, dim2=-1).amax(-1)[:, None, None] + TINY
    gram = gram / largest  # so that no fourth power leaves the range of floats
    norm = SAFETY * gram.norm(dim=(-2, -1), keepdim=True) + TINY
    gram, x = gram / norm, x * (norm.rsqrt() * largest.rsqrt())
    for i, (a, b, c) in enumerate(COEFFICIENTS):
        if i:
            gram = torch.bmm(x, x.mT)
        polynomial = torch.baddbmm(gram, gram, gram, beta=b, alpha=c)  # b A + c A A
        x = torch.baddbmm(x, polynomial, x, beta=a)  # a X + (b A + c A A) X
    x = x.reshape(*batch, *x.shape[-2:]).to(matrices.dtype)
    return x.mT if tall else x


class Muon:
    """The optimizer of matrices of one shape: of layers, or of experts, each for itself.

    Attributes:
        momentum: Running sum of gradients, shape (n, rows, columns).
    """

    def __init__(self, arena: Arena, shape: tuple[int, ...]) -> None:
        self._arena, self._shape = arena, shape
        self.momentum = torch.zeros_like(arena.stacked(shape)[0])
        rows, columns = shape[-2:]
        self._scale = max(1.0, rows / columns) ** 0.5

    def step(self, lr: float, *, decay: float) -> None:
        """Apply the gradients: Nesterov momentum, then the orthogonal factor."""
        value, grad = self._arena.stacked(self._shape)
        self.momentum.lerp_(grad, 1 - MOMENTUM)
        update = orthogonal(grad.lerp(self.momentum, MOMENTUM))
        if decay:
            value.mul_(1 - lr * decay)
        value.add_(update, alpha=-lr * self._scale)

    def state(self) -> dict[str, Tensor]:
        """What a checkpoint must hold."""
        return {"momentum": self.momentum}
