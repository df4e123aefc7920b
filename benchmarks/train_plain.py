"""The peer of benchmarks/train.py: a plain decoder and loop, as small training scripts have them.

Nothing in it is shared with the package: attention by torch's fused kernel, norms, positions and
SwiGLU written out, experts in a loop, AdamW for everything with one learning rate, cosine decay to
a tenth, weights normal with a spread of 0.02.
"""

import math
import time
from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from autotune.architecture.shape import Architecture

Batches = Callable[[int], NDArray[np.int64]]
WARMUP, FLOOR, CLIP, DECAY, BETAS = 0.05, 0.1, 1.0, 0.1, (0.9, 0.95)
AUXILIARY = 0.01


class Norm(nn.Module):
    """Root mean square norm."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))

    def forward(self, x: Tensor) -> Tensor:
        """Shape kept."""
        return self.weight * x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-6)


class SwiGLU(nn.Module):
    """A gated feed-forward layer."""

    def __init__(self, d: int, width: int) -> None:
        super().__init__()
        self.gate, self.up = nn.Linear(d, width, bias=False), nn.Linear(d, width, bias=False)
        self.down = nn.Linear(width, d, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Shape kept."""
        return self.down(functional.silu(self.gate(x)) * self.up(x))


class Experts(nn.Module):
    """A mixture of experts, one after the other."""

    def __init__(self, d: int, width: int, n: int, top_k: int) -> None:
        super().__init__()
        self.router = nn.Linear(d, n, bias=False)
        self.experts = nn.ModuleList(SwiGLU(d, width) for _ in range(n))
        self.top_k = top_k
        self.auxiliary: Tensor | None = None

    def forward(self, x: Tensor) -> Tensor:
        """Shape kept."""
        flat = x.reshape(-1, x.shape[-1])
        chance = self.router(flat).softmax(-1)
        weight, chosen = chance.topk(self.top_k, -1)
        weight = weight / weight.sum(-1, keepdim=True)
        out = torch.zeros_like(flat)
        for i, expert in enumerate(self.experts):
            token, place = torch.where(chosen == i)
            out.index_add_(0, token, expert(flat[token]) * weight[token, place, None])
        share = functional.one_hot(chosen, len(self.experts)).float().mean((0, 1))
        self.auxiliary = len(self.experts) * (share * chance.mean(0)).sum()
        return out.view_as(x)


class Block(nn.Module):
    """One decoder layer."""

    def __init__(self, model: Architecture) -> None:
        super().__init__()
        d, self.heads = model.d_model, model.attention.n_heads
        self.first, self.second = Norm(d), Norm(d)
        self.q, self.k, self.v, self.o = (nn.Linear(d, d, bias=False) for _ in range(4))
        self.q_norm, self.k_norm = Norm(d // self.heads), Norm(d // self.heads)
        experts = model.experts
        self.ffn: nn.Module = (
            SwiGLU(d, model.ffn.width)
            if model.ffn
            else Experts(d, experts.width, experts.n_experts, experts.top_k)
        )

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        """Shape kept."""
        y = self.first(x)
        q, k, v = (w(y).view(*y.shape[:2], self.heads, -1) for w in (self.q, self.k, self.v))
        q, k = _rotate(self.q_norm(q), cos, sin), _rotate(self.k_norm(k), cos, sin)
        parts = (part.transpose(1, 2) for part in (q, k, v))
        y = functional.scaled_dot_product_attention(*parts, is_causal=True)
        x = x + self.o(y.transpose(1, 2).reshape_as(x))
        return x + self.ffn(self.second(x))


def _rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    a, b = x.chunk(2, -1)
    return torch.cat((a * cos - b * sin, b * cos + a * sin), -1)


class Plain(nn.Module):
    """A decoder of the same shape as ours."""

    def __init__(self, model: Architecture, vocabulary: int, context: int) -> None:
        super().__init__()
        self.embed = nn.Embedding(vocabulary, model.d_model)
        self.blocks = nn.ModuleList(Block(model) for _ in range(model.n_layers))
        self.norm = Norm(model.d_model)
        self.head = nn.Linear(model.d_model, vocabulary, bias=False)
        half = model.attention.head_dim // 2
        angle = torch.outer(torch.arange(context), 10_000.0 ** (-torch.arange(half) / half))
        self.register_buffer("cos", angle.cos()[:, None])
        self.register_buffer("sin", angle.sin()[:, None])
        for parameter in self.parameters():
            if parameter.ndim > 1:
                nn.init.normal_(parameter, std=0.02)

    def loss(self, ids: Tensor) -> tuple[Tensor, Tensor]:
        """Cross-entropy, and what balances the experts."""
        x = self.embed(ids[:, :-1])
        for block in self.blocks:
            x = block(x, self.cos, self.sin)
        logits = self.head(self.norm(x))
        extra = [b.ffn.auxiliary for b in self.blocks if isinstance(b.ffn, Experts)]
        loss = functional.cross_entropy(logits.flatten(0, 1), ids[:, 1:].reshape(-1))
        return loss, AUXILIARY * sum(extra, torch.zeros(())) / max(1, len(extra))


class Loop:
    """The plain loop: a step at a time, so that speeds are measured side by side."""

    def __init__(self, model: Plain, batches: Batches, *, steps: int, lr: float) -> None:
        self._model, self._batches, self._steps, self._lr = model, batches, steps, lr
        self._optimizer = torch.optim.AdamW(
            model.parameters(), lr=lr, betas=BETAS, weight_decay=DECAY, fused=True
        )
        self._step = 0

    def run(self, steps: int) -> float:
        """Train so many steps; return the CPU seconds."""
        began = time.process_time()
        for _ in range(steps):
            for group in self._optimizer.param_groups:
                group["lr"] = self._lr * _cosine(self._step, self._steps)
            loss, extra = self._model.loss(torch.from_numpy(self._batches(self._step)))
            (loss + extra).backward()
            nn.utils.clip_grad_norm_(self._model.parameters(), CLIP)
            self._optimizer.step()
            self._optimizer.zero_grad(set_to_none=True)
            self._step += 1
        return time.process_time() - began


def _cosine(step: int, steps: int) -> float:
    warm = max(1, round(WARMUP * steps))
    if step < warm:
        return (step + 1) / warm
    done = (step - warm) / max(1, steps - warm)
    return FLOOR + (1 - FLOOR) * 0.5 * (1 + math.cos(math.pi * done))


def validate(model: Plain, windows: NDArray[np.int64], *, sequences: int = 16) -> float:
    """Nats per token on windows."""
    total = 0.0
    with torch.no_grad():
        for start in range(0, len(windows), sequences):
            part = windows[start : start + sequences]
            total += float(model.loss(torch.from_numpy(part))[0]) * len(part)
    return total / len(windows)
