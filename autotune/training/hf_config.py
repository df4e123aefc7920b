"""From a shape to a configuration of transformers, by the family that has such shapes."""

from dataclasses import replace
from typing import Any

from autotune.architecture import dots1_config, huggingface
from autotune.architecture.attention import GroupedQuery, Latent, QkNorm
from autotune.architecture.count import by_group
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
    if isinstance(attention, Latent):
        return _latent(model, attention)
    if experts is None:
        family = DENSE.get(attention.qk_norm)
        return None if family is None else _common(model, attention) | _dense(model, family)
    if experts.router_bias and attention.qk_norm is QkNorm.HEAD:
        width = model.ffn or replace(experts.expert, width=experts.width * experts.top_k)
        return dots1_config.config(replace(model, ffn=width), seq_len=POSITIONS)
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


def _latent(model: Architecture, attention: Latent) -> dict[str, Any] | None:
    experts = model.experts
    if experts is None or not experts.router_bias:
        return None
    return {
        "model_type": "deepseek_v3",
        "hidden_size": model.d_model,
        "num_hidden_layers": model.n_layers,
        "num_attention_heads": attention.n_heads,
        "num_key_value_heads": attention.n_heads,
        "q_lora_rank": attention.q_rank,
        "kv_lora_rank": attention.kv_rank,
        "qk_nope_head_dim": attention.nope_dim,
        "qk_rope_head_dim": attention.rope_dim,
        "v_head_dim": attention.value_dim,
        "vocab_size": model.vocabulary,
        "tie_word_embeddings": model.tied,
        "intermediate_size": _dense_width(model),
        "moe_intermediate_size": experts.width,
        "n_routed_experts": experts.n_experts,
        "n_shared_experts": experts.n_shared,
        "num_experts_per_tok": experts.top_k,
        "first_k_dense_replace": model.n_dense_layers,
        "n_group": 1,
        "topk_group": 1,
        "max_position_embeddings": POSITIONS,
    }
