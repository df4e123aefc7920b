"""An architecture as a config.json: dots.llm1, the paper's family, or DeepSeek-V3 where latent."""

from typing import Any

from autotune.architecture.attention import Attention, Latent, QkNorm
from autotune.architecture.shape import Architecture
from autotune.errors import InputError


def config(model: Architecture, *, seq_len: int) -> dict[str, Any]:
    """The keys that decide sizes and routing; what is left out has the default of transformers.

    Args:
        model: As `architecture.backbone.complete` makes it.
        seq_len: The longest sequence it is trained on.

    Raises:
        InputError: If it is of another family.
    """
    ffn, experts = model.ffn, model.experts
    if experts is None or ffn is None or not experts.router_bias:
        raise InputError(f"{model.name} is not of the family dots1 or deepseek_v3: no config.json.")
    return {
        **_attention(model.attention, model.name),
        "hidden_size": model.d_model,
        "intermediate_size": ffn.width,
        "num_hidden_layers": model.n_layers,
        "vocab_size": model.vocabulary,
        "first_k_dense_replace": model.n_dense_layers,
        "moe_intermediate_size": experts.width,
        "n_routed_experts": experts.n_experts,
        "n_shared_experts": experts.n_shared,
        "num_experts_per_tok": experts.top_k,
        "n_group": 1,
        "topk_group": 1,
        "norm_topk_prob": True,
        "hidden_act": "silu",
        "attention_bias": False,
        "tie_word_embeddings": model.tied,
        "max_position_embeddings": seq_len,
        "dtype": "bfloat16",
    }


def _attention(attention: Attention, name: str) -> dict[str, Any]:
    """The family that has this attention, and its sizes."""
    if isinstance(attention, Latent):
        return {
            "architectures": ["DeepseekV3ForCausalLM"],
            "model_type": "deepseek_v3",
            "num_attention_heads": attention.n_heads,
            "num_key_value_heads": attention.n_heads,
            "q_lora_rank": attention.q_rank,
            "kv_lora_rank": attention.kv_rank,
            "qk_nope_head_dim": attention.nope_dim,
            "qk_rope_head_dim": attention.rope_dim,
            "v_head_dim": attention.value_dim,
            "num_nextn_predict_layers": 0,
        }
    if attention.qk_norm is not QkNorm.HEAD:
        raise InputError(f"{name} is not of the family dots1 or deepseek_v3: no config.json.")
    return {
        "architectures": ["Dots1ForCausalLM"],
        "model_type": "dots1",
        "num_attention_heads": attention.n_heads,
        "num_key_value_heads": attention.n_kv_heads,
        "head_dim": attention.head_dim,
        "sliding_window": None,
    }
