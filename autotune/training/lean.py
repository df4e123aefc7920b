"""The forward pass of common decoders in fewer operations, for models so small that each one costs.

Weights and results are those of transformers' own code. Queries, keys and values come from one
product, and so do both halves of a gated layer; norms, rotary positions and the gate are functions
with a backward pass of their own, which need half the operations of the recorded one.
"""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from autotune.training.lean_functions import norm_rotary, rms_norm, rotary, swiglu

FAMILIES = frozenset(
    {"LlamaForCausalLM", "Qwen3ForCausalLM", "Qwen3MoeForCausalLM", "MixtralForCausalLM",
     "Dots1ForCausalLM"}
)  # fmt: skip
"""Whose layers are norm, attention, norm, feed-forward, with heads as read here."""


def covers(model: nn.Module) -> bool:
    """Whether a model of transformers is one that `Lean` computes."""
    config: Any = getattr(model, "config", None)
    return (
        type(model).__name__ in FAMILIES
        and getattr(config, "sliding_window", None) is None
        and not getattr(config, "attention_bias", False)
        and not getattr(config, "mlp_bias", False)
        and getattr(config, "hidden_act", "") == "silu"
        and config.rope_parameters.get("rope_type") == "default"
        and not config.rope_parameters.get("partial_rotary_factor")
    )


class Lean(nn.Module):
    """A model of transformers, computed here.

    Attributes:
        inner: The model, whose parameters are used under their own names.
    """

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner: Any = inner
        self._angles: dict[int, tuple[Tensor, Tensor]] = {}

    def forward(self, ids: Tensor) -> Tensor:
        """Logits of shape (b, t, vocabulary) for ids of shape (b, t)."""
        model = self.inner.model
        x = model.embed_tokens(ids)
        angles = self._rotation(ids.shape[1])
        for layer in model.layers:
            x = x + _attention(layer.self_attn, _norm(layer.input_layernorm, x), angles)
            y = _norm(layer.post_attention_layernorm, x)
            gated = hasattr(layer.mlp, "gate_proj")
            x = x + (_gated(layer.mlp, y) if gated else layer.mlp(y))
        logits: Tensor = self.inner.lm_head(_norm(model.norm, x))
        return logits

    def _rotation(self, length: int) -> tuple[Tensor, Tensor]:
        """Cosine and sine of every position, shape (t, 1, half a head)."""
        if length not in self._angles:
            frequency = self.inner.model.rotary_emb.inv_freq.float()
            angle = torch.outer(torch.arange(length), frequency)[:, None]
            self._angles[length] = angle.cos(), angle.sin()
        return self._angles[length]


def _norm(module: Any, x: Tensor) -> Tensor:  # noqa: ANN401 - a module of transformers
    found: Tensor = rms_norm(x, module.weight, module.variance_epsilon)
    return found


def _attention(module: Any, x: Tensor, angles: tuple[Tensor, Tensor]) -> Tensor:  # noqa: ANN401
    weights = (module.q_proj.weight, module.k_proj.weight, module.v_proj.weight)
    heads, groups = (len(weight) // module.head_dim for weight in weights[:2])
    whole = functional.linear(x, torch.cat(weights)).view(*x.shape[:2], -1, module.head_dim)
    scored, value = whole[:, :, : heads + groups], whole[:, :, heads + groups :]
    if hasattr(module, "q_norm"):
        norms = ((module.q_norm, heads), (module.k_norm, groups))
        scale = torch.cat([norm.weight.expand(n, -1) for norm, n in norms])
        scored = norm_rotary(scored, scale, *angles, module.q_norm.variance_epsilon)
    else:
        scored = rotary(scored, *angles)
    query, key = scored[:, :, :heads], scored[:, :, heads:]
    out = functional.scaled_dot_product_attention(
        query.transpose(1, 2),
        key.transpose(1, 2),
        value.transpose(1, 2),
        is_causal=True,
        scale=module.scaling,
        enable_gqa=heads != groups,
    )
    found: Tensor = module.o_proj(out.transpose(1, 2).flatten(2))
    return found


def _gated(module: Any, x: Tensor) -> Tensor:  # noqa: ANN401 - a module of transformers
    both = functional.linear(x, torch.cat((module.gate_proj.weight, module.up_proj.weight)))
    found: Tensor = module.down_proj(swiglu(both))
    return found
