"""A mixture of experts with a backward pass written out: tokens are sorted once, for both ways."""

from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function
from torch.nn.functional import grouped_mm

from autotune.training.lean_functions import opened, opened_backward


class Experts(Function):
    """sum_k g_k down_k(silu(gate_k x) up_k x) over the experts of each token.

    Args of `forward`: tokens (n, d); gate and up of every expert (experts, 2 width, d); down
    (experts, d, width); the experts of each token and their weights, (n, k).
    """

    @staticmethod
    def forward(  # noqa: D102
        ctx: Any,  # noqa: ANN401
        x: Tensor,
        gate_up: Tensor,
        down: Tensor,
        chosen: Tensor,
        weights: Tensor,
    ) -> Tensor:
        n, k = chosen.shape
        order = chosen.reshape(-1).argsort(stable=True)
        counts = torch.bincount(chosen.reshape(-1), minlength=len(down))
        ends = counts.cumsum(0).int()
        place = torch.empty_like(order).scatter_(0, order, torch.arange(n * k))
        rows = x.index_select(0, order // k)
        both = grouped_mm(gate_up, rows.mT, offs=ends)
        inner, share = opened(both)
        out = grouped_mm(inner.mT, down.mT, offs=ends)
        ctx.save_for_backward(
            rows, both, share, inner, out, gate_up, down, weights, order, place, ends
        )
        mine = out.index_select(0, place).view(n, k, -1)
        return (mine * weights[..., None]).sum(1)

    @staticmethod
    def backward(  # noqa: D102
        ctx: Any,  # noqa: ANN401
        grad: Tensor,
    ) -> tuple[Tensor, Tensor, Tensor, None, Tensor]:
        rows, both, share, inner, out, gate_up, down, weights, order, place, ends = (
            ctx.saved_tensors
        )
        n, k = weights.shape
        mine = grad.index_select(0, order // k)
        of_weights = (mine * out).sum(-1).index_select(0, place).view(n, k)
        mine.mul_(weights.reshape(-1, 1).index_select(0, order))
        of_down = grouped_mm(mine.mT, inner.mT, offs=ends)
        of_both = opened_backward(grouped_mm(down.mT, mine.mT, offs=ends), both, share)
        of_gate_up = grouped_mm(of_both, rows, offs=ends)
        of_rows = grouped_mm(of_both.mT, gate_up, offs=ends)
        of_x = of_rows.index_select(0, place).view(n, k, -1).sum(1)
        return of_x, of_gate_up, of_down, None, of_weights


experts: Any = Experts.apply  # torch types `apply` of no function
