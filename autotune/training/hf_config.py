"""From a shape to a configuration of transformers, by the family that has such shapes."""

from dataclasses import replace
from typing import Any

from autotune.architecture import config_json, huggingface
from autotune.architecture.attention import GroupedQuery, Latent, QkNorm
from autotune.architecture.count import by_group
from autotune.architecture.feed_forward import FeedForward
from autotune.architecture.shape import Architecture
from autotune.errors import InputError

POSITIONS = 4096
DENSE = {QkNorm.NONE: "llama", QkNorm.HEAD: "qwen3"}
SPARSE = {QkNorm.NONE: "mixtral", QkNorm.HEAD: "qwen3_moe", QkNorm.FULL: "olmoe"}


def config(model: Architecture) -> dict[str, Any]:
    """The keys of a config.json that builds this shape.

    Raises:
        InputError: If no family that is known here has such a shape.
    """
    made = _made(model)
    if made is not None:
        back = huggingface.architecture(made, name=model.name, where="config.json")
        if by_group(back) == by_group(replace(model, n_mtp_layers=0)):
            return made
    raise InputError(
        f"no family of transformers that is known here has the shape of {model.name}. "
        "Give its config.json."
    )


def _made(model: Architecture) -> dict[str, Any] | None:
    attention, experts = model.attention, model.experts
    corrected = experts is not None and experts.router_bias
    if corrected and (isinstance(attention, Latent) or attention.qk_norm is QkNorm.HEAD):
        ffn = model.ffn or FeedForward(width=_dense_width(model))
        return config_json.config(replace(model, ffn=ffn), seq_len=POSITIONS)
    if isinstance(attention, Latent):
        return None
    if experts is None:
        family = DENSE.get(attention.qk_norm)
        return None if family is None else _common(model, attention) | _dense(model, family)
    family = SPARSE[attention.qk_norm]
    return _common(model, attention) | {
        "model_type": family,
        "num_experts": experts.n_experts,
        "num_local_experts": experts.n_experts,
        "num_experts_per_tok": experts.top_k,
        "norm_topk_prob": True,
        "intermediate_size": experts.width if family != "qwen3_moe" else _dense_width(model),
        "moe_intermediate_size": experts.width,
        "mlp_only_layers": list(range(model.n_dense_layers)),
        "decoder_sparse_step": 1,
    }


def _dense_width(model: Architecture) -> int:
    return 4 * model.d_model if model.ffn is None else model.ffn.width


def _dense(model: Architecture, family: str) -> dict[str, Any]:
    return {"model_type": family, "intermediate_size": _dense_width(model)}


def _common(model: Architecture, attention: GroupedQuery) -> dict[str, Any]:
    return {
        "hidden_size": model.d_model,
        "num_hidden_layers": model.n_layers,
        "num_attention_heads": attention.n_heads,
        "num_key_value_heads": attention.n_kv_heads,
        "head_dim": attention.head_dim,
        "vocab_size": model.vocabulary,
        "tie_word_embeddings": model.tied,
        "attention_bias": attention.qkv_bias,
        "hidden_act": "silu",
        "max_position_embeddings": POSITIONS,
        "sliding_window": None,
    }
