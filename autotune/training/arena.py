"""Parameters that are trained alike, side by side in one tensor, and so are their gradients."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn


class Arena:
    """Many parameters as one: an optimizer step is a few operations, however many there are.

    Attributes:
        value: All elements, shape (n,); the parameters are views of it.
        grad: Their gradients likewise.
    """

    def __init__(self, parameters: Sequence[nn.Parameter]) -> None:
        flat = [parameter.detach().reshape(-1) for parameter in parameters]
        self.value = torch.cat(flat) if flat else torch.empty(0)
        self.grad = torch.zeros_like(self.value)
        start = 0
        for parameter in parameters:
            end = start + parameter.numel()
            parameter.data = self.value[start:end].view(parameter.shape)
            parameter.grad = self.grad[start:end].view(parameter.shape)
            start = end

    def stacked(self, shape: Sequence[int]) -> tuple[Tensor, Tensor]:
        """Values and gradients of parameters of one shape, stacked along a first axis."""
        return self.value.view(-1, *shape), self.grad.view(-1, *shape)
