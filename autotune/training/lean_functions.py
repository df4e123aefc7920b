"""Norm, rotary positions and gate, each with a backward pass written out."""

from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function
from torch.nn import functional


def _inverse_rms(x: Tensor, epsilon: float) -> Tensor:
    """1 / sqrt(mean(x^2) + epsilon) over the last axis, which is kept."""
    norm: Tensor = torch.linalg.vector_norm(x, dim=-1, keepdim=True)
    return norm.square_().mul_(1 / x.shape[-1]).add_(epsilon).rsqrt_()


def _rotated(x: Tensor, cos: Tensor, sin: Tensor, *, sign: float) -> Tensor:
    """Halves a, b of the last axis as a cos - b sin and b cos + a sin, for a sign of 1."""
    half = x.shape[-1] // 2
    a, b = x[..., :half], x[..., half:]
    out = torch.empty_like(x, memory_format=torch.contiguous_format)
    torch.mul(a, cos, out=out[..., :half]).addcmul_(b, sin, value=-sign)
    torch.mul(b, cos, out=out[..., half:]).addcmul_(a, sin, value=sign)
    return out


class RmsNorm(Function):
    """y = w x / rms(x) (Zhang and Sennrich 2019, arXiv:1910.07467, eq. 4)."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, epsilon: float) -> Tensor:  # noqa: ANN401, D102
        scale = _inverse_rms(x, epsilon)
        unit = x * scale
        ctx.save_for_backward(unit, scale, weight)
        return unit * weight

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor, None]:  # noqa: ANN401, D102
        unit, scale, weight = ctx.saved_tensors
        share = grad * unit
        mean = torch.matmul(share, weight).mul_(1 / len(weight)).unsqueeze(-1)
        back = (grad * weight).addcmul_(unit, mean, value=-1).mul_(scale)
        return back, share.flatten(0, -2).sum(0), None


class Rotary(Function):
    """Rotary positions (Su et al. 2021, arXiv:2104.09864, eq. 34), halves of a head as pairs."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:  # noqa: ANN401, D102
        ctx.save_for_backward(cos, sin)
        return _rotated(x, cos, sin, sign=1.0)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None, None]:  # noqa: ANN401, D102
        return _rotated(grad, *ctx.saved_tensors, sign=-1.0), None, None


class NormRotary(Function):
    """Norm of every head, then its rotary positions; weights of shape (heads, size of a head)."""

    @staticmethod
    def forward(  # noqa: D102
        ctx: Any,  # noqa: ANN401
        x: Tensor,
        weight: Tensor,
        cos: Tensor,
        sin: Tensor,
        epsilon: float,
    ) -> Tensor:
        scale = _inverse_rms(x, epsilon)
        unit = x * scale
        ctx.save_for_backward(unit, scale, weight, cos, sin)
        return _rotated(unit * weight, cos, sin, sign=1.0)

    @staticmethod
    def backward(  # noqa: D102
        ctx: Any,  # noqa: ANN401
        grad: Tensor,
    ) -> tuple[Tensor, Tensor, None, None, None]:
        unit, scale, weight, cos, sin = ctx.saved_tensors
        back = _rotated(grad, cos, sin, sign=-1.0)
        share = back * unit
        back.mul_(weight)
        mean = (back * unit).mean(-1, keepdim=True)
        return back.addcmul_(unit, mean, value=-1).mul_(scale), share.sum((0, 1)), None, None, None


class SwiGLU(Function):
    """silu(a) b for the halves a, b of the last axis (Shazeer 2020, arXiv:2002.05202, eq. 6)."""

    @staticmethod
    def forward(ctx: Any, both: Tensor) -> Tensor:  # noqa: ANN401, D102
        gate, up = both.chunk(2, -1)
        opened = functional.silu(gate)
        ctx.save_for_backward(both, opened)
        return opened * up

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tensor:  # noqa: ANN401, D102
        both, opened = ctx.saved_tensors
        gate, up = both.chunk(2, -1)
        half = gate.shape[-1]
        out = torch.empty_like(both)
        torch.mul(grad, opened, out=out[..., half:])
        torch.ops.aten.silu_backward.grad_input(grad * up, gate, grad_input=out[..., :half])
        return out


rms_norm: Any = RmsNorm.apply  # torch types `apply` of no function
rotary: Any = Rotary.apply
norm_rotary: Any = NormRotary.apply
swiglu: Any = SwiGLU.apply
