"""Norm, rotary positions and gate, each with a backward pass written out.

Activations have a feature in each row and a token in each column: every operation here then runs
along the tokens, which are many, whatever the size of a head or of a model.
"""

from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function


def _inverse_rms(x: Tensor, epsilon: float, *, dim: int) -> Tensor:
    """1 / sqrt(mean(x^2) + epsilon) over an axis, which is kept."""
    mean = x.square().sum(dim, keepdim=True).mul_(1 / x.shape[dim])
    return mean.add_(epsilon).rsqrt_()


def _rotate(x: Tensor, cos: Tensor, sin: Tensor, *, out: Tensor) -> None:
    """Write halves a, b of the second axis as a cos - b sin and b cos + a sin."""
    half = x.shape[1] // 2
    a, b = x[:, :half], x[:, half:]
    torch.mul(a, cos, out=out[:, :half]).addcmul_(b, sin, value=-1)
    torch.mul(b, cos, out=out[:, half:]).addcmul_(a, sin)


class RmsNorm(Function):
    """y = w x / rms(x) (Zhang and Sennrich 2019, arXiv:1910.07467, eq. 4); x of shape (d, n)."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, epsilon: float) -> Tensor:  # noqa: ANN401, D102
        scale = _inverse_rms(x, epsilon, dim=0)
        unit = x * scale
        ctx.save_for_backward(unit, scale, weight)
        return unit * weight[:, None]

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor, None]:  # noqa: ANN401, D102
        unit, scale, weight = ctx.saved_tensors
        share = grad * unit
        mean = torch.matmul(weight, share).mul_(1 / len(weight))
        back = (grad * weight[:, None]).addcmul_(unit, mean, value=-1).mul_(scale)
        return back, share.sum(1), None


class Heads(Function):
    """Queries, keys and values of every head, queries and keys normed (if asked) and rotated.

    From (heads, size of a head, b, t) to (heads, b, size of a head, t); weights of the norm, of
    shape (rotated heads, size of a head), tell how many come before the values. Rotary positions
    (Su et al. 2021, arXiv:2104.09864, eq. 34) have the halves of a head as pairs.
    """

    @staticmethod
    def forward(  # noqa: D102
        ctx: Any,  # noqa: ANN401
        whole: Tensor,
        weight: Tensor,
        angles: tuple[Tensor, Tensor],
        epsilon: float | None,
    ) -> Tensor:
        n = len(weight)
        scored = whole[:n]
        ctx.angles, ctx.normed = angles, epsilon is not None
        if epsilon is not None:
            scale = _inverse_rms(scored, epsilon, dim=1)
            unit = scored * scale
            scored = unit * weight[:, :, None, None]
            ctx.save_for_backward(unit, scale, weight)
        else:
            ctx.save_for_backward(weight)
        out = whole.new_empty([whole.shape[i] for i in (0, 2, 1, 3)])
        view = out.transpose(1, 2)
        _rotate(scored, *angles, out=view[:n])
        view[n:].copy_(whole[n:])
        return out

    @staticmethod
    def backward(  # noqa: D102
        ctx: Any,  # noqa: ANN401
        grad: Tensor,
    ) -> tuple[Tensor, Tensor | None, None, None]:
        weight = ctx.saved_tensors[-1]
        n = len(weight)
        grad = grad.transpose(1, 2)
        whole = torch.empty_like(grad, memory_format=torch.contiguous_format)
        whole[n:].copy_(grad[n:])
        back, (cos, sin) = whole[:n], ctx.angles
        _rotate(grad[:n], cos, -sin, out=back)
        if not ctx.normed:
            return whole, None, None, None
        unit, scale, _ = ctx.saved_tensors
        share = back * unit
        back.mul_(weight[:, :, None, None])
        mean = (back * unit).mean(1, keepdim=True)
        back.addcmul_(unit, mean, value=-1).mul_(scale)
        return whole, share.sum((2, 3)), None, None


def opened(both: Tensor) -> tuple[Tensor, Tensor]:
    """silu(a) b for the halves a, b of the first axis, and sigmoid(a)."""
    gate, up = both.chunk(2)
    share = gate.sigmoid()
    return (gate * share).mul_(up), share


def opened_backward(grad: Tensor, both: Tensor, share: Tensor) -> Tensor:
    """The gradient of `both` from that of what `opened` made of it."""
    gate, up = both.chunk(2)
    half = len(gate)
    out = torch.empty_like(both)
    silu = gate * share
    torch.mul(grad, silu, out=out[half:])
    slope = torch.addcmul(silu, silu, share, value=-1).add_(share)  # s + a s (1 - s)
    torch.mul(grad, up, out=out[:half]).mul_(slope)
    return out


class SwiGLU(Function):
    """silu(a) b for the halves a, b of the first axis (Shazeer 2020, arXiv:2002.05202, eq. 6)."""

    @staticmethod
    def forward(ctx: Any, both: Tensor) -> Tensor:  # noqa: ANN401, D102
        out, share = opened(both)
        ctx.save_for_backward(both, share)
        return out

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tensor:  # noqa: ANN401, D102
        return opened_backward(grad, *ctx.saved_tensors)


rms_norm: Any = RmsNorm.apply  # torch types `apply` of no function
heads: Any = Heads.apply
swiglu: Any = SwiGLU.apply
