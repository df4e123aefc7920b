"""Causal attention over short sequences: blocks of queries, each with the keys up to its end.

At some hundred tokens plain products over what causality leaves need less time than the fused
kernel of torch, and the probabilities, which are kept for the backward pass, fit into a cache.
"""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function

LONGEST = 256
"""Tokens up to which this is used."""
BLOCK = 64


def _blocks(length: int) -> Iterator[tuple[slice, slice]]:
    """Queries of a block and the keys that they see, the last block first."""
    for start in reversed(range(0, length, BLOCK)):
        end = min(start + BLOCK, length)
        yield slice(start, end), slice(0, end)


class Short(Function):
    """softmax(q k^T / scale) v for queries, keys and values of shape (n, size of a head, t).

    They are the thirds of one tensor along its first axis; `mask` of shape (t, t) is added.
    """

    @staticmethod
    def forward(ctx: Any, parts: Tensor, mask: Tensor, scale: float) -> Tensor:  # noqa: ANN401, D102
        query, key, value = parts.chunk(3)
        out = torch.empty_like(query)
        kept = []
        for mine, seen in _blocks(query.shape[-1]):
            scores = torch.baddbmm(
                mask[mine, seen], query[..., mine].mT, key[..., seen], alpha=scale
            )
            share = torch.softmax(scores, -1)
            kept.append(share)
            torch.bmm(value[..., seen], share.mT, out=out[..., mine])
        ctx.save_for_backward(parts, *kept)
        ctx.scale = scale
        return out

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None, None]:  # noqa: ANN401, D102
        parts, *kept = ctx.saved_tensors
        query, key, value = parts.chunk(3)
        whole = torch.empty_like(parts)
        of_query, of_key, of_value = whole.chunk(3)
        beta = 0  # the last block sees every key
        for (mine, seen), share in zip(_blocks(query.shape[-1]), kept, strict=True):
            part = grad[..., mine]
            back = torch.bmm(part.mT, value[..., seen])
            back = torch._softmax_backward_data(back, share, -1, torch.float32)
            of_query[..., mine].baddbmm_(key[..., seen], back.mT, beta=0, alpha=ctx.scale)
            of_key[..., seen].baddbmm_(query[..., mine], back, beta=beta, alpha=ctx.scale)
            of_value[..., seen].baddbmm_(part, share, beta=beta)
            beta = 1
        return whole, None, None


short: Any = Short.apply  # torch types `apply` of no function
