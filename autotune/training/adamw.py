"""AdamW on an arena, by the fused kernel of torch."""

import torch
from torch import Tensor

from autotune.training.arena import Arena

BETAS = (0.9, 0.95)
EPSILON = 1e-10


class AdamW:
    """Adam with decoupled weight decay (Loshchilov and Hutter 2019) for parameters of one rate.

    Attributes:
        mean: Running mean of gradients, shape (n,).
        square: Running mean of their squares, shape (n,).
        steps: Steps done, one element.
    """

    def __init__(self, arena: Arena) -> None:
        self._arena = arena
        self.mean = torch.zeros_like(arena.value)
        self.square = torch.zeros_like(arena.value)
        self.steps = torch.zeros((), dtype=torch.float32, device=arena.value.device)

    def step(self, lr: float, *, decay: float) -> None:
        """Apply the gradients."""
        self.steps += 1
        torch._fused_adamw_(  # what torch.optim.AdamW(fused=True) calls
            [self._arena.value], [self._arena.grad], [self.mean], [self.square], [], [self.steps],
            lr=lr, beta1=BETAS[0], beta2=BETAS[1], weight_decay=decay, eps=EPSILON,
            amsgrad=False, maximize=False,
        )  # fmt: skip

    def state(self) -> dict[str, Tensor]:
        """What a checkpoint must hold."""
        return {"mean": self.mean, "square": self.square, "steps": self.steps}
