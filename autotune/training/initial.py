"""Initial weights by role: widths enter, so that one learning rate serves all sizes."""

import numpy as np
import torch
from torch import nn

from autotune.training.roles import Role, roles

INIT, SHIFT = 1, 0x9E3779B9  # the stream of initial weights beside that of the data


def initialise(model: nn.Module, *, seed: int) -> None:
    """Set every weight; norms and biases keep what their module gave them.

    Matrices are normal with variance 1 / fan-in (muP, arXiv:2203.03466, table 3); those that write
    to the residual stream and an untied output head are zero, so that every block starts as the
    identity; embeddings have unit variance, a tied one 1 / width, for it is the head as well.
    """
    generator = torch.Generator().manual_seed(_seed(seed))
    tied = not any(role is Role.HEAD for role in roles(model).values())
    parameters = dict(model.named_parameters())
    with torch.no_grad():
        for name, role in roles(model).items():
            parameter = parameters[name]
            if role is Role.VECTOR:
                continue
            if role in (Role.HEAD, Role.OUTPUT, Role.EXPERTS_OUTPUT):
                parameter.zero_()
                continue
            unit = role is Role.EMBEDDING and not tied
            spread = 1.0 if unit else parameter.shape[-1] ** -0.5
            parameter.copy_(torch.randn(parameter.shape, generator=generator) * spread)


def _seed(seed: int) -> int:
    return int(np.random.SeedSequence([seed, INIT, SHIFT]).generate_state(1, np.uint64)[0] >> 1)
