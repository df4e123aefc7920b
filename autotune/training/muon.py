"""Muon: momentum whose matrices are made nearly orthogonal before they are applied."""

import torch
from torch import Tensor

from autotune.training.arena import Arena

COEFFICIENTS = (3.4445, -4.7750, 2.0315)
"""a, b, c of the quintic iteration X <- a X + (b A + c A A) X with A = X X^T.

Jordan et al. (2024), "Muon: An optimizer for hidden layers in neural networks".
"""
ITERATIONS = 5
MOMENTUM = 0.95


def orthogonal(matrices: Tensor, *, iterations: int = ITERATIONS) -> Tensor:
    """The matrices with singular values near 1 (0.7 to 1.2) and the same singular vectors.

    Args:
        matrices: Shape (..., m, n).
        iterations: Of Newton and Schulz.
    """
    a, b, c = COEFFICIENTS
    tall = matrices.shape[-2] > matrices.shape[-1]
    x = matrices.mT if tall else matrices
    x = x / (x.norm(dim=(-2, -1), keepdim=True) + 1e-20)
    batch = x.shape[:-2]
    x = x.reshape(-1, *x.shape[-2:])
    if x.is_cuda:
        x = x.bfloat16()
    for _ in range(iterations):
        gram = torch.bmm(x, x.mT)
        polynomial = torch.baddbmm(gram, gram, gram, beta=b, alpha=c)  # b A + c A A
        x = torch.baddbmm(x, polynomial, x, beta=a)  # a X + (b A + c A A) X
    x = x.reshape(*batch, *x.shape[-2:]).to(matrices.dtype)
    return x.mT if tall else x


class Muon:
    """The optimizer of matrices of one shape.

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
