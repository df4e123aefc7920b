"""The forward pass of common decoders in fewer operations, for models so small that each one costs.

Weights and results are those of transformers' own code. Queries, keys and values come from one
product, and so do both halves of a gated layer; norms, rotary positions, attention, the gate and
experts are functions with a backward pass of their own. Activations have a row for each feature.
"""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from autotune.training.lean_attention import LONGEST, short
from autotune.training.lean_experts import experts
from autotune.training.lean_functions import heads, rms_norm, swiglu

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
        and not getattr(config, "router_jitter_noise", 0)
        and getattr(config, "hidden_act", "") == "silu"
        and config.rope_parameters.get("rope_type") == "default"
        and not config.rope_parameters.get("partial_rotary_factor")
    )


@dataclass(frozen=True, slots=True)
class Places:
    """What depends on positions alone.

    Attributes:
        angles: Cosine and sine, of shape (half a head, 1, t).
        mask: What is added to scores, of shape (t, t): minus infinity for what comes later.
    """

    angles: tuple[Tensor, Tensor]
    mask: Tensor


class Lean(nn.Module):
    """A model of transformers, computed here.

    Attributes:
        inner: The model, whose parameters are used under their own names.
    """

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner: Any = inner
        self._places: dict[int, Places] = {}

    def forward(self, ids: Tensor) -> Tensor:
        """Logits of shape (b, t, vocabulary) for ids of shape (b, t)."""
        model = self.inner.model
        places = self._at(ids.shape[1])
        x = model.embed_tokens(ids).flatten(0, 1).t().contiguous()
        for layer in model.layers:
            y = _norm(layer.input_layernorm, x)
            mixed = _attention(layer.self_attn, y.view(len(y), *ids.shape), places)
            x = torch.addmm(x, layer.self_attn.o_proj.weight, mixed)
            y = _norm(layer.post_attention_layernorm, x)
            x = (
                _gated(layer.mlp, y, x)
                if hasattr(layer.mlp, "gate_proj")
                else _mixture(layer.mlp, y, x)
            )
        logits = functional.linear(_norm(model.norm, x).t(), self.inner.lm_head.weight)
        return logits.view(*ids.shape, -1)

    def _at(self, length: int) -> Places:
        if length not in self._places:
            frequency = self.inner.model.rotary_emb.inv_freq.float()
            angle = torch.outer(frequency, torch.arange(length))[:, None]
            short_enough = length <= LONGEST
            later = torch.full((length, length) if short_enough else (0, 0), -torch.inf).triu(1)
            self._places[length] = Places((angle.cos(), angle.sin()), later)
        return self._places[length]


def _norm(module: Any, x: Tensor) -> Tensor:  # noqa: ANN401 - a module of transformers
    found: Tensor = rms_norm(x, module.weight, module.variance_epsilon)
    return found


def _attention(module: Any, x: Tensor, places: Places) -> Tensor:  # noqa: ANN401
    """From (d, b, t) to (heads x their size, b t)."""
    weights = (module.q_proj.weight, module.k_proj.weight, module.v_proj.weight)
    n, groups = (len(weight) // module.head_dim for weight in weights[:2])
    whole = torch.mm(torch.cat(weights), x.flatten(1)).view(-1, module.head_dim, *x.shape[1:])
    if hasattr(module, "q_norm"):
        norms = ((module.q_norm, n), (module.k_norm, groups))
        scale = torch.cat([norm.weight.expand(n, -1) for norm, n in norms])
        parts = heads(whole, scale, places.angles, module.q_norm.variance_epsilon)
    else:
        parts = heads(whole, whole.detach()[: n + groups, :, 0, 0], places.angles, None)
    if n == groups and x.shape[-1] <= LONGEST:
        out: Tensor = short(parts.flatten(0, 1), places.mask, module.scaling).view(
            n, -1, *parts.shape[2:]
        )
    else:
        query, key, value = parts.permute(1, 0, 3, 2).split((n, groups, groups), 1)
        out = functional.scaled_dot_product_attention(
            query, key, value, is_causal=True, scale=module.scaling, enable_gqa=n != groups
        ).permute(1, 0, 3, 2)
    return out.transpose(1, 2).reshape(-1, x.shape[1] * x.shape[2])


def _gated(module: Any, y: Tensor, x: Tensor) -> Tensor:  # noqa: ANN401
    """What a gated layer makes of y, added to x; all of shape (d, n)."""
    both = torch.mm(torch.cat((module.gate_proj.weight, module.up_proj.weight)), y)
    return torch.addmm(x, module.down_proj.weight, swiglu(both))


def _mixture(module: Any, y: Tensor, x: Tensor) -> Tensor:  # noqa: ANN401
    """The same of experts, and of those that all tokens share."""
    tokens = y.t().contiguous()
    _, weights, chosen = module.gate(tokens)
    made = module.experts
    x = x + experts(tokens, made.gate_up_proj, made.down_proj, chosen, weights).t()
    shared = getattr(module, "shared_experts", None)
    if shared is not None and shared.up_proj.weight.numel():
        x = _gated(shared, y, x)
    return x
