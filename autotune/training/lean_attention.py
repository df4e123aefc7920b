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
        query = query * scale
        out = torch.empty_like(query)
        kept = []
        for mine, seen in _blocks(query.shape[-1]):
            scores = torch.baddbmm(mask[mine, seen], query[..., mine].mT, key[..., seen])
            share = torch.softmax(scores, -1)
            kept.append(share)
            out[..., mine] = torch.bmm(value[..., seen], share.mT)
        ctx.save_for_backward(parts, query, *kept)
        ctx.scale = scale
        return out

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None, None]:  # noqa: ANN401, D102
        parts, query, *kept = ctx.saved_tensors
        _, key, value = parts.chunk(3)
        whole = torch.empty_like(parts)
        of_query, of_key, of_value = whole.chunk(3)
        for i, (mine, seen) in enumerate(_blocks(query.shape[-1])):
            share, part = kept[i], grad[..., mine]
            back = torch.bmm(part.mT, value[..., seen])
            back = torch._softmax_backward_data(back, share, -1, torch.float32)
            torch.mul(torch.bmm(key[..., seen], back.mT), ctx.scale, out=of_query[..., mine])
            if i:
                of_key[..., seen] += torch.bmm(query[..., mine], back)
                of_value[..., seen] += torch.bmm(part, share)
            else:  # the last block sees every key
                torch.bmm(query[..., mine], back, out=of_key)
                torch.bmm(part, share, out=of_value)
        return whole, None, None


short: Any = Short.apply  # torch types `apply` of no function
